"""The card on top of the page Compare: which run to use and why, which is the most accurate, who is not
distinguishable from it, and what they cost; then the next steps."""

import streamlit as st

from core.comparison.cost_axes import COSTS, CostKind
from core.comparison.paired import Family
from core.comparison.summary import accuracy_text, family_sentence, recommendation, repetitions_sentence
from core.comparison.verdict import RankedRun, Verdict
from core.datasets.values import Dataset
from core.text.units import brief, count, glued, plain
from core.web.compare import actions
from core.web.compare.selected import Selected
from core.web.parts import champion
from core.web.parts.labels import cost_title
from core.web.parts.widgets import dotted

NAMED = 3
"""Lines for runs that are not distinguishable; where there are more, the last one counts them."""
_COSTS = ("alone_wall_seconds", "ms_per_photo", "model_bytes")


def show(dataset: Dataset, selected: Selected | None) -> None:
    """The card, or a sentence on what is missing."""
    found = None if selected is None else selected.comparison.verdict
    if selected is None or found is None:
        st.caption(headline(dataset, selected))
        return
    with st.container(border=True, key="verdict-card", gap="small"):
        st.header(glued(headline(dataset, selected)), anchor=False)
        with st.grid(_cells(found), min_column_width=230, gap=("small", "medium")):
            _candidates(selected, found)
        subset = selected.comparison.subset
        st.caption(_tested(found, "" if subset is None else f"On {subset.words}."))
        _next(selected, found)


def headline(dataset: Dataset, selected: Selected | None) -> str:
    """The recommendation in markdown; about the chosen runs, else about all that match the filters."""
    if selected is None:
        return f"No run of {plain(dataset.name)} matches the filters."
    found = selected.comparison.verdict
    if found is None:
        return "None of these runs has been measured on the test photos yet."
    if found.runs == 1 and selected.chosen:
        reached = f"{selected.name(found.best.run_id)}: {accuracy_text(found.best)} test accuracy."
        return f"{plain(reached)} Select a second run to compare it with."
    use = {one.run_id: brief(selected.name(one.run_id)) for one in (found.best, found.recommended)}
    text = recommendation(found, use)
    if selected.chosen and text.startswith("Use "):
        text = f"Of the {found.runs} selected runs, use {text.removeprefix('Use ')}"
    return plain(text)


def _cells(found: Verdict) -> int:
    """How many cells ``_candidates`` draws."""
    apart = found.recommended is not found.best
    return 1 + apart + (len(found.ties) > apart)


def _candidates(selected: Selected, found: Verdict) -> None:
    """A cell each for the recommended run, the most accurate one, and those not distinguishable from it."""
    best, use = found.best, found.recommended
    if use is best:
        _candidate(selected, best, "Most accurate" if found.runs == 1 else "Recommended, most accurate")
    else:
        _candidate(selected, use, "Recommended")
        _candidate(selected, best, "Most accurate")
    others = [one for one in found.ties if one is not use]
    if others:
        _ties(selected, others, also=use is not best)


def _candidate(selected: Selected, one: RankedRun, label: str) -> None:
    row = selected.row(one.run_id)
    known = [] if row is None else [(COSTS[key], row.value(key)) for key in _COSTS if row.value(key) is not None]
    with st.container(gap="xxsmall"):
        st.caption(label, help="  \n".join(f"{cost_title(kind)}: {kind.help}" for kind, _ in known) or None)
        _chip(selected, one)
        st.markdown(f"**{accuracy_text(one)}**")
        if known:
            st.caption(" · ".join(_cost(kind, value) for kind, value in known))


def _cost(kind: CostKind, value: float) -> str:
    """``12.4 s training time``, ``3.1 ms per photo``, ``14 MB``."""
    said = plain(kind.words(value)).replace(" ", "\N{NO-BREAK SPACE}")
    return {"ms_per_photo": f"{said} per photo", "model_bytes": said}.get(kind.key, f"{said} {kind.title}")


def _ties(selected: Selected, others: list[RankedRun], *, also: bool) -> None:
    """The first with their colours and accuracies, then how many more."""
    named = others if len(others) <= NAMED else others[: NAMED - 1]  # a line for how many more there are
    with st.container(gap="xxsmall"):
        st.caption(f"{'Also not' if also else 'Not'} distinguishable from the most accurate")
        for one in named:
            _chip(selected, one)
        if len(others) > len(named):
            st.caption(f"{len(others) - len(named)} more, marked in the leaderboard")


def _chip(selected: Selected, one: RankedRun) -> None:
    dotted(selected.name(one.run_id), selected.colour(one.run_id))


def _tested(found: Verdict, photos: str) -> str:
    """The hypotheses that were tested, and the runs that are not named above; ``photos``: where not on all."""
    parts = [photos] if photos else []
    if found.worse:
        parts.append(f"Significantly less accurate: {count(found.worse, 'run')}.")
    if found.untested:
        parts.append(f"Measured, but not tested (results per photo not known): {count(found.untested, 'run')}.")
    if found.comparisons:
        parts.append(f"McNemar's exact test on {count(found.photos, 'test photo')}.")
        parts.append(family_sentence(Family.BEST, found.comparisons) + repetitions_sentence(found))
    return plain(" ".join(parts))


def _next(selected: Selected, found: Verdict) -> None:
    """Buttons: predict, make champion, and a menu of the rare ones."""
    bench, run_id = selected.bench, found.recommended.run_id
    with st.container(horizontal=True, vertical_alignment="center", key="compare.next"):
        gone = not bench.has_model(run_id)
        if st.button(
            "Predict with it", icon=":material/image_search:", type="primary",
            key="compare.predict", disabled=gone, help="Its weights were deleted." if gone else None,
        ):  # fmt: skip
            st.switch_page("pages/predict.py", query_params={"models": run_id})
        champion.make_button(bench, bench.registry.run(run_id), key="compare.champion")
        actions.menu(selected)
