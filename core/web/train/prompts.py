"""The texts that stand for the classes in a zero-shot classifier, and the table in which they are changed."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd
import streamlit as st

from core.backbones.values import Backbone
from core.datasets.values import Dataset
from core.errors import InvalidInput
from core.recipes.prompts import HOLE, TEMPLATES, Prompts, texts_of, with_template
from core.text.units import listed, plain
from core.web.parts.tables import editor, table
from core.web.train import address

_TABLE, _TEMPLATE = "train.prompts.table", "train.prompts.template"


def choose(dataset: Dataset, backbones: Sequence[Backbone], prompts: Prompts) -> None:
    """The template and one text a class; what is changed is written into the URL. Nothing without such backbones."""
    if not backbones:
        return
    chosen, family = dict(prompts), backbones[0].family
    with st.expander("Texts for your classes", icon=":material/translate:", key="train.prompts"):
        st.caption(
            f"{plain(listed([one.title for one in backbones]))} compares each photo with a text for every class and "
            "predicts the nearest; nothing is trained. Several texts of a class, separated by |, count together."
        )
        st.text_input(
            "Text of all classes", value=chosen.get("") or None, placeholder=TEMPLATES.get(family, ""),
            key=f"{_TEMPLATE}.{chosen.get('', '')}", help=f"{HOLE} stands for the name of the class.",
            on_change=_template_changed, args=(f"{_TEMPLATE}.{chosen.get('', '')}",),
        )  # fmt: skip
        _editor(dataset.class_names, chosen, family)
        if chosen:
            st.button("Discard changed texts", icon=":material/undo:", key="train.prompts.undo", on_click=_discard)


def _editor(class_names: Sequence[str], chosen: Mapping[str, str], family: str) -> None:
    try:
        shown = texts_of(class_names, with_template(chosen.items(), family))
    except InvalidInput as error:
        st.warning(plain(str(error)), icon=":material/warning:")
        return
    texts = [" | ".join(shown[name]) for name in class_names]
    key = f"{_TABLE}.{hash(tuple(texts))}"
    editor(
        pd.DataFrame({"Your class": list(class_names), "Text": texts}), key=key,
        disabled=["Your class"], columns={"Text": st.column_config.TextColumn(width="large")},
        on_change=_edited, args=(key, tuple(class_names)),
    )  # fmt: skip


def _template_changed(key: str) -> None:
    _write("", (st.session_state[key] or "").strip())


def _edited(key: str, class_names: Sequence[str]) -> None:
    for row, edit in st.session_state[key]["edited_rows"].items():
        _write(class_names[int(row)], (edit.get("Text") or "").strip())


def _write(class_name: str, text: str) -> None:
    now = address.get()
    address.write(replace(now, prompts=changed(now.prompts, class_name, text)))


def changed(prompts: Prompts, class_name: str, text: str) -> Prompts:
    """With another text of a class; one that was emptied is the default again."""
    rest = {name: old for name, old in prompts if name != class_name}
    return tuple(sorted((rest | ({class_name: text} if text else {})).items()))


def _discard() -> None:
    address.write(replace(address.get(), prompts=()))


def texts_table(rows: Sequence[Mapping]) -> None:
    """The texts of a finished run, from its card."""
    shown = [{"Your class": row["class"], "Texts": " | ".join(row["texts"])} for row in rows]
    table(shown, key="run.texts", columns={"Texts": st.column_config.TextColumn(width="large")})
