"""What is wrong with the runs of a link: gone, of another dataset, not finished, without answers."""

from collections.abc import Sequence

import streamlit as st

from core.datasets.values import Dataset
from core.text.units import count, listed, plain
from core.web.compare import address
from core.web.compare.selected import Linked, Selected
from core.web.parts.labels import dataset_title
from core.workbench import Workbench

_NAMED = 4
"""Ids that are named; of more, how many."""


def of_link(bench: Workbench, found: Linked) -> None:
    """A sentence each for runs that are gone and for runs of other datasets, with buttons that mend the link."""
    if found.unknown:
        _gone(found)
    if found.others and found.dataset:
        _several_datasets(bench, found.dataset, found)


def _gone(found: Linked) -> None:
    one = len(found.unknown) == 1
    left = "They were deleted, or the link is damaged; the others are compared."
    if not found.runs:
        left = "They were deleted, or the link is damaged. The best runs are shown instead."
    ids = plain(listed([run_id[:40] for run_id in found.unknown], _NAMED))
    left = left.replace("They were", "It was") if one else left
    st.warning(f"There is no run {ids}. {left}", icon=":material/link_off:")


def _several_datasets(bench: Workbench, dataset: Dataset, found: Linked) -> None:
    meant = f"{count(len(found.runs), 'run')} of {plain(dataset_title(dataset))}"
    others = {id_: dataset_title(bench.registry.dataset(id_)) for id_ in found.others}
    with st.container(border=True, key="compare.datasets"):
        st.markdown(
            f":material/warning: The link names runs of {len(others) + 1} datasets. Accuracies on different photos say "
            f"nothing about each other, so only the {meant} are compared."
        )
        with st.container(horizontal=True):
            st.button(
                "Keep only these", key="compare.keep", icon=":material/check:", on_click=address.change,
                kwargs={"runs": found.runs, "dataset": dataset.id},
            )  # fmt: skip
            for id_, title in others.items():
                st.button(
                    f"{count(len(found.others[id_]), 'run')} of {plain(title)} instead", key=f"compare.other.{id_}",
                    on_click=address.change, kwargs={"runs": found.others[id_], "dataset": id_},
                )  # fmt: skip


def of_runs(selected: Selected) -> None:
    """Runs that have no answers for the test photos: unfinished ones, and those whose files are gone."""
    names = selected.brief_names
    reasons = [said.replace(f"Run {id_}", names[id_], 1) for id_, said in selected.comparison.missing.items()]
    if not reasons:
        return
    more = _more(reasons[_NAMED:])
    st.warning("  \n".join([*(plain(reason) for reason in reasons[:_NAMED]), *more]), icon=":material/warning:")


def _more(reasons: Sequence[str]) -> list[str]:
    return [f"And {count(len(reasons), 'other run')} without answers."] if reasons else []
