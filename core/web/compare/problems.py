"""What is wrong with the runs of a link: deleted, of another dataset, not finished, without predictions."""

import streamlit as st

from core.datasets.values import Dataset
from core.text.units import count, listed, plain
from core.web.compare import address
from core.web.compare.selected import Linked, Selected
from core.web.parts.labels import dataset_title
from core.workbench import Workbench

_NAMED = 4
"""Ids and reasons that are given in full; the rest is counted."""


def of_link(bench: Workbench, found: Linked) -> None:
    """A sentence each for runs that are gone and for runs of other datasets, with buttons that correct the link."""
    if found.unknown:
        _unknown(found)
    if found.others and found.dataset:
        _several_datasets(bench, found.dataset, found)


def _unknown(found: Linked) -> None:
    ids = plain(listed([run_id[:40] for run_id in found.unknown], _NAMED))
    deleted = f"{'It' if len(found.unknown) == 1 else 'They'} may have been deleted"
    instead = "; the others are compared." if found.runs else ". The best runs are shown instead."
    st.warning(f"There is no run {ids}. {deleted}{instead}", icon=":material/link_off:")


def _several_datasets(bench: Workbench, dataset: Dataset, found: Linked) -> None:
    meant = f"{count(len(found.runs), 'run')} of {plain(dataset_title(dataset))}"
    others = {id_: dataset_title(bench.registry.dataset(id_)) for id_ in found.others}
    with st.container(border=True, key="compare.datasets"):
        st.markdown(
            f":material/warning: The link names runs of {len(others) + 1} datasets. Accuracies on different test "
            f"photos cannot be compared, so only the {meant} are shown."
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
    """Runs without predictions for the test photos: unfinished ones, and those whose files are gone."""
    names = selected.names
    reasons = [reason.replace(f"Run {id_}", names[id_], 1) for id_, reason in selected.comparison.missing.items()]
    if not reasons:
        return
    lines = [plain(reason) for reason in reasons[:_NAMED]]
    if more := len(reasons) - len(lines):
        lines.append(f"And {count(more, 'other run')} without predictions.")
    st.warning("  \n".join(lines), icon=":material/warning:")
