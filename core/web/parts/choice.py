"""Choices kept in the URL, so that a page can be linked, reloaded and shared."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.datasets.values import Dataset
from core.errors import GraftError
from core.web.parts.labels import dataset_size, dataset_title
from core.workbench import Workbench


def linked_dataset(bench: Workbench) -> Dataset | None:
    """The dataset of ``?dataset=``, by id, name or name:version; None if there is none (``not_there`` tells it)."""
    reference = st.query_params.get("dataset")
    if not reference:
        return None
    try:
        return bench.registry.dataset(reference)
    except GraftError:
        return None


def choose_dataset(
    bench: Workbench,
    datasets: Sequence[Dataset],
    *,
    key: str,
    default: Dataset | None = None,
    changed: Callable[[str], None] | None = None,
) -> Dataset:
    """The dataset of the URL, else ``default`` or the newest; changed with a select box. ``datasets`` is not empty.

    Args:
        changed: called with the id of another dataset to write it into the URL; without it that clears the other
            parameters, which belong to the previous dataset.
    """
    chosen = default or linked_dataset(bench) or datasets[0]
    by_id = {dataset.id: dataset for dataset in datasets} | {chosen.id: chosen}
    st.session_state[key] = chosen.id
    st.selectbox(
        "Dataset",
        list(by_id),
        format_func=lambda id_: f"{dataset_title(by_id[id_])} ({dataset_size(by_id[id_])})",
        key=key,
        on_change=_into_url,
        args=(key, changed or _only_dataset),
    )
    return chosen


def _into_url(key: str, changed: Callable[[str], None]) -> None:
    changed(st.session_state[key])


def _only_dataset(dataset_id: str) -> None:
    st.query_params.from_dict({"dataset": dataset_id})


def write_address() -> None:
    """Make the browser show the address that the page was opened with: a link inside a page to the page itself changes
    what is shown, but not the address (Streamlit 1.67)."""
    st.query_params.from_dict({name: st.query_params.get_all(name) for name in st.query_params})


def listed_ids(name: str) -> list[str]:
    """The ids of ``?runs=a,b`` or ``?runs=a&runs=b``, without repeats."""
    parts = ",".join(st.query_params.get_all(name)).split(",")
    return list(dict.fromkeys(part.strip() for part in parts if part.strip()))
