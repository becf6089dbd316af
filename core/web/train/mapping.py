"""The mapping of ImageNet classes to those of the dataset, and the table in which it is corrected."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.backbones.wordnet import imagenet
from core.datasets.values import Dataset
from core.models.heads.mapping import Mapped, mapped
from core.text.units import count, listed, plain
from core.web.parts.tables import editor, number, table
from core.web.train import address

Pairs = tuple[tuple[str, str], ...]
_NONE = "– none –"
_WRITTEN = "train.mapping.written"
"""Session state: the number of the table, and the corrections that it knows of."""


def choose(dataset: Dataset, pairs: Pairs) -> None:
    """The table of ImageNet's classes; a correction is written into the URL."""
    corrected = dict(pairs)
    known = mapped(dataset.class_names)
    suggested = {row.synset: row for row in known.rows}
    with st.expander(
        "Map ImageNet classes to yours", icon=":material/translate:", key="train.mapping", expanded=bool(known.open)
    ):
        _summary(dataset, corrected)
        _editor(dataset.class_names, suggested, corrected)
        if corrected:
            st.button("Discard corrections", icon=":material/undo:", key="train.mapping.undo", on_click=_discard)


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


def _editor(class_names: Sequence[str], suggested: Mapping[str, Mapped], corrected: Mapping[str, str]) -> None:
    """All ImageNet classes; their order is independent of the corrections, which Streamlit keeps by row."""
    wanted = st.text_input("Find a class", key="train.mapping.filter", icon=":material/search:").strip().lower()
    position = {name: number for number, name in enumerate(class_names)}
    mapped_to = {synset: row.class_name for synset, row in suggested.items()}
    order = sorted(imagenet(), key=lambda synset: position.get(mapped_to.get(synset, ""), len(position)))
    shown = [one for one in order if wanted in f"{imagenet()[one]} {mapped_to.get(one, '')} {one}".lower()]
    frame = pd.DataFrame(
        {
            "ImageNet class": [imagenet()[synset] for synset in shown],
            "Your class": [corrected.get(synset, mapped_to.get(synset, "")) or _NONE for synset in shown],
            "Reason": [
                "your correction" if one in corrected else suggested[one].because if one in suggested else ""
                for one in shown
            ],
        }
    )
    column = st.column_config.SelectboxColumn(options=[_NONE, *class_names], required=True, width="medium")
    key = f"train.mapping.table.{wanted}.{_generation(corrected)}"
    editor(
        frame, key=key, height=9 * 35 + 2, disabled=["ImageNet class", "Reason"],
        columns={"Your class": column, "Reason": st.column_config.TextColumn(width="large")},
        on_change=_edited, args=(key, shown, mapped_to),
    )  # fmt: skip


def _generation(corrected: Mapping[str, str]) -> int:
    """Raised where the corrections changed by other means than the table (the back button): its edits are then void."""
    state: tuple[int, Mapping[str, str]] = st.session_state.get(_WRITTEN, (0, {}))
    number = state[0] + (state[1] != corrected)
    st.session_state[_WRITTEN] = (number, dict(corrected))
    return number


def _edited(key: str, shown: Sequence[str], suggested: Mapping[str, str]) -> None:
    now = address.get()
    edits = {shown[int(row)]: edit["Your class"] for row, edit in st.session_state[key]["edited_rows"].items()}
    corrected = corrected_by(dict(now.mapping), edits, suggested)
    number, _ = st.session_state.get(_WRITTEN, (0, {}))
    st.session_state[_WRITTEN] = (number, corrected)
    address.write(replace(now, mapping=tuple(sorted(corrected.items()))))


def corrected_by(
    corrected: Mapping[str, str], edits: Mapping[str, str], suggested: Mapping[str, str]
) -> dict[str, str]:
    """The corrections after edits of the table; where the suggestion is chosen again, there is no correction.

    Args:
        corrected, edits, suggested: synset -> class name.
    """
    chosen = {synset: "" if name == _NONE else name for synset, name in edits.items()}
    return {synset: name for synset, name in {**corrected, **chosen}.items() if name != suggested.get(synset, "")}


def _discard() -> None:
    address.write(replace(address.get(), mapping=()))


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
