"""Train: which recipes to try, and what they will cost."""

from collections.abc import Sequence

import streamlit as st

from core.datasets.values import Dataset
from core.planning.decide import Plan
from core.recipes.recipe import Pattern, Recipe
from core.web.parts.choice import choose_dataset
from core.web.parts.frame import require_frame
from core.web.parts.widgets import empty_state, explained, fitness_notes, heading
from core.web.server.state import workbench
from core.web.train import cascades, grid, hyperparameters, mapping, patterns, plans
from core.web.train.cascades import CascadeChoice
from core.web.train.grid import Cell, Choices
from core.workbench import Workbench


def page() -> None:
    bench = workbench()
    datasets = bench.registry.datasets()
    heading("Train", "Choose patterns and backbones; the plan shows the expected cost before anything starts.")
    if not datasets:
        empty_state(
            "No dataset yet",
            "Import photos, one folder per class, or use the demo photos.",
            page="pages/datasets.py",
            label="Import photos",
        )
        return
    with explained():
        dataset = choose_dataset(bench, datasets, key="train.dataset")
        fitness_notes(dataset, bench.leaks(dataset.id))
        choose_and_launch(bench, dataset)


def choose_and_launch(bench: Workbench, dataset: Dataset) -> None:
    st.subheader("Patterns", anchor=False)
    chosen = patterns.choose(grid.tick_pattern)
    everything = grid.ordered(bench.backbones())
    cells = backbones(everything, [pattern for pattern in chosen if pattern is not Pattern.CASCADE])
    combined = cascade(bench, dataset, everything) if Pattern.CASCADE in chosen else None
    recipes = recipes_of(bench, dataset, cells, combined) if cells or combined else []
    st.subheader("Plan", anchor=False)
    if recipes is None:
        st.caption("A hyperparameter above is invalid. Correct it first.")
    elif not recipes:
        st.caption("Nothing is ticked. Tick at least one pattern and one backbone above.")
    else:
        show_plan(bench, dataset, recipes)


def backbones(everything: Choices, chosen: Sequence[Pattern]) -> list[Cell]:
    if not chosen:
        return []
    st.subheader("Backbones", anchor=False)
    return grid.choose(everything, chosen)


def cascade(bench: Workbench, dataset: Dataset, everything: Choices) -> CascadeChoice | None:
    st.subheader("Cascade", anchor=False)
    return cascades.choose(bench, dataset.id, everything)


def recipes_of(
    bench: Workbench, dataset: Dataset, cells: Sequence[Cell], combined: CascadeChoice | None
) -> list[Recipe] | None:
    """A recipe per ticked cell, depth and repetition, and for the cascade; None when a hyperparameter is invalid."""
    tried: dict[Pattern, list[str]] = {}
    for name, pattern in cells:
        tried.setdefault(pattern, []).append(name)
    st.subheader("Hyperparameters", anchor=False)
    trained = [(Pattern.CASCADE, combined.backbones)] if combined and combined.is_trained else []
    chosen = hyperparameters.choose(bench, dataset.id, [*patterns.in_order(tried), *trained])
    pairs = mapping.choose(dataset) if Pattern.CLASSIFIER in tried else ()
    if chosen is None:
        return None
    recipes = hyperparameters.recipes(bench, dataset.id, tried, chosen, pairs)
    return recipes + (combined.recipes(bench, dataset.id, chosen) if combined else [])


def show_plan(bench: Workbench, dataset: Dataset, recipes: Sequence[Recipe]) -> None:
    """The plan of every recipe and the button that launches them."""
    if not plans.worth_planning(recipes):
        return
    found = plans.cached_plans(bench, dataset.id, recipes)
    plans.summary(found)
    st.caption(plans.total(found))
    agreed = plans.concerns(found, bench.concerns(found))
    launch(bench, plans.launchable(found), agreed)


def launch(bench: Workbench, found: Sequence[Plan], agreed: bool) -> None:
    """The button; after the launch the page Runs opens."""
    label = plans.launch_label(found)
    ready = agreed and bool(found)
    if not st.button(label, type="primary", icon=":material/rocket_launch:", key="train.launch", disabled=not ready):
        return
    with explained(), st.spinner("Launching …"):
        runs = bench.launch(found)
        st.switch_page("pages/runs.py", query_params={"runs": ",".join(run.id for run in runs)})


require_frame()
page()
