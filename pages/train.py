"""Train: which recipes to try, and what they will cost."""

from collections.abc import Sequence

import streamlit as st

from core.datasets.values import Dataset
from core.planning.grid_plan import GridPlan
from core.planning.presets import Preset
from core.recipes.grid import GridChoice
from core.recipes.patterns import Pattern
from core.text.units import plain
from core.web.parts import not_there
from core.web.parts.choice import choose_dataset
from core.web.parts.frame import require_frame
from core.web.parts.leaks import unchecked_note
from core.web.parts.widgets import empty_state, explained, fitness_notes, heading
from core.web.server.state import workbench
from core.web.train import address, cascades, grid, hyperparameters, mapping, needs, patterns, plans, prompts, start
from core.web.train.address import CUSTOM, TrainAddress
from core.web.train.bar import bar
from core.web.train.forecasts_panel import forecasts_panel
from core.web.train.search_card import search_card
from core.web.train.shortlist_card import shortlist_card
from core.workbench import Workbench


def page() -> None:
    bench = workbench()
    datasets = bench.registry.datasets()
    if not datasets:
        heading("Train", "What shall I try, and what will it cost? Photos come first.")
        not_there.note(not_there.missing(bench, "dataset"))
        empty_state(
            "No dataset yet",
            "Import photos, one folder per class, or use the demo photos.",
            page="pages/datasets.py",
            label="Import photos",
        )
        return
    first_line, plan, choice = st.container(), None, None
    with explained():
        not_there.note(not_there.missing(bench, "dataset"))
        dataset = choose(bench, datasets)
        now, ignored = address.usable(bench, dataset)
        chosen = now.start or start.suitable(bench, dataset)
        presets = dict(zip(Preset, bench.grid_plans(dataset.id, [*Preset], kept=True), strict=True))
        for sentence in ignored:
            st.warning(plain(sentence), icon=":material/link_off:")
        start.choose(chosen, presets)
        shortlist_card(bench, dataset, grid=chosen == CUSTOM)
        search_card(bench, dataset)
        if chosen == CUSTOM:
            plan, choice = custom(bench, dataset, now)
        else:
            plan = of_preset(presets[Preset(chosen)])
    with first_line:
        heading("Train", plans.first_line(plan))
    forecasts_panel(bench)
    bar(bench, plan, choice, needs.choose(bench))


def choose(bench: Workbench, datasets: Sequence[Dataset]) -> Dataset:
    """The dataset, and what its photos allow to claim."""
    left, right = st.columns([2, 3], vertical_alignment="center", gap="medium")
    with left:
        dataset = choose_dataset(bench, datasets, key="train.dataset", changed=address.choose_dataset)
    with right:
        fitness_notes(dataset, bench.leaks(dataset.id), bench.leaked(dataset.id))
        unchecked_note(bench, dataset)
    return dataset


def of_preset(plan: GridPlan) -> GridPlan:
    plans.details(plan)
    plans.notes(plan)
    return plan


def custom(bench: Workbench, dataset: Dataset, now: TrainAddress) -> tuple[GridPlan | None, GridChoice]:
    """Everything chosen by hand, and its plan; None while a very large grid is not to be planned."""
    everything = grid.ordered(bench.backbones())
    usual = grid.usual(everything)
    first = [(name, Pattern.INTEGRATED_EXTRACTOR) for name in usual]
    cells = grid.in_order(first if now.cells is None else now.cells, everything)
    offered = cascades.Offered(bench, dataset.id, everything)
    cascade = offered.choice(now.cascade, now.members)
    choice = now.choice(cells, cascade)
    st.header("Patterns", anchor=False)
    patterns.choose(cells, now.cascade, usual)
    possible = plans.worth_planning(len(bench.recipes(dataset.id, choice)))
    plan = bench.grid_plans(dataset.id, [choice], kept=True)[0] if possible else None
    st.header("Backbones", anchor=False)
    grid.choose(everything, choice, plan)
    if now.cascade:
        st.header("Cascade", anchor=False)
        cascades.choose(offered, now.cascade, choice, plan)
    tried = hyperparameters.tried(cells, cascade)
    hyperparameters.choose(bench, dataset, now, tried)
    if Pattern.CLASSIFIER in tried:
        classified = [one for one, _ in everything if (one.name, Pattern.CLASSIFIER) in cells]
        if any(one.classes for one in classified):
            mapping.choose(dataset, now.mapping)
        prompts.choose(dataset, [one for one in classified if one.text_tower], now.prompts)
    if plan and plan.rows:
        with st.expander("Every run of the plan", icon=":material/list:", key="train.details"):
            plans.details(plan)
        plans.notes(plan)
    return plan, choice


require_frame()
page()
