"""The card of an import that asks how the upload is read: the alternatives with classes, splits and sample photos."""

import streamlit as st

from core.datasets.archives.encodings import ENCODINGS as KNOWN_ENCODINGS
from core.datasets.layouts.layout_summary import CLASSES_SHOWN, SAMPLES, UNLABELLED, LayoutSummary
from core.jobs import background_imports as imports
from core.jobs.background_imports import ImportJob, ImportQuestion
from core.text.units import amount, count, listed, plain
from core.web.parts.thumbnails import montage
from core.web.parts.widgets import explained
from core.workbench import Workbench

ENCODINGS = {"": "detect", "utf-8": "UTF-8"} | {known.name: known.title for known in KNOWN_ENCODINGS}
"""What a page offers for the names in an archive; the command line takes any other one."""

_SIDE, _GAP = 76, 6
"""Pixels of a sample photo on the page, and between two of them."""

_TILE = 3 * _SIDE + 2 * _GAP


def question_card(bench: Workbench, job: ImportJob, question: ImportQuestion) -> None:
    """Ask how the upload is read; *Import* continues with the chosen way, *Discard* deletes the upload."""
    st.markdown(f":orange[:material/help:] **How should “{plain(job.title)}” be read?** {plain(question.text)}")
    if job.message:
        st.error(plain(job.message), icon=":material/error:")
    by_id = {layout.id: layout for layout in question.layouts}
    chosen = st.radio(
        "Ways to read it",
        list(by_id),
        key=f"import.layout.{job.id}" + (f".{question.encoding}" if question.encoding else ""),  # other ids
        format_func=lambda id_: plain(by_id[id_].title),
        captions=[size_line(layout) for layout in question.layouts],
        label_visibility="collapsed",
    )
    understood(bench, job.id, by_id[chosen])
    kept = "The upload is kept until then" if question.is_upload else "The question stays here until then"
    discarded = f"Nothing is imported, and {'the upload is deleted' if question.is_upload else 'your files stay'}."
    st.caption(f"Nothing is stored until you choose. {kept}, also when you close this page.")
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Import", type="primary", icon=":material/upload:", key=f"import.answer.{job.id}"):
            _answer(bench, job.id, layout=chosen, encoding=question.encoding)
        if question.encoding or not _is_ascii(question.layouts):
            _other_encoding(bench, job.id, question)
        st.button(
            "Discard", key=f"import.discard.{job.id}", type="tertiary", help=discarded,
            on_click=imports.dismiss_import, args=(bench.settings, job.id),
        )  # fmt: skip


def size_line(layout: LayoutSummary) -> str:
    """``2 classes: cat and dog · 24 photos · your split: 18 train, 6 test · 4 without a class, kept aside``."""
    splits = ", ".join(f"{amount(files)} {split}" for split, files in layout.splits.items())
    parts = [
        plain(f"{count(len(layout.classes), 'class', 'classes')}: {listed(list(layout.classes), 4)}"),
        count(layout.files, "photo"),
        f"your split: {splits}" if splits else "split drawn by Graft: 70 / 15 / 15",
    ]
    if layout.unlabelled:
        parts.append(f"{amount(layout.unlabelled)} without a class, kept aside")
    if layout.rejected:
        parts.append(f"{count(layout.rejected, 'file')} left out")
    return " · ".join(parts)


def understood(bench: Workbench, job_id: str, layout: LayoutSummary) -> None:
    """The classes of one way to read the upload, with the number of photos and three of them each."""
    for note in layout.notes:
        st.markdown(f":material/info: {plain(note)}")
    with st.container(horizontal=True, gap="small", key=f"import-classes-{job_id}"):
        for name in list(layout.classes)[:CLASSES_SHOWN]:
            _tile(bench, job_id, f"**{plain(name)}** · {count(layout.classes[name], 'photo')}", layout, name)
        if layout.unlabelled:
            label = f"*without a class* · {count(layout.unlabelled, 'photo')}"
            _tile(bench, job_id, label, layout, UNLABELLED)
    if len(layout.classes) > CLASSES_SHOWN:
        st.caption(f"and {count(len(layout.classes) - CLASSES_SHOWN, 'more class', 'more classes')}.")


def _tile(bench: Workbench, job_id: str, label: str, layout: LayoutSummary, name: str) -> None:
    files = layout.samples.get(name, ())[:SAMPLES]
    with st.container(width=_TILE, gap=None):
        st.markdown(label)
        if row := montage(
            tuple(imports.sample_path(bench.settings, job_id, file) for file in files), 2 * _SIDE, 2 * _GAP
        ):
            width = len(files) * (_SIDE + _GAP) - _GAP
            st.image(
                row, width=width, alt=f"{count(len(files), 'photo')} {f'of {name}' if name else 'without a class'}"
            )
        else:
            st.caption("No photo of it could be shown.")


def _other_encoding(bench: Workbench, job_id: str, question: ImportQuestion) -> None:
    """Names in an archive that look wrong are read again with another encoding."""
    with st.popover("Names look wrong?", icon=":material/translate:"):
        encoding = encoding_box(f"import.encoding.{job_id}", question.encoding)
        if st.button("Read again", key=f"import.again.{job_id}"):
            _answer(bench, job_id, layout=None, encoding=encoding)


def encoding_box(key: str, asked: str | None = None) -> str | None:
    """The encoding of the names in an archive that the user chooses, first ``asked``; None to find it out."""
    names = list(ENCODINGS)
    chosen = st.selectbox(
        "Encoding of the names in the archive",
        names,
        index=names.index(asked) if asked in names else 0,
        format_func=ENCODINGS.__getitem__,
        key=key,
    )
    return chosen or None


def _answer(bench: Workbench, job_id: str, *, layout: str | None, encoding: str | None) -> None:
    with explained():
        imports.answer_import(bench.settings, job_id, layout=layout, encoding=encoding)
        st.rerun(scope="app")


def _is_ascii(layouts: tuple[LayoutSummary, ...]) -> bool:
    return all(name.isascii() for layout in layouts for name in layout.classes)
