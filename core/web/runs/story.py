"""Where a run comes from and what came of it: recipe, stages, attempts, repetitions, lineage, reproduction."""

from statistics import mean, stdev

import streamlit as st

from core.errors import NotFound
from core.recipes.labels import hyperparameter_label, method_title, value_text
from core.recipes.recipe import PARTS
from core.runs.values import Run, Status
from core.text.units import count, duration, listed, moment, percent, plain, points
from core.web.parts.labels import interval, slot_label
from core.web.parts.tables import number, table
from core.web.runs.rows import open_link
from core.workbench import Workbench
from core.workbench.reproduce import Reproduction


def recipe(bench: Workbench, run: Run) -> None:
    """What was tried, without the numbers its way does not look at."""
    parts = [_title(bench, name) for name in (*run.recipe.backbones, *run.recipe.runs)]
    rows = [{"What": "Pattern", "Value": method_title(run.recipe)}]
    rows += [{"What": "Made of" if len(parts) > 1 else "Backbone", "Value": part} for part in parts]
    rows += [
        {"What": hyperparameter_label(run.recipe.pattern, name).title, "Value": value_text(value)}
        for name, value in run.recipe.settings().items()
        if name not in PARTS
    ]
    if run.extends:
        rows.append({"What": "Continues run", "Value": run.extends})
    table(rows, key="run.recipe", height="content")


def _title(bench: Workbench, name: str) -> str:
    """Of a backbone or a run; one that was deleted keeps its id."""
    try:
        return f"{bench.registry.run(name).name} ({name})" if name.startswith("r-") else bench.backbone(name).title
    except NotFound:
        return f"{name} (deleted)"


def stages(bench: Workbench, run: Run) -> None:
    """What learned when, and from where on."""
    rows = [
        {
            "Stage": stage.name,
            "Epochs": f"{stage.first_epoch} to {stage.last_epoch}",
            "Done": stage.epochs_done,
            "Learns": listed(["head", *stage.trained], 4),
            "Starts from": stage.cut,
            "Learning rate": stage.learning_rate,
        }
        for stage in bench.stages(run.id)
    ]
    if rows:
        st.markdown(f"**{count(len(rows), 'stage')}**")
        columns = {
            "Starts from": st.column_config.TextColumn(help="The cut: what lies below it is computed once and kept."),
            "Learning rate": number("Learning rate", "Of the head and the topmost block that learns."),
        }
        table(rows, key="run.stages", formats={"Learning rate": lambda rate: f"{rate:g}"}, columns=columns)


def attempts(bench: Workbench, run: Run) -> None:
    rows = [
        {
            "Attempt": one.number,
            "Started (UTC)": moment(one.started_at),
            "First epoch": one.first_epoch,
            "Took": duration(one.ended_at - one.started_at) if one.ended_at else "still running",
            "On": slot_label(one.slot),
            "Ended as": one.outcome.lower() or "–",
        }
        for one in bench.registry.attempts(run.id)
    ]
    if rows:
        st.markdown(f"**{count(len(rows), 'attempt')}**")
        table(rows, key="run.attempts")


def repetitions(bench: Workbench, run: Run) -> None:
    """The same recipe with other seeds: how much is luck."""
    same = bench.repetitions(run.id)
    if len(same) < 2:
        return
    st.subheader("Repetitions", anchor=False)
    reached = [one.test_accuracy for one in same if one.test_accuracy is not None]
    if len(reached) > 1:
        st.markdown(
            f"{count(len(reached), 'seed')}: right on {percent(mean(reached))} on average, from "
            f"{percent(min(reached))} to {percent(max(reached))} (standard deviation {points(stdev(reached))})."
        )
    with st.container(key="rows-repetitions"):
        for one in same:
            _run_line(one, f"seed {one.recipe.hyperparameters.seed}", here=one.id == run.id)
    finished = [one.id for one in same if one.status is Status.FINISHED]
    if len(finished) > 1:
        query = {"runs": ",".join(finished[:12])}
        st.page_link("pages/compare.py", label="Compare them", icon=":material/bar_chart:", query_params=query)


def _run_line(run: Run, what: str, *, here: bool = False) -> None:
    said = percent(run.test_accuracy, interval(run)) if run.test_accuracy is not None else str(run.status).lower()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"{plain(what)}: {said}{' (this run)' if here else ''}", width="content")
        if not here:
            open_link(run)


def lineage(bench: Workbench, run: Run) -> None:
    """The runs it was made from, and those made from it."""
    found = bench.lineage(run.id)
    if not (found.parents or found.lost or found.children):
        return
    st.subheader("Lineage", anchor=False)
    for title, runs in (("Made from", found.parents), ("Used by", found.children)):
        if runs:
            st.markdown(f"**{title}**")
            for one in runs:
                _run_line(one, one.name)
    if found.lost:
        st.caption(f"Made from runs that were deleted since: {plain(listed(found.lost))}.")


def reproduction(bench: Workbench, run: Run) -> None:
    """Whether the same run gives the same numbers again."""
    found = bench.reproduction(run.id)
    if found is None:
        return
    st.subheader("Done again", anchor=False)
    other = found.original if found.again.id == run.id else found.again
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(_verdict(found), width="content")
        open_link(other, "The first run" if other.id == found.original.id else "The second run")
    if found.identical is None:
        return
    rows = [
        {"Metric": one.name, "First": one.original, "Again": one.again, "Difference": one.difference}
        for one in found.differences
    ]
    formats = dict.fromkeys(("First", "Again"), lambda value: f"{value:.6g}") | {"Difference": _signed}
    table(rows, key="run.reproduction", formats=formats)


def _verdict(found: Reproduction) -> str:
    if found.identical is None:
        return "It is being done again with the same seed; every metric is compared when it is finished."
    if found.identical:
        return "**Reproduced:** the same seed gave the very same numbers, bit for bit."
    differing = ""
    if found.photos_differing is not None:
        differing = f" The probabilities of {count(found.photos_differing, 'test photo')} differ."
    return f"**Not bit for bit the same:** see how far the numbers are apart.{differing}"


def _signed(value: float) -> str:
    return "0" if value == 0 else f"{value:+.3g}"
