"""How pixels are scaled, chosen by a person where the files of a network do not say it."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from core.backbones.scalings import PRESETS, preset

OWN = "numbers"


def choose(key: str, results: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The form; returns the answers of an ``AdditionRequest``, {} while nothing is chosen.

    Args:
        results: by name of a preset what check photos say of it, in words.
    """
    names = [one.name for one in PRESETS]
    chosen = st.radio(
        "How are the pixels scaled?", [*names, OWN], index=None, key=f"{key}.scaling",
        format_func=lambda name: "Mean and deviation of its own" if name == OWN else preset(name).title,
        captions=[_caption(name, results or {}) for name in names] + ["As its card or its training code says."],
        help="A wrong scaling gives worse features without an error. The card of a network or the code that trained "
        "it says it.",
    )  # fmt: skip
    with st.container(key=f"fields-{key.replace('.', '-')}-scaling"):
        mean, deviation = (
            st.text_input(
                label, key=f"{key}.{label.lower()}", placeholder=example,
                help="Only for numbers of its own: red, green, blue, for pixels from 0 to 1.",
            )
            for label, example in (("Mean", "0.5 0.5 0.5"), ("Deviation", "0.25 0.25 0.25"))
        )  # fmt: skip
    if chosen == OWN:
        return {"mean": numbers(mean), "deviation": numbers(deviation)}
    return {"scaling": chosen} if chosen else {}


def _caption(name: str, results: Mapping[str, str]) -> str:
    used_by = preset(name).used_by
    return " · ".join(filter(None, [f"{used_by[:1].upper()}{used_by[1:]}", results.get(name, "")]))


def numbers(text: str) -> list[float]:
    """The numbers in a text such as ``0.485, 0.456 0.406``; what is none is left out."""
    found = []
    for part in text.replace(",", " ").replace(";", " ").split():
        try:
            found.append(float(part))
        except ValueError:
            continue
    return found
