"""The plan: what happens with every recipe and why, its expected cost, and concerns before the launch."""

import time
from collections.abc import Callable, Sequence

import streamlit as st

from core.planning.checks import many_runs
from core.planning.decide import Concern, Decision, Level, Plan
from core.recipes.labels import without_shared
from core.recipes.recipe import Recipe
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
_FORCE, _PLANNED = "train.force", "train.planned"
_FRESH = 30
"""Seconds for which plans are reused: files (cached features, downloaded weights) change without the registry."""


def worth_planning(recipes: Sequence[Recipe]) -> bool:
    """Repetitions and retraining; asks for confirmation of a very large grid, since planning it takes a while."""
    repetitions, retrain = st.columns([1, 3], vertical_alignment="bottom")
    repetitions.number_input(
        "Repetitions", 1, 50, 1, key=REPETITIONS,
        help="Train every recipe with this many consecutive seeds, to measure the variance.",
    )  # fmt: skip
    help_ = "Trains a further repetition (the next seed) instead of reusing, resuming or extending a run."
    retrain.toggle("Retrain even if a result exists", key=_FORCE, help=help_)
    concern = many_runs(len(recipes))
    if concern is None:
        return True
    st.warning(plain(concern.sentence), icon=":material/help:")
    return st.checkbox(f"Show the plan of all {len(recipes)}", key="train.many")


def cached_plans(bench: Workbench, dataset_id: str, recipes: Sequence[Recipe]) -> list[Plan]:
    """The plan of every recipe; plans are kept while the registry is unchanged, for at most ``_FRESH`` seconds."""
    if st.session_state.get(_FORCE):
        return bench.plan(dataset_id, recipes, force=True)
    state = (str(bench.settings.home), dataset_id, bench.registry.change_counter(), int(time.time() / _FRESH))
    before, known = st.session_state.get(_PLANNED, (None, {}))
    known = dict(known) if before == state else {}
    missing = [recipe for recipe in recipes if recipe not in known]
    known |= zip(missing, bench.plan(dataset_id, missing), strict=True)
    st.session_state[_PLANNED] = (state, known)
    return [known[recipe] for recipe in recipes]


def summary(plans: Sequence[Plan]) -> None:
    """One row per recipe."""
    seeds = len({plan.recipe.hyperparameters.seed for plan in plans}) > 1
    names = without_shared({str(number): plan.name for number, plan in enumerate(plans)})
    rows = [
        {"Run": name} | _row(plan) | ({"Seed": plan.recipe.hyperparameters.seed} if seeds else {})
        for name, plan in zip(names.values(), plans, strict=True)
    ]
    columns = {
        "Run": name_column("Run", list(names.values())),
        "Reason": st.column_config.TextColumn(width="large"),
        "Expected time": number("Expected time", "The source of the estimate is below; waiting time is not included."),
        "Saves": number("Saves", "Time saved by finished epochs and cached features."),
    }
    order = ["Run", *(["Seed"] if seeds else []), "Plan", "Expected time"]
    order += ["Saves"] if any(plan.saves_seconds for plan in plans) else []
    order += ["Reason"]  # the longest comes last, so that the numbers stay visible
    formats = {"Expected time": expected, "Saves": duration}
    table(rows, key="train.summary", formats=formats, columns=columns, column_order=order)


def _row(plan: Plan) -> dict:
    refused = plan.decision is Decision.REFUSED
    return {
        "Plan": DECISIONS[plan.decision],
        "Reason": plan.because,
        "Expected time": None if refused else plan.estimate_seconds,
        "Saves": plan.saves_seconds or None,
    }


def expected(seconds: float) -> str:
    return f"about {duration(seconds)}" if seconds else "none"


def launchable(plans: Sequence[Plan]) -> list[Plan]:
    return [plan for plan in plans if plan.decision is not Decision.REFUSED]


def to_do(plans: Sequence[Plan]) -> list[Plan]:
    return [plan for plan in launchable(plans) if plan.decision is not Decision.REUSED]


def total(plans: Sequence[Plan]) -> str:
    """The caption under the table: runs, expected time, savings, and disk space."""
    work = to_do(plans)
    parts = [count(len(work), "run") if work else "No new runs"]
    if work:
        sources = listed(sorted({plan.estimate_source for plan in work}))
        seconds = duration(sum(plan.estimate_seconds for plan in work))
        parts.append(f"about {seconds} in total, estimated from {sources}")
    parts += _saved(plans)
    stored = sum(plan.features_stored for plan in work)
    if stored:
        parts.append(f"features of {stored} are cached already")
    added = sum(plan.disk_bytes for plan in work)
    if added:
        parts.append(f"caches up to {size(added)} of features for later runs")
    return "; ".join(parts) + "."


def _saved(plans: Sequence[Plan]) -> list[str]:
    saving = [plan for plan in plans if plan.saves_seconds]
    if not saving:
        return []
    how = "measured" if all(plan.saves_source == "measured" for plan in saving) else "estimated"
    return [f"earlier results save {duration(sum(plan.saves_seconds for plan in saving))} ({how})"]


def concerns(plans: Sequence[Plan], together: Sequence[Concern]) -> bool:
    """Shows the concerns; False while one of them is unconfirmed or forbids the launch."""
    single = [concern for plan in launchable(plans) for concern in plan.concerns]
    found = list(dict.fromkeys([*together, *single]))
    refused = [concern for concern in found if concern.level is Level.REFUSE]
    impossible = dict.fromkeys(plan.because for plan in plans if plan.decision is Decision.REFUSED)
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


def launch_label(plans: Sequence[Plan]) -> str:
    work = len(to_do(plans))
    if not launchable(plans):
        return "Nothing can be launched"
    if not work:
        return "Show the run" if len(launchable(plans)) == 1 else "Show the runs"
    return f"Launch {count(work, 'run')}"
