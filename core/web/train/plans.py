"""The plan: what happens with every recipe and why, its expected time, and what is good to know before."""

import streamlit as st

from core.planning.decide import Concern, Decision, Level, Plan
from core.planning.grid_plan import GridPlan, Row
from core.text.units import count, listed, plain, rough_duration, rough_range
from core.web.parts.device import is_narrow
from core.web.parts.run_names import all_fitting, lines_for, row_height
from core.web.parts.tables import WIDEST_NAME, name_column, number, table

DECISIONS = {
    Decision.REUSED: "● reused",
    Decision.RESUMED: "↻ resumed",
    Decision.EXTENDED: "→ extended",
    Decision.NEW: "○ new",
    Decision.REFUSED: "✕ refused",
}
AT_ONCE = 300
"""Recipes that are planned without asking: about half a second."""

_MOST_NOTES, _NARROW_NAME = 5, 200


def worth_planning(number: int) -> bool:
    """Asks before a very large grid is planned, since that takes a while."""
    if number <= AT_ONCE:
        return True
    st.warning(f"These are {count(number, 'run')}; planning them takes a while.", icon=":material/help:")
    return st.checkbox(f"Plan all {count(number, 'run')}", key=f"train.many.{number}")


def first_line(plan: GridPlan | None) -> str:
    """The first line of the page."""
    if plan is None or not plan.rows:
        return "Plan: nothing is ticked. Tick at least one pattern and one backbone."
    return plain(f"Plan: {plan.sentence[:1].lower()}{plan.sentence[1:]}.")


def details(plan: GridPlan) -> None:
    """One row per run, and what the estimates are based on."""
    seeds = len({row.recipe.hyperparameters.seed for row in plan.plans}) > 1
    widest = _NARROW_NAME if is_narrow() else WIDEST_NAME
    names = [row.name for row in plan.rows]
    high = lines_for(names, widest, wrapped=is_narrow())
    names = all_fitting(names, widest, high) if is_narrow() else names
    rows = [{"Run": name} | _row(row) for name, row in zip(names, plan.rows, strict=True)]
    columns = {
        "Run": name_column("Run", names, widest=widest),
        "Reason": st.column_config.TextColumn(width=300),
        "Expected time": number("Expected time", "After the runs above it, without what they share.", width=105),
        "Range": st.column_config.TextColumn(_range_title(plan), help="The sentence below says what it rests on."),
        "Saves": number("Saves", "Time saved by finished epochs and cached features.", width=80),
    }
    order = ["Run", *(["Seed"] if seeds else []), "Plan", "Expected time"]
    order = ["Run", "Expected time", *order[1:-1]] if is_narrow() else order  # two columns are seen on a phone
    order += ["Range"] if any(one.band for one in plan.plans) else []
    order += ["Saves"] if any(one.saves_seconds for one in plan.plans) else []
    order += ["Reason"]  # the longest comes last, so that the numbers stay visible
    formats = {"Expected time": _expected, "Saves": rough_duration}
    table(rows, key="train.summary", formats=formats, columns=columns, column_order=order, row_height=row_height(high))
    if plan.to_do:
        sentences = [f"Estimated from {listed(sorted(plan.estimate_sources))}.", *plan.forecast_sentences]
        sentences += [plan.copied_sentence] if plan.copied_sentence else []
        st.caption(plain(" ".join(sentences)))


def _row(row: Row) -> dict:
    known = isinstance(row, Plan) and row.decision is not Decision.REFUSED
    return {
        "Seed": row.recipe.hyperparameters.seed if isinstance(row, Plan) else None,
        "Plan": DECISIONS[row.decision],
        "Reason": row.because,
        "Expected time": row.estimate_seconds if isinstance(row, Plan) and known else None,
        "Range": _range(row) if isinstance(row, Plan) else "",
        "Saves": (row.saves_seconds or None) if isinstance(row, Plan) else None,
    }


def _range(plan: Plan) -> str:
    """``10–15 s``; the sentence below the table says what it rests on."""
    return "" if plan.band is None else rough_range(*plan.band.of(plan.estimate_seconds))


def _range_title(plan: GridPlan) -> str:
    measured = all(one.band.is_measured for one in plan.plans if one.band)
    return "80 % range" if measured else "Estimated range"


def _expected(seconds: float) -> str:
    return rough_duration(seconds) if seconds else "none"


def notes(plan: GridPlan) -> None:
    """What is good to know about the runs."""
    found = [concern.sentence for concern in concerns(plan, Level.NOTE)]
    if not found:
        return
    more = len(found) - _MOST_NOTES
    shown = [plain(one) for one in found[:_MOST_NOTES]] + ([f"… and {more} more."] if more > 0 else [])
    st.info("  \n".join(shown), icon=":material/info:")


def concerns(plan: GridPlan, level: Level) -> list[Concern]:
    """The concerns of a level, about all runs together and about single ones, each once."""
    single = [concern for one in plan.launchable for concern in one.concerns]
    return [concern for concern in dict.fromkeys([*plan.concerns, *single]) if concern.level is level]
