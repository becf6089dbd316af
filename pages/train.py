"""Train: which recipes to try, and what they will cost."""

from collections.abc import Sequence

import streamlit as st

from core.datasets.values import Dataset
from core.planning.grid_plan import GridPlan
from core.recipes.grid import CascadeChoice, GridChoice
from core.recipes.recipe import Pattern
from core.web.parts.choice import choose_dataset
from core.web.parts.frame import require_frame
from core.web.parts.widgets import empty_state, explained, fitness_notes, heading
from core.web.server.state import workbench
from core.web.train import cascades, grid, hyperparameters, mapping, patterns, plans
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
    choice = choice_of(bench, dataset, cells, combined) if cells or combined else None
    st.subheader("Plan", anchor=False)
    if choice is None:
        st.caption("Nothing is ticked. Tick at least one pattern and one backbone above.")
    else:
        show_plan(bench, dataset, choice)


def backbones(everything: Choices, chosen: Sequence[Pattern]) -> list[Cell]:
    if not chosen:
        return []
    st.subheader("Backbones", anchor=False)
    return grid.choose(everything, chosen)


def cascade(bench: Workbench, dataset: Dataset, everything: Choices) -> CascadeChoice | None:
    st.subheader("Cascade", anchor=False)
    return cascades.choose(bench, dataset.id, everything)


def choice_of(bench: Workbench, dataset: Dataset, cells: Sequence[Cell], combined: CascadeChoice | None) -> GridChoice:
    """What was chosen on this page."""
    tried: dict[Pattern, list[str]] = {}
    for name, pattern in cells:
        tried.setdefault(pattern, []).append(name)
    st.subheader("Hyperparameters", anchor=False)
    trained = [(Pattern.CASCADE, combined.backbones)] if combined and combined.is_trained else []
    chosen = hyperparameters.choose(bench, dataset.id, [*patterns.in_order(tried), *trained])
    return GridChoice(
        cells=tuple(cells),
        settings={pattern: one.settings for pattern, one in chosen.items()},
        depths={pattern: one.depths for pattern, one in chosen.items() if one.depths is not None},
        repetitions=hyperparameters.repetitions(),
        cascade=combined,
        mapping=mapping.choose(dataset) if Pattern.CLASSIFIER in tried else (),
        force=bool(st.session_state.get(plans.FORCE)),
    )


def show_plan(bench: Workbench, dataset: Dataset, choice: GridChoice) -> None:
    """The plan of every recipe and the button that launches them."""
    if not plans.worth_planning(len(bench.recipes(dataset.id, choice))):
        return
    found = plans.cached_plan(bench, dataset.id, choice)
    plans.summary(found)
    st.caption(plans.total(found))
    launch(bench, found, plans.concerns(found))


def launch(bench: Workbench, found: GridPlan, agreed: bool) -> None:
    """The button; after the launch the page Runs opens."""
    label = plans.launch_label(found)
    ready = agreed and bool(found.launchable)
    if not st.button(label, type="primary", icon=":material/rocket_launch:", key="train.launch", disabled=not ready):
        return
    with explained(), st.spinner("Launching …"):
        runs = [run for _, run in bench.launch_grid(found)]
        st.switch_page("pages/runs.py", query_params={"runs": ",".join(run.id for run in runs)})


require_frame()
page()
