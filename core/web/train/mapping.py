"""The mapping of ImageNet classes to those of the dataset, and the table in which it is corrected."""

from collections import Counter
from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

from core.backbones.wordnet import imagenet
from core.datasets.values import Dataset
from core.models.heads.mapping import mapped
from core.text.units import count, listed, plain
from core.web.parts.tables import number, table

Pairs = tuple[tuple[str, str], ...]
_NONE = "– none –"


def choose(dataset: Dataset) -> Pairs:
    """The user's corrections, kept in the session."""
    corrected: dict[str, str] = st.session_state.setdefault(f"train.mapping.{dataset.id}", {})
    known = mapped(dataset.class_names)
    found = {row.synset: row for row in known.rows}
    with st.expander(
        "Map ImageNet classes to yours", icon=":material/translate:", key="train.mapping", expanded=bool(known.open)
    ):
        _summary(dataset, corrected)
        suggested = {synset: row.class_name for synset, row in found.items()}
        because = {synset: row.because for synset, row in found.items()}
        _editor(dataset.class_names, suggested, because, corrected)
        if corrected:
            st.button("Discard corrections", icon=":material/undo:", key="train.mapping.undo", on_click=_discard,
                      args=(dataset.id,))  # fmt: skip
    return tuple(sorted(corrected.items()))


def _summary(dataset: Dataset, corrected: Mapping[str, str]) -> None:
    """How many ImageNet classes are mapped to each class."""
    now = mapped(dataset.class_names, tuple(corrected.items()))
    mine = f", {count(len(corrected), 'correction')} of yours" if corrected else ""
    counts = Counter(row.class_name for row in now.rows)
    each = listed([f"{name} {counts[name]}" for name in dataset.class_names], 12)
    st.caption(
        f"{len(now.rows)} of 1,000 ImageNet classes are mapped by their names{mine}: {plain(each)}. Correct the second "
        "column where that is wrong."
    )
    if now.remarks:
        st.caption(plain(" ".join(now.remarks)))
    for meaning in now.open:
        st.warning(f"{plain(meaning.doubt)} Correct it below if another is right.", icon=":material/help:")


def _unmapped(names: Sequence[str]) -> None:
    """A warning that names the classes without any ImageNet class."""
    if names:
        st.warning(
            f"No ImageNet class is mapped to {plain(listed(names, 8))}: the model never predicts "
            f"{'it' if len(names) == 1 else 'them'}.",
            icon=":material/warning:",
        )


def _editor(
    class_names: Sequence[str], suggested: Mapping[str, str], because: Mapping[str, str], corrected: dict[str, str]
) -> None:
    """All ImageNet classes; their order is independent of the edits, which Streamlit keeps by row."""
    wanted = st.text_input("Find a class", key="train.mapping.filter", icon=":material/search:").strip().lower()
    position = {name: number for number, name in enumerate(class_names)}
    order = sorted(imagenet(), key=lambda synset: position.get(suggested.get(synset, ""), len(position)))
    shown = [one for one in order if wanted in f"{imagenet()[one]} {suggested.get(one, '')} {one}".lower()]
    frame = pd.DataFrame(
        {
            "ImageNet class": [imagenet()[synset] for synset in shown],
            "Your class": [corrected.get(synset, suggested.get(synset, "")) or _NONE for synset in shown],
            "Reason": ["your correction" if one in corrected else because.get(one, "") for one in shown],
        }
    )
    column = st.column_config.SelectboxColumn(options=[_NONE, *class_names], required=True, width="medium")
    edited = st.data_editor(
        frame, key=f"train.mapping.table.{wanted}", hide_index=True, height=9 * 35 + 2,
        disabled=["ImageNet class", "Reason"],
        column_config={"Your class": column, "Reason": st.column_config.TextColumn(width="large")},
    )  # fmt: skip
    before = dict(corrected)
    for synset, chosen in zip(shown, edited["Your class"], strict=True):
        _correct(corrected, synset, "" if chosen == _NONE else chosen, suggested.get(synset, ""))
    if corrected != before:
        st.rerun()


def _correct(corrected: dict[str, str], synset: str, chosen: str, suggested: str) -> None:
    """Adds a correction, or removes it where the suggestion is chosen again."""
    if chosen == suggested:
        corrected.pop(synset, None)
    else:
        corrected[synset] = chosen


def _discard(dataset_id: str) -> None:
    del st.session_state[f"train.mapping.{dataset_id}"]
    for key in [key for key in st.session_state if str(key).startswith("train.mapping.table.")]:
        del st.session_state[key]


def mapping_table(rows: Sequence[Mapping[str, str]], missing: Sequence[str]) -> None:
    """The mapping of a finished run, from its card: one line per class, and the whole table in an expander."""
    _unmapped(missing)
    mapped: dict[str, list[str]] = {}
    for row in rows:
        mapped.setdefault(row["class"], []).append(row["name"])
    summary = [
        {"Your class": name, "ImageNet classes": len(mapped.get(name, ())), "Examples": listed(mapped.get(name, ()), 6)}
        for name in sorted({*mapped, *missing})
    ]
    columns = {
        "ImageNet classes": number("ImageNet classes", "How many of the 1,000 ImageNet classes are mapped to it."),
        "Examples": st.column_config.TextColumn(width="large"),
    }
    table(summary, key="run.mapping.summary", columns=columns)
    with st.expander(f"All {count(len(rows), 'ImageNet class', 'ImageNet classes')} mapped", key="run.mapping.all"):
        names = ("ImageNet class", "Your class", "Reason")
        table([dict(zip(names, (row["name"], row["class"], row["because"]), strict=True)) for row in rows],
              key="run.mapping")  # fmt: skip
