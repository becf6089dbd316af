"""Smaller models of a finished run: what they save, what they lose, and what can still be made."""

from collections.abc import Sequence

import streamlit as st

from core.backbones.values import HERE
from core.comparison.non_inferiority import MOST_LOSS, Replacement
from core.comparison.smaller import SmallerModel, kind, recommended
from core.planning.decide import Decision
from core.planning.grid_plan import GridPlan
from core.recipes.labels import HYPERPARAMETERS, PRECISIONS
from core.recipes.patterns import Pattern
from core.runs.values import Run
from core.text.units import about, count, listed, milliseconds, percent, plain, points, rough_duration, size
from core.web.parts.labels import interval
from core.web.parts.rights import allowed
from core.web.parts.tables import table
from core.web.runs.rows import attempt, open_link
from core.workbench import Workbench

_LOSS = "run.most-loss"

_HELP = (
    "Fewer bits (quantization), or a smaller backbone that learns what this model predicts (distillation). Each "
    "becomes a run of its own, measured on the same test photos; this model stays as it is."
)

_CLEARLY_LESS = 0.9
"""Of the multiply-adds: a head alone makes no backbone smaller than itself."""

_VERDICTS = {
    Replacement.NOT_WORSE: "not worse",
    Replacement.WORSE: "worse",
    Replacement.OPEN: "not shown: too few test photos",
}


def smaller(bench: Workbench, run: Run) -> None:
    """Nothing for a quantized model: its source has the comparison."""
    if run.recipe.pattern is Pattern.QUANTIZATION or not bench.has_model(run.id):
        return
    st.header("Smaller model", anchor=False, help=_HELP)
    loss = st.session_state.get(_LOSS, 100 * MOST_LOSS)
    found = bench.smaller_models(run.id, loss / 100)
    if found:
        st.number_input(
            "Accuracy that may be lost (points)", 0.1, 50.0, loss, 0.5, "%.1f", key=_LOSS, width=280,
            help="A smaller model is called not worse only where the interval of the difference on the test photos "
            "excludes a larger loss.",
        )  # fmt: skip
        _results(found)
    _quantize(bench, run)
    _distil(bench, run)


def _results(found: Sequence[SmallerModel]) -> None:
    best = recommended(found)
    st.markdown(f"**Use {plain(best.run.name)}**: {_saving(best)}." if best else _open(found))
    table([_row(one) for one in found], key="run.smaller", height="content")
    with st.container(horizontal=True):
        for one in found:
            open_link(one.run, f"Open {kind(one)}")
    if len(found) > 1:
        st.caption(f"Intervals are corrected for {len(found)} comparisons (Bonferroni).")


def _open(found: Sequence[SmallerModel]) -> str:
    """Why none is recommended."""
    tests = [one.test for one in found if one.test is not None]
    if not tests:
        return "None was tested: predictions for the test photos are missing."
    line = f"None is shown to lose at most {points(tests[0].most_loss)} on {count(tests[0].photos, 'test photo')}."
    needed = [one.photos_needed for one in tests if one.photos_needed is not None]
    return f"{line} {about(min(needed), 'test photo').capitalize()} could show it for one of them." if needed else line


def _saving(one: SmallerModel) -> str:
    parts = [f"{size(one.bytes)} instead of {size(one.bytes_before)}"]
    if one.milliseconds is not None and one.milliseconds_before is not None:
        parts.append(f"{milliseconds(one.milliseconds)} instead of {milliseconds(one.milliseconds_before)} a photo")
    if one.test is not None:
        parts.append(f"it loses at most {points(max(-one.test.low, 0.0))} of accuracy")
    return ", ".join(parts)


def _row(one: SmallerModel) -> dict[str, str]:
    test = one.test
    return {
        "Made": kind(one),
        "Size": f"{size(one.bytes)} of {size(one.bytes_before)}",
        "Time per photo": f"{milliseconds(one.milliseconds)} (before {milliseconds(one.milliseconds_before)})",
        "Test accuracy": percent(one.run.test_accuracy, interval(one.run)),
        "Difference (points)": "–"
        if test is None
        else f"{100 * test.difference:+.1f} ({100 * test.low:+.1f} to {100 * test.high:+.1f})",
        "Verdict": "not tested: predictions are missing" if test is None else _VERDICTS[test.outcome],
    }


def _quantize(bench: Workbench, run: Run) -> None:
    """A button for the precisions that were not made yet; those that wait or run are named."""
    plan = bench.shrink_plan(run.id)
    if not plan.launchable and plan.refused:
        st.caption(plain(plan.refused[0].because))
        return
    _name_waiting(bench, plan)
    new = [one for one in plan.launchable if one.decision is not Decision.REUSED]
    if not new:
        return
    precisions = [one.recipe.hyperparameters.precision for one in new]
    st.button(
        f"Quantize: {listed([PRECISIONS[one] for one in precisions])}", icon=":material/compress:", key="run.quantize",
        on_click=attempt, args=(bench.shrink, run.id, precisions),
        **allowed(help=HYPERPARAMETERS["precision"].description),
    )  # fmt: skip
    st.caption(f"About {rough_duration(plan.seconds)}. Nothing is trained.")


def _distil(bench: Workbench, run: Run) -> None:
    """A smaller backbone that is ready, and a button that trains it on what this model predicts."""
    students = _students(bench, run)
    if not students:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Smaller backbone", list(students), format_func=students.__getitem__, key="run.student", width=280,
            help=HYPERPARAMETERS["teacher_weight"].description,
        )  # fmt: skip
        plan = bench.shrink_plan(run.id, (), [chosen])
        (row,) = plan.rows
        refused, known = row.decision is Decision.REFUSED, row.decision is Decision.REUSED
        st.button(
            "Distil into it", icon=":material/school:", key="run.distil",
            on_click=attempt, args=(bench.shrink, run.id, (), [chosen]),
            **allowed(disabled=refused or known, help=plain(row.because) if refused else None),
        )  # fmt: skip
    if refused:
        st.caption(plain(row.because))
    elif known:
        _name_waiting(bench, plan)
    else:
        st.caption(f"About {rough_duration(plan.seconds)}.")


def _students(bench: Workbench, run: Run) -> dict[str, str]:
    """Backbones that are ready and need clearly less computation than the model, by name with their titles."""
    cost = bench.registry.cost(run.id)
    return {
        backbone.name: backbone.title
        for backbone, state in bench.backbones()
        if cost
        and state in HERE
        and not backbone.is_trained
        and backbone.multiply_adds < _CLEARLY_LESS * cost.multiply_adds
    }


def _name_waiting(bench: Workbench, plan: GridPlan) -> None:
    reused = [one for one in plan.plans if one.decision is Decision.REUSED and one.run_id]
    waiting = [plain(one.name) for one in reused if not bench.registry.run(one.run_id or "").status.ended]
    if waiting:
        st.caption(f"{listed(waiting)}: in the queue or running. The page Runs shows them.")
