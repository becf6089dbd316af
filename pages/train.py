"""Train: what shall I try, and what will it cost?"""

from collections.abc import Sequence

import streamlit as st

from core.datasets.values import Dataset
from core.planning.decide import Plan
from core.recipes.recipe import Pattern, Recipe
from core.web.parts.choice import choose_dataset
from core.web.parts.frame import require_frame
from core.web.parts.widgets import empty_state, explained, heading
from core.web.server.state import workbench
from core.web.train import cascades, grid, hyperparameters, mapping, patterns, plans
from core.web.train.cascades import CascadeChoice
from core.web.train.grid import Cell, Choices
from core.workbench import Workbench


def page() -> None:
    bench = workbench()
    datasets = bench.registry.datasets()
    heading("Train", "Tick what to try on your photos; you see what it will cost before anything starts.")
    if not datasets:
        empty_state(
            "There is nothing to train on yet",
            "Import photos first, one folder per class, or take the demo photos.",
            page="pages/datasets.py",
            label="Import photos",
        )
        return
    with explained():
        choose_and_launch(bench, choose_dataset(bench, datasets, key="train.dataset"))


def choose_and_launch(bench: Workbench, dataset: Dataset) -> None:
    st.subheader("How to use a pretrained network", anchor=False)
    chosen = patterns.choose(grid.tick_way)
    everything = grid.ordered(bench.backbones())
    cells = networks(everything, [pattern for pattern in chosen if pattern is not Pattern.CASCADE])
    together = cascade(bench, dataset, everything) if Pattern.CASCADE in chosen else None
    recipes = with_numbers(bench, dataset, cells, together) if cells or together else []
    st.subheader("What will happen", anchor=False)
    if recipes is None:
        st.caption("A hyperparameter above cannot be used; put it right first.")
    elif not recipes:
        st.caption("Nothing is ticked. Tick at least one pattern and one network above.")
    else:
        look(bench, dataset, recipes)


def networks(everything: Choices, chosen: Sequence[Pattern]) -> list[Cell]:
    if not chosen:
        return []
    st.subheader("Networks", anchor=False)
    return grid.choose(everything, chosen)


def cascade(bench: Workbench, dataset: Dataset, everything: Choices) -> CascadeChoice | None:
    st.subheader("Cascade", anchor=False)
    return cascades.choose(bench, dataset.id, everything)


def with_numbers(
    bench: Workbench, dataset: Dataset, cells: Sequence[Cell], together: CascadeChoice | None
) -> list[Recipe] | None:
    """A recipe for every ticked cell, depth and repetition, and for the cascade; None when a number is no good."""
    tried: dict[Pattern, list[str]] = {}
    for name, pattern in cells:
        tried.setdefault(pattern, []).append(name)
    st.subheader("Hyperparameters", anchor=False)
    learning = [(Pattern.CASCADE, together.backbones)] if together and together.is_trained else []
    chosen = hyperparameters.choose(bench, dataset.id, [*patterns.in_order(tried), *learning])
    pairs = mapping.choose(dataset) if Pattern.CLASSIFIER in tried else ()
    if chosen is None:
        return None
    recipes = hyperparameters.recipes(bench, dataset.id, tried, chosen, pairs)
    return recipes + (together.recipes(bench, dataset.id, chosen) if together else [])


def look(bench: Workbench, dataset: Dataset, recipes: Sequence[Recipe]) -> None:
    """What will happen with each, and the one click that starts it."""
    if not plans.worth_planning(recipes):
        return
    found = plans.look(bench, dataset.id, recipes)
    plans.summary(found)
    st.caption(plans.total_words(found))
    agreed = plans.concerns(found, bench.concerns(found))
    launch(bench, plans.launchable(found), agreed)


def launch(bench: Workbench, found: Sequence[Plan], agreed: bool) -> None:
    """One click; then to the runs, which show themselves live."""
    label = plans.launch_label(found)
    ready = agreed and bool(found)
    if not st.button(label, type="primary", icon=":material/rocket_launch:", key="train.launch", disabled=not ready):
        return
    with explained(), st.spinner("Launching …"):
        runs = bench.launch(found)
        st.switch_page("pages/runs.py", query_params={"runs": ",".join(run.id for run in runs)})


require_frame()
page()
