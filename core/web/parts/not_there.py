"""What the address of a page names and is not there: told under the title of the page, with a way on."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from core.errors import GraftError, NotFound
from core.text.units import count, plain
from core.web.parts.choice import listed_ids
from core.web.parts.widgets import page_link
from core.workbench import Workbench

_ICON = ":material/link_off:"
_NAMED = 4
"""Sentences that are given in full; the rest is counted."""

_FOUND_BY: dict[str, Callable[[Workbench, str], Any]] = {
    "dataset": lambda bench, name: bench.registry.dataset(name),
    "unlabelled": lambda bench, name: bench.registry.dataset(name),
    "run": lambda bench, name: bench.registry.run(name),
    "runs": lambda bench, name: bench.registry.run(name),
    "models": lambda bench, name: bench.registry.run_of_model(name),
    "backbone": lambda bench, name: bench.backbone(name),
}
"""By parameter of the address what finds the thing of that name, or raises."""
_LISTS = ("runs", "models")
"""Parameters with several names."""


def missing(bench: Workbench, *parameters: str) -> list[str]:
    """A sentence for everything that these parameters of the address name and is not there."""
    return [
        sentence
        for parameter in parameters
        for name in _named(parameter)
        for sentence in _said(_FOUND_BY[parameter], bench, name)
    ]


def note(sentences: Sequence[str]) -> None:
    """The sentences as one notice; nothing where there is none. It stands below the title of the page."""
    if not sentences:
        return
    lines = [plain(sentence) for sentence in sentences[:_NAMED]]
    if more := len(sentences) - len(lines):
        lines.append(f"And {count(more, 'other')}.")
    st.warning("  \n".join(lines), icon=_ICON)


def show(title: str, sentences: Sequence[str], page: str, label: str) -> None:
    """The page in place of the one thing that the address names: title, what is not there, a link to what is.

    Args:
        page: of the link, as in ``PAGES``. label: of the link.
    """
    st.title(title, anchor=False)
    note(sentences)
    page_link(page, label)


def sentence_of(error: GraftError) -> str:
    """What an error says on a page, which has links where a command names other commands."""
    if not isinstance(error, NotFound) or not error.elsewhere:
        return str(error)
    return error.what if error.what.endswith("?") else f"{error.what} It may have been deleted."


def _named(parameter: str) -> list[str]:
    if parameter in _LISTS:
        return listed_ids(parameter)
    return [name for name in [st.query_params.get(parameter)] if name]


def _said(find: Callable[[Workbench, str], Any], bench: Workbench, name: str) -> list[str]:
    try:
        find(bench, name)
    except GraftError as error:
        return [sentence_of(error)]
    return []
