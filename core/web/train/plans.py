"""The plan: what happens with every recipe and why, its expected cost, and concerns before the launch."""

import time
from collections.abc import Callable, Sequence

import streamlit as st

from core.planning.capacity import many_runs
from core.planning.decide import Concern, Decision, Level
from core.planning.grid_plan import GridPlan, InvalidRow, Row
from core.recipes.grid import GridChoice
from core.recipes.labels import without_shared
from core.text.units import count, duration, listed, plain, size
from core.web.parts.tables import name_column, number, table
from core.web.train.hyperparameters import REPETITIONS
from core.workbench import Workbench

DECISIONS = {
    Decision.REUSED: "● reused",
    Decision.RESUMED: "↻ resumed",
    Decision.EXTENDED: "→ extended",
    Decision.NEW: "○ new",
    Decision.REFUSED: "✕ refused",
}
_MOST_MESSAGES = 5
_BLOCKED = ":material/block:"
FORCE, _PLANNED = "train.force", "train.planned"
_FRESH = 30
"""Seconds for which plans are reused: files (cached features, downloaded weights) change without the registry."""


def worth_planning(number: int) -> bool:
    """Repetitions and retraining; asks for confirmation of a very large grid, since planning it takes a while."""
    repetitions, retrain = st.columns([1, 3], vertical_alignment="bottom")
    repetitions.number_input(
        "Repetitions", 1, 50, 1, key=REPETITIONS,
        help="Train every recipe with this many consecutive seeds, to measure the variance.",
    )  # fmt: skip
    help_ = "Trains a further repetition (the next seed) instead of reusing, resuming or extending a run."
    retrain.toggle("Retrain even if a result exists", key=FORCE, help=help_)
    concern = many_runs(number)
    if concern is None:
        return True
    st.warning(plain(concern.sentence), icon=":material/help:")
    return st.checkbox(f"Show the plan of all {number}", key="train.many")


def cached_plan(bench: Workbench, dataset_id: str, choice: GridChoice) -> GridPlan:
    """The plan of what was chosen; plans of recipes are kept while the registry is unchanged, for at most ``_FRESH``
    seconds."""
    state = (str(bench.settings.home), dataset_id, bench.registry.change_counter(), int(time.time() / _FRESH))
    before, known = st.session_state.get(_PLANNED, (None, {}))
    known = known if before == state else {}
    plan = bench.grid_plan(dataset_id, choice, known=known)
    if not choice.force:
        st.session_state[_PLANNED] = (state, known | {one.recipe: one for one in plan.plans})
    return plan


def summary(plan: GridPlan) -> None:
    """One row per recipe, and per cell that is none."""
    seeds = len({one.recipe.hyperparameters.seed for one in plan.plans}) > 1
    names = without_shared({str(number): row.name for number, row in enumerate(plan.rows)})
    rows = [{"Run": name} | _row(row, seeds) for name, row in zip(names.values(), plan.rows, strict=True)]
    columns = {
        "Run": name_column("Run", list(names.values())),
        "Reason": st.column_config.TextColumn(width="large"),
        "Expected time": number("Expected time", "The source of the estimate is below; waiting time is not included."),
        "Saves": number("Saves", "Time saved by finished epochs and cached features."),
    }
    order = ["Run", *(["Seed"] if seeds else []), "Plan", "Expected time"]
    order += ["Saves"] if any(one.saves_seconds for one in plan.plans) else []
    order += ["Reason"]  # the longest comes last, so that the numbers stay visible
    formats = {"Expected time": expected, "Saves": duration}
    table(rows, key="train.summary", formats=formats, columns=columns, column_order=order)


def _row(row: Row, seeds: bool) -> dict:
    shown: dict = {"Plan": DECISIONS[row.decision], "Reason": row.because, "Expected time": None, "Saves": None}
    if isinstance(row, InvalidRow):
        return shown
    shown |= {"Saves": row.saves_seconds or None}
    shown |= {} if row.decision is Decision.REFUSED else {"Expected time": row.estimate_seconds}
    return shown | ({"Seed": row.recipe.hyperparameters.seed} if seeds else {})


def expected(seconds: float) -> str:
    return f"about {duration(seconds)}" if seconds else "none"


def total(plan: GridPlan) -> str:
    """The caption under the table: runs, expected time, savings, and disk space."""
    parts = [plan.sentence]
    if plan.estimate_sources:
        parts.append(f"estimated from {listed(sorted(plan.estimate_sources))}")
    stored = sum(one.features_stored for one in plan.to_do)
    if stored:
        parts.append(f"features of {stored} are cached already")
    if plan.disk_bytes:
        parts.append(f"caches up to {size(plan.disk_bytes)} of features for later runs")
    return "; ".join(parts) + "."


def concerns(plan: GridPlan) -> bool:
    """Shows the concerns; False while one of them is unconfirmed or forbids the launch."""
    single = [concern for one in plan.launchable for concern in one.concerns]
    found = list(dict.fromkeys([*plan.concerns, *single]))
    refused = [concern for concern in found if concern.level is Level.REFUSE]
    impossible = dict.fromkeys(row.because for row in plan.refused)
    _messages([Concern(level=Level.REFUSE, sentence=one) for one in impossible], st.error, _BLOCKED)
    _messages(refused, st.error, _BLOCKED)
    asked = [concern for concern in found if concern.level is Level.ASK]
    _messages(asked, st.warning, ":material/help:")
    _messages([concern for concern in found if concern.level is Level.NOTE], st.info, ":material/info:")
    if not asked:
        return not refused
    # the key contains the sentences, so that a confirmation holds for these concerns only
    confirmed = st.checkbox("Launch anyway", key=f"train.sure.{'|'.join(concern.sentence for concern in asked)}")
    return confirmed and not refused


def _messages(found: Sequence[Concern], show: Callable[..., object], icon: str) -> None:
    """One box for all concerns of a level."""
    if not found:
        return
    shown = [plain(concern.sentence) for concern in found[:_MOST_MESSAGES]]
    more = len(found) - len(shown)
    shown += [f"… and {more} more."] if more else []
    show("  \n".join(shown), icon=icon)


def launch_label(plan: GridPlan) -> str:
    if not plan.launchable:
        return "Nothing can be launched"
    if not plan.to_do:
        return "Show the run" if len(plan.launchable) == 1 else "Show the runs"
    return f"Launch {count(len(plan.to_do), 'run')}"
