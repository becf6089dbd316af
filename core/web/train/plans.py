"""What will happen with every ticked cell, why, what it costs and what is saved; concerns before anything starts."""

import time
from collections.abc import Sequence

import streamlit as st

from core.planning.checks import many_runs
from core.planning.decide import Concern, Decision, Level, Plan
from core.recipes.recipe import Recipe
from core.text.units import count, duration, listed, plain, size
from core.web.parts.tables import name_column, number, table
from core.web.train.hyperparameters import REPETITIONS
from core.workbench import Workbench

WORK = {
    Decision.REUSED: "● reused",
    Decision.RESUMED: "↻ resumed",
    Decision.EXTENDED: "→ extended",
    Decision.NEW: "○ new",
    Decision.REFUSED: "✕ refused",
}
_MOST_SENTENCES = 5
_BLOCKED = ":material/block:"
_FORCE, _LOOKED = "train.force", "train.looked"
_FRESH = 30
"""Seconds after which files may have changed (stored features, downloaded weights) that no registry counts."""


def worth_planning(recipes: Sequence[Recipe]) -> bool:
    """How often and how anew; of a huge grid first whether it is meant, since even looking takes a while."""
    often, anew = st.columns([1, 3], vertical_alignment="bottom")
    often.number_input(
        "Repetitions", 1, 50, 1, key=REPETITIONS,
        help="Every recipe with so many seeds in a row: shows how much of a difference is luck.",
    )  # fmt: skip
    help_ = "Trains as a further repetition (the next seed) instead of reusing or going on with what is there."
    anew.toggle("Train anew what is known already", key=_FORCE, help=help_)
    concern = many_runs(len(recipes))
    if concern is None:
        return True
    st.warning(plain(concern.sentence), icon=":material/help:")
    return st.checkbox(f"Show what will happen with all {len(recipes)}", key="train.many")


def look(bench: Workbench, dataset_id: str, recipes: Sequence[Recipe]) -> list[Plan]:
    """The plan of every recipe; what was looked at a moment ago and cannot have changed is not looked at again."""
    if st.session_state.get(_FORCE):
        return bench.plan(dataset_id, recipes, force=True)
    state = (str(bench.settings.home), dataset_id, bench.registry.change_counter(), int(time.time() / _FRESH))
    before, known = st.session_state.get(_LOOKED, (None, {}))
    known = dict(known) if before == state else {}
    missing = [recipe for recipe in recipes if recipe not in known]
    known |= zip(missing, bench.plan(dataset_id, missing), strict=True)
    st.session_state[_LOOKED] = (state, known)
    return [known[recipe] for recipe in recipes]


def summary(plans: Sequence[Plan]) -> None:
    """One row per cell."""
    seeds = len({plan.recipe.hyperparameters.seed for plan in plans}) > 1
    rows = [_row(plan) | ({"Seed": plan.recipe.hyperparameters.seed} if seeds else {}) for plan in plans]
    columns = {
        "Run": name_column("Run", [plan.name for plan in plans]),
        "Because": st.column_config.TextColumn(width="large"),
        "Expected time": number(
            "Expected time", "Where the estimate is from is said below; waiting in the queue is not counted."
        ),
        "Saves": number("Saves", "Time that what is known already saves: finished epochs, and features kept on disk."),
    }
    order = ["Run", *(["Seed"] if seeds else []), "What happens", "Expected time"]
    order += ["Saves"] if any(plan.saves_seconds for plan in plans) else []
    order += ["Because"]  # the longest comes last: figures stay in view
    words = {"Expected time": expected, "Saves": duration}
    table(rows, key="train.summary", words=words, columns=columns, column_order=order)


def _row(plan: Plan) -> dict:
    refused = plan.decision is Decision.REFUSED
    return {
        "Run": plan.name,
        "What happens": WORK[plan.decision],
        "Because": plan.because,
        "Expected time": None if refused else plan.estimate_seconds,
        "Saves": plan.saves_seconds or None,
    }


def expected(seconds: float) -> str:
    return f"about {duration(seconds)}" if seconds else "nothing"


def launchable(plans: Sequence[Plan]) -> list[Plan]:
    return [plan for plan in plans if plan.decision is not Decision.REFUSED]


def to_do(plans: Sequence[Plan]) -> list[Plan]:
    return [plan for plan in launchable(plans) if plan.decision is not Decision.REUSED]


def total_words(plans: Sequence[Plan]) -> str:
    """Under the table: how much there is to do, what is saved, and what it adds to the disk."""
    work = to_do(plans)
    parts = [f"{count(len(work), 'run')} to do" if work else "Nothing new to do"]
    if work:
        sources = listed(sorted({plan.estimate_source for plan in work}))
        total = duration(sum(plan.estimate_seconds for plan in work))
        parts.append(f"about {total} in all, an estimate from {sources}")
    parts += _saved(plans)
    stored = sum(plan.features_stored for plan in work)
    if stored:
        parts.append(f"features of {stored} are stored already and cost nothing")
    added = sum(plan.disk_bytes for plan in work)
    if added:
        parts.append(f"features of up to {size(added)} will be stored for the runs to come")
    return "; ".join(parts) + "."


def _saved(plans: Sequence[Plan]) -> list[str]:
    saving = [plan for plan in plans if plan.saves_seconds]
    if not saving:
        return []
    how = "measured" if all(plan.saves_source == "measured" for plan in saving) else "an estimate"
    return [f"what is known already saves {duration(sum(plan.saves_seconds for plan in saving))} ({how})"]


def concerns(plans: Sequence[Plan], together: Sequence[Concern]) -> bool:
    """What to think of before launching; False until the person has said yes, or when it cannot be launched at all."""
    single = [concern for plan in launchable(plans) for concern in plan.concerns]
    found = list(dict.fromkeys([*together, *single]))
    refused = [concern for concern in found if concern.level is Level.REFUSE]
    impossible = dict.fromkeys(plan.because for plan in plans if plan.decision is Decision.REFUSED)
    _sentences([Concern(level=Level.REFUSE, sentence=one) for one in impossible], st.error, _BLOCKED)
    _sentences(refused, st.error, _BLOCKED)
    asked = [concern for concern in found if concern.level is Level.ASK]
    _sentences(asked, st.warning, ":material/help:")
    _sentences([concern for concern in found if concern.level is Level.NOTE], st.info, ":material/info:")
    if not asked:
        return not refused
    # the key holds what was said, so that a yes to one thing is no yes to another
    sure = st.checkbox("Launch all the same", key=f"train.sure.{'|'.join(concern.sentence for concern in asked)}")
    return sure and not refused


def _sentences(found: Sequence[Concern], say, icon: str) -> None:
    """One box for all of a level, so that ten networks with one problem are not ten boxes."""
    if not found:
        return
    shown = [plain(concern.sentence) for concern in found[:_MOST_SENTENCES]]
    more = len(found) - len(shown)
    shown += [f"… and {count(more, 'further remark')} like these."] if more else []
    say("  \n".join(shown), icon=icon)


def launch_label(plans: Sequence[Plan]) -> str:
    work = len(to_do(plans))
    if not launchable(plans):
        return "Nothing can be launched"
    if not work:
        return "Show the run" if len(launchable(plans)) == 1 else "Show the runs"
    return f"Launch {count(work, 'run')}"
