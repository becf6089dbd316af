"""The runs of a launch as a race: validation accuracy over time, and the leaderboard that reorders under it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st

from core.charts.race import race_chart
from core.charts.styles import run_colour, run_styles
from core.comparison.race import Racer, race, validation_accuracies
from core.runs.stages import short_stage_label
from core.runs.values import Progress, Run, Status
from core.text.units import duration, glued, percent, rough_duration
from core.web.parts import run_table
from core.web.parts.charts import draw
from core.web.parts.device import is_narrow
from core.web.parts.labels import interval
from core.web.parts.run_table import RunLine, TableColumn
from core.web.parts.widgets import status_word
from core.web.runs.stage_bar import left_text
from core.workbench import Workbench

_MOST_ROWS = 12
"""Rows of the leaderboard that are seen at once; more can be scrolled to."""


@dataclass(frozen=True, kw_only=True)
class RacerLine(RunLine):
    """One run of the leaderboard.

    Args:
        done: fraction that is done, 0..1. left: seconds until it ends, None where it has ended.
    """

    racer: Racer
    progress: Progress | None
    done: float
    left: float | None

    @property
    def run(self) -> Run:
        return self.racer.run


def show(
    bench: Workbench,
    runs: Sequence[Run],
    progress: Mapping[str, Progress | None],
    left: Mapping[str, float],
    done: Mapping[str, float],
) -> None:
    """Chart and leaderboard of runs of one dataset; the height stays the same from the launch to the end.

    Args:
        progress: of the running ones; left: seconds until the end, of running and waiting ones; done: fraction of the
            running ones; all by run id.
    """
    ids = [run.id for run in runs]
    costs = bench.registry.costs(ids)
    stages = bench.registry.stages_of(ids) | {run_id: cost.stages for run_id, cost in costs.items()}
    training_seconds = {run_id: cost.alone_wall_seconds for run_id, cost in costs.items()}
    validation = validation_accuracies(runs, bench.settings)
    racers = race(runs, bench.registry.epochs_of(ids), stages, validation, training_seconds)
    styles = run_styles(runs)
    dataset = runs[0].dataset_id
    chart = race_chart(racers, styles, revision=f"{dataset} {len(ids)}")
    draw(chart, key=f"race.{dataset}", alt=f"Validation accuracy over time. {chart.title}")
    lines = [
        RacerLine(
            run_id=racer.run.id,
            name=racer.name,
            racer=racer,
            progress=progress.get(racer.run.id),
            done=_done(racer.run, done),
            left=left.get(racer.run.id),
        )
        for racer in racers
    ]
    _leaderboard(lines, key=f"race.table.{dataset}")
    st.caption(f"{_order(runs)} {chart.caption}")


def _done(run: Run, running: Mapping[str, float]) -> float:
    """Fraction of a run that is done; of a failed or stopped one the epochs that it trained."""
    if run.status is Status.FINISHED:
        return 1.0
    if run.status.ended and run.recipe.is_trained:
        return min(1.0, run.epochs_done / run.recipe.hyperparameters.epochs)
    return running.get(run.id, 0.0)


def _order(runs: Sequence[Run]) -> str:
    if all(run.status.ended for run in runs):
        return "Order: test accuracy; of equals the shorter training time first."
    return "Order: validation accuracy so far, provisional until all have ended."


def _leaderboard(lines: Sequence[RacerLine], *, key: str) -> None:
    narrow, statuses = is_narrow(), {line.run.status for line in lines}
    over, finished = all(status.ended for status in statuses), statuses == {Status.FINISHED}
    widest = (_ONLY_NAME if finished else _NARROW_NAME) if narrow else _NAME
    name = run_table.name_column(lines, widest, wrapped=narrow)
    colour = run_table.colour_column(lambda line: run_colour(line.run), tall=bool(name.row_height))
    columns = {column.key: column for column in (_RANK, colour, name, *_COLUMNS)}
    changing = ("validation", "test", "spent") if over else ("done", "validation", "test", "time")
    wide = ("rank", "colour", "name", "status", *changing)
    left_out = {*(["left"] if over else []), *(["status"] if finished else [])}
    on_a_phone = [key for key in _ON_A_PHONE if key not in left_out]
    shown = [columns[key] for key in (on_a_phone if narrow else wide)]
    run_table.draw(lines, shown, key=key, most=_MOST_ROWS)


def _status(line: RacerLine) -> str:
    """The stage of a running run, else its status."""
    if line.run.status is not Status.RUNNING or line.progress is None:
        return status_word(line.run.status)
    symbol = status_word(Status.RUNNING).partition(" ")[0]
    return f"{symbol} {short_stage_label(line.progress.stage)}"


def _test(line: RacerLine) -> str:
    return "" if line.run.test_accuracy is None else percent(line.run.test_accuracy, interval(line.run))


def _either(line: RacerLine) -> str:
    """On a phone: the test accuracy, before it the validation accuracy."""
    accuracy = line.racer.accuracy
    return _test(line) or ("" if accuracy is None else f"{percent(accuracy)} so far")


def _left(line: RacerLine) -> str:
    """In a narrow column, where hours and minutes are on two lines."""
    return "" if line.left is None else rough_duration(line.left)


def _time(line: RacerLine) -> str:
    if line.left is not None:  # the title says that it is estimated, so no "about" makes the column wider
        return glued(left_text(line.left).removeprefix("about "))
    return "" if line.run.wall_seconds is None else duration(line.run.wall_seconds)


_TEXT = st.column_config.TextColumn
_RIGHT = partial(st.column_config.TextColumn, alignment="right")
_RANK = TableColumn(
    key="rank", title="#", cell=lambda line: line.racer.rank, config=st.column_config.NumberColumn,
    options={"width": 40},
)  # fmt: skip
_COLUMNS = (
    TableColumn(key="status", title="Status", cell=_status, config=_TEXT, options={"width": 160}),
    TableColumn(
        key="done", title="Progress", help="By time, estimated; of failed and stopped runs by epochs.",
        cell=lambda line: round(100 * line.done),
        config=st.column_config.ProgressColumn, options={"format": "%d %%", "max_value": 100, "width": 120},
    ),
    TableColumn(
        key="validation", title="Validation accuracy", help="Of the epoch that would be kept now.",
        cell=lambda line: "" if line.racer.accuracy is None else percent(line.racer.accuracy), config=_RIGHT,
    ),
    TableColumn(
        key="test", title="Test accuracy", help="With its 95 % interval; measured once, when the run has finished.",
        cell=_test, config=_RIGHT,
    ),
    TableColumn(
        key="time", title="Time", help="Time left, estimated; of an ended run the time spent.", cell=_time,
        config=_RIGHT, options={"width": 124},
    ),
    TableColumn(
        key="spent", title="Time spent", help="Wall-clock time of all attempts, without waiting in the queue.",
        cell=_time, config=_RIGHT, options={"width": 125},
    ),
    TableColumn(key="either", title="Accuracy", cell=_either, config=_RIGHT, options={"width": 124}),
    TableColumn(key="left", title="Left", cell=_left, config=_RIGHT, options={"width": 62}),
)  # fmt: skip
_ON_A_PHONE = ("colour", "name", "either", "left", "status")
_NAME, _NARROW_NAME, _ONLY_NAME = 312, 112, 194
"""Pixels: all columns are visible; on a phone the accuracy and the status, and without status the whole table."""
