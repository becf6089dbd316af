"""Recipe, stages, attempts, repetitions, lineage and reproduction of a run."""

from statistics import mean, stdev

import streamlit as st

from core.backbones.added import is_run
from core.errors import NotFound
from core.output.forecasts import forecast_sentence
from core.recipes.labels import hyperparameter_label, method_title, value_text
from core.recipes.patterns import Pattern
from core.recipes.recipe import PARTS
from core.runs.values import Run, Status
from core.text.units import count, duration, listed, percent, plain, points
from core.web.parts import times
from core.web.parts.labels import input_size_label, interval, slot_label
from core.web.parts.tables import number, table
from core.web.parts.widgets import STATUSES, page_link
from core.web.runs.rows import open_link
from core.workbench import Workbench
from core.workbench.reproduce import Reproduction

_SOURCES = {Pattern.DISTILLATION: ("Backbone", "Teacher"), Pattern.QUANTIZATION: ("Quantized model",)}
"""What the sources of a recipe are called where they are no members."""


def recipe(bench: Workbench, run: Run) -> None:
    """The parts of the recipe, and the hyperparameters that its pattern uses."""
    recipe = run.recipe
    sources = (*recipe.backbones, *recipe.runs)
    titles = _SOURCES.get(recipe.pattern) or ("Member" if len(sources) > 1 else "Backbone",) * len(sources)
    rows = [{"Setting": "Pattern", "Value": method_title(recipe)}]
    rows += [{"Setting": title, "Value": _title(bench, name)} for title, name in zip(titles, sources, strict=True)]
    rows += [
        {
            "Setting": hyperparameter_label(run.recipe.pattern, name).title,
            "Value": input_size_label(bench, recipe) if name == "input_size" else value_text(value),
        }
        for name, value in run.recipe.settings().items()
        if name not in PARTS
    ]
    if run.extends:
        rows.append({"Setting": "Continues run", "Value": run.extends})
    table(rows, key="run.recipe", height="content")


def _title(bench: Workbench, name: str) -> str:
    """The title of a backbone or run; the id of a deleted one."""
    try:
        return f"{bench.registry.run(name).name} ({name})" if is_run(name) else bench.backbone(name).title
    except NotFound:
        return f"{name} (deleted)"


def stages(bench: Workbench, run: Run) -> None:
    """Which layers were trained in which epochs."""
    rows = [
        {
            "Stage": stage.name,
            "Epochs": f"{stage.first_epoch} to {stage.last_epoch}",
            "Done": stage.epochs_done(run.epochs_done),
            "Trained": listed(["head", *stage.trained], 4),
            "Starts from": stage.cut,
            "Learning rate": stage.learning_rate,
        }
        for stage in bench.stages(run.id)
    ]
    if rows:
        st.markdown(f"**{count(len(rows), 'stage')}**")
        columns = {
            "Starts from": st.column_config.TextColumn(help="The layers below this cut are computed once and cached."),
            "Learning rate": number("Learning rate", "Of the head and the topmost unfrozen block."),
        }
        table(rows, key="run.stages", formats={"Learning rate": "{:g}".format}, columns=columns)


def attempts(bench: Workbench, run: Run) -> None:
    rows = [
        {
            "Attempt": one.number,
            times.column("Started"): times.cell(one.started_at),
            "First epoch": one.first_epoch,
            "Time spent": duration(one.ended_at - one.started_at) if one.ended_at else "still running",
            "Device": slot_label(one.slot),
            "Outcome": one.outcome.lower() or "–",
        }
        for one in bench.registry.attempts(run.id)
    ]
    if rows:
        st.markdown(f"**{count(len(rows), 'attempt')}**")
        table(rows, key="run.attempts")
    for one in bench.registry.forecasts_of([run.id]).get(run.id, ()):
        st.caption(plain(f"Attempt {one.attempt}: {forecast_sentence(one)}"))


def repetitions(bench: Workbench, run: Run) -> None:
    """The same recipe with other seeds, and the variance of the accuracy."""
    same = bench.repetitions(run.id)
    if len(same) < 2:
        return
    st.header("Repetitions", anchor=False)
    reached = [one.test_accuracy for one in same if one.test_accuracy is not None]
    if len(reached) > 1:
        st.markdown(
            f"{count(len(reached), 'seed')}: mean test accuracy {percent(mean(reached))}, from {percent(min(reached))} "
            f"to {percent(max(reached))} (standard deviation {points(stdev(reached))})."
        )
    with st.container(key="rows-repetitions"):
        for one in same:
            _run_line(one, f"seed {one.recipe.hyperparameters.seed}", here=one.id == run.id)
    finished = [one.id for one in same if one.status is Status.FINISHED]
    if len(finished) > 1:
        page_link("compare", "Compare repetitions", runs=",".join(finished[:12]))


def _run_line(run: Run, label: str, *, here: bool = False) -> None:
    result = (
        percent(run.test_accuracy, interval(run)) if run.test_accuracy is not None else STATUSES[run.status][0].lower()
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{plain(label)}: {result}{' (this run)' if here else ''}", width="content")
        if not here:
            open_link(run)


def lineage(bench: Workbench, run: Run) -> None:
    """The runs it uses, and the runs that use it."""
    found = bench.lineage(run.id)
    if not (found.parents or found.lost or found.children):
        return
    st.header("Lineage", anchor=False)
    for title, runs in (("Uses", found.parents), ("Used by", found.children)):
        if runs:
            st.markdown(f"**{title}**")
            for one in runs:
                _run_line(one, one.name)
    if found.lost:
        st.caption(f"It also uses runs that were deleted since: {plain(listed(found.lost))}.")


def reproduction(bench: Workbench, run: Run) -> None:
    """Whether training again with the same seed gave the same metrics."""
    found = bench.reproduction(run.id)
    if found is None:
        return
    st.header("Reproduction", anchor=False)
    other = found.original if found.again.id == run.id else found.again
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_outcome(found), width="content")
        open_link(other, "Original run" if other.id == found.original.id else "Repeated run")
    if found.identical is None:
        return
    rows = [
        {"Metric": one.name, "Original": one.original, "Repeated": one.again, "Difference": one.difference}
        for one in found.differences
    ]
    formats = dict.fromkeys(("Original", "Repeated"), "{:.6g}".format) | {"Difference": _signed}
    table(rows, key="run.reproduction", formats=formats)


def _outcome(found: Reproduction) -> str:
    if found.identical is None:
        return "The repeated run has not finished yet; then every metric is compared."
    if found.identical:
        return "**Reproduced:** all metrics are bit-identical."
    differing = ""
    if found.photos_differing is not None:
        differing = f" The probabilities of {count(found.photos_differing, 'test photo')} differ."
    return f"**Not bit-identical:** the table shows the differences.{differing}"


def _signed(value: float) -> str:
    return "0" if value == 0 else f"{value:+.3g}"
