"""How ImageNet's classes are read as those of the photos, and the table in which that is corrected."""

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
    """The user's corrections, kept while other things are chosen."""
    corrected: dict[str, str] = st.session_state.setdefault(f"train.mapping.{dataset.id}", {})
    found = {row.synset: row for row in mapped(dataset.class_names).rows}
    with st.expander("ImageNet's classes read as yours", icon=":material/translate:", key="train.mapping"):
        _said(dataset, corrected)
        suggested = {synset: row.class_name for synset, row in found.items()}
        because = {synset: row.because for synset, row in found.items()}
        _editor(dataset.class_names, suggested, because, corrected)
        if corrected:
            st.button("Forget my corrections", icon=":material/undo:", key="train.mapping.undo", on_click=_forget,
                      args=(dataset.id,))  # fmt: skip
    return tuple(sorted(corrected.items()))


def _said(dataset: Dataset, corrected: Mapping[str, str]) -> None:
    """How much is mapped, class by class; what never will be answered is said before the launch."""
    now = mapped(dataset.class_names, tuple(corrected.items()))
    mine = f", {count(len(corrected), 'correction')} of yours" if corrected else ""
    numbers = Counter(row.class_name for row in now.rows)
    each = listed([f"{name} {numbers[name]}" for name in dataset.class_names], 12)
    st.caption(
        f"{len(now.rows)} of 1,000 classes stand for one of yours, found by their names{mine}: {plain(each)}. Change "
        "the second column where that is wrong."
    )


def _unmapped(names: Sequence[str]) -> None:
    """Classes that nothing stands for are shown, not hidden."""
    if names:
        st.warning(
            f"Nothing in ImageNet stands for {plain(listed(names, 8))}: the network never answers with "
            f"{'it' if len(names) == 1 else 'them'}.",
            icon=":material/warning:",
        )


def _editor(
    class_names: Sequence[str], suggested: Mapping[str, str], because: Mapping[str, str], corrected: dict[str, str]
) -> None:
    """All of ImageNet; the order depends on nothing that is edited, since edits are kept by row."""
    wanted = st.text_input("Find a class", key="train.mapping.filter", icon=":material/search:").strip().lower()
    places = {name: place for place, name in enumerate(class_names)}
    order = sorted(imagenet(), key=lambda synset: places.get(suggested.get(synset, ""), len(places)))
    shown = [one for one in order if wanted in f"{imagenet()[one]} {suggested.get(one, '')} {one}".lower()]
    frame = pd.DataFrame(
        {
            "ImageNet's class": [imagenet()[synset] for synset in shown],
            "Stands for": [corrected.get(synset, suggested.get(synset, "")) or _NONE for synset in shown],
            "Because": ["as you said" if one in corrected else because.get(one, "") for one in shown],
        }
    )
    column = st.column_config.SelectboxColumn(options=[_NONE, *class_names], required=True, width="medium")
    edited = st.data_editor(
        frame, key=f"train.mapping.table.{wanted}", hide_index=True, height=9 * 35 + 2,
        disabled=["ImageNet's class", "Because"],
        column_config={"Stands for": column, "Because": st.column_config.TextColumn(width="large")},
    )  # fmt: skip
    before = dict(corrected)
    for synset, chosen in zip(shown, edited["Stands for"], strict=True):
        _correct(corrected, synset, "" if chosen == _NONE else chosen, suggested.get(synset, ""))
    if corrected != before:
        st.rerun()


def _correct(corrected: dict[str, str], synset: str, chosen: str, suggested: str) -> None:
    """What is as suggested needs no correction."""
    if chosen == suggested:
        corrected.pop(synset, None)
    else:
        corrected[synset] = chosen


def _forget(dataset_id: str) -> None:
    del st.session_state[f"train.mapping.{dataset_id}"]
    for key in [key for key in st.session_state if str(key).startswith("train.mapping.table.")]:
        del st.session_state[key]


def mapping_table(rows: Sequence[Mapping[str, str]], missing: Sequence[str]) -> None:
    """What a finished run read as what, from its card: every class in a line, the whole table on demand."""
    _unmapped(missing)
    read: dict[str, list[str]] = {}
    for row in rows:
        read.setdefault(row["class"], []).append(row["name"])
    summary = [
        {"Your class": name, "ImageNet's classes": len(read.get(name, ())), "Among them": listed(read.get(name, ()), 6)}
        for name in sorted({*read, *missing})
    ]
    columns = {
        "ImageNet's classes": number("ImageNet's classes", "How many of its 1,000 classes are read as yours."),
        "Among them": st.column_config.TextColumn(width="large"),
    }
    table(summary, key="run.mapping.summary", columns=columns)
    with st.expander(f"All {count(len(rows), 'class', 'classes')} of ImageNet that were read", key="run.mapping.all"):
        names = ("ImageNet's class", "Stands for", "Because")
        table([dict(zip(names, (row["name"], row["class"], row["because"]), strict=True)) for row in rows],
              key="run.mapping")  # fmt: skip
