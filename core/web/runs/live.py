"""What happens now: time left, the race of the followed runs, running and waiting runs; refreshed every second."""

import time
from collections.abc import Mapping, Sequence

import streamlit as st

from core import jobs
from core.jobs.reports import progress_of
from core.planning.remaining import TimeLeft
from core.runs.values import Run, Status
from core.text.units import amount, count, plain, rough_duration
from core.web.parts import not_there
from core.web.parts.polling import poll
from core.web.parts.widgets import explained, heading
from core.web.runs import followed, next_step, race_panel
from core.web.runs.rows import Names, active_ids, attempt, no_running_row, running_row, time_left_of, waiting_rows
from core.workbench import Workbench


def show(bench: Workbench, counts: Mapping[Status, int], names: Names) -> None:
    """Heading and everything that changes by itself.

    Args:
        counts: number of all runs by status. names: dataset id -> title.
    """
    running, waiting = bench.registry.runs(status=Status.RUNNING), bench.registry.queue()
    active = [*running, *waiting]
    ids = followed.followed_ids(bench, active)
    gone = not_there.missing(bench, "runs", "dataset")
    time_left = time_left_of(bench, active)
    next_step.open_compare(bench, ids)
    known = active_ids(running, waiting)
    poll(lambda: _panel(bench, ids, names, counts, time_left, known, gone), bool(known), seconds=_seconds(len(ids)))


def _seconds(followed: int) -> float:
    """Between two refreshes: a launch of 50 runs takes 50 ms of the processor each time, which trains as well."""
    return 1.0 if followed <= 12 else 2.0


def _panel(
    bench: Workbench,
    ids: Sequence[str],
    names: Names,
    counts: Mapping[Status, int],
    time_left: TimeLeft,
    known: frozenset,
    gone: Sequence[str],
) -> None:
    """Redraws the whole page once when the status of a running or waiting run has changed.

    Args:
        gone: sentences on what the address names and is not there.
    """
    with explained():
        running, waiting, now = bench.registry.runs(status=Status.RUNNING), bench.registry.queue(), time.time()
        progress = progress_of((run.id for run in running), bench.settings, bench.registry)
        left = time_left.of(running, waiting, progress, now)
        runs = bench.registry.runs_of(ids)
        supervised = not known or jobs.supervisor_status(bench.settings).running
        if not supervised:  # then no waiting run starts, so their end is not known
            left = {run.id: left[run.id] for run in running}
        paused = jobs.why_paused(bench.settings) if waiting else ""
        line = f"{first_line(runs, counts, left if supervised else {})} {next_step.advice(bench, runs)}"
        heading("Runs", line.rstrip())
        not_there.note(gone)
        with st.container(key="next-step"):  # always there: elements that come and go would move those after them
            if not supervised:
                _supervisor_notice(bench)
            elif paused:
                st.warning(plain(paused), icon=":material/hard_drive:")
            next_step.show(bench, runs)
        done = {run.id: time_left.done(run, left[run.id], now) for run in running}
        datasets = list(dict.fromkeys(run.dataset_id for run in runs))
        for dataset_id in datasets:
            where = f": {plain(names.get(dataset_id, dataset_id))}" if len(datasets) > 1 else ""
            st.header(f"Validation accuracy over time{where}", anchor=False)
            race_panel.show(bench, [run for run in runs if run.dataset_id == dataset_id], progress, left, done)
        with st.container(key="failures"):
            next_step.failures(bench, runs)
        if running or waiting:
            st.header("Now", anchor=False)
        for run in sorted(running, key=lambda run: run.started_at or 0):
            running_row(bench, run, names, progress[run.id], time_left.times, left=left[run.id], now=now)
        if waiting and not running and supervised and not paused:
            no_running_row()
        if waiting:
            waiting_rows(bench, waiting, names)
        if active_ids(running, waiting) != known:
            st.rerun(scope="app")


def first_line(runs: Sequence[Run], counts: Mapping[Status, int], left: Mapping[str, float]) -> str:
    """How many of the followed runs are done and how long the rest takes; without followed runs, all runs by status.

    Args:
        counts: number of all runs by status. left: seconds until each running or waiting run ends; {} where that
            cannot be said.
    """
    if not runs:
        return _summary(counts)
    ended = [run for run in runs if run.status.ended]
    if len(ended) == len(runs):
        return _outcome(runs)
    number = {status: sum(run.status is status for run in runs) for status in _LABELS}
    without = [f"{number[one]} {_LABELS[one]}" for one in (Status.FAILED, Status.KILLED) if number[one]]
    text = f"{amount(len(ended))} of {amount(len(runs))} done" + (f" ({', '.join(without)})" if without else "")
    ahead = [left[run.id] for run in runs if run.id in left]
    return f"{text}, about {rough_duration(max(ahead))} left." if ahead else f"{text}."


def _outcome(runs: Sequence[Run]) -> str:
    """``All 6 runs are finished.``, ``5 of 6 runs are finished, 1 failed.``"""
    number = {status: sum(run.status is status for run in runs) for status in Status}
    finished, others = number[Status.FINISHED], [(Status.FAILED, "failed"), (Status.KILLED, "stopped")]
    if finished == len(runs):
        return "The run is finished." if finished == 1 else f"All {finished} runs are finished."
    rest = ", ".join(f"{number[status]} {word}" for status, word in others if number[status])
    return f"{finished} of {count(len(runs), 'run')} finished, {rest}."


_LABELS = {
    Status.RUNNING: "training now",
    Status.SCHEDULED: "waiting",
    Status.FINISHED: "finished",
    Status.FAILED: "failed",
    Status.KILLED: "stopped",
}


def _summary(counts: Mapping[Status, int]) -> str:
    total = sum(counts.values())
    if not total:
        return "No run has been launched yet."
    shown = [f"{counts[status]} {label}" for status, label in _LABELS.items() if counts.get(status)]
    if len(shown) == 1 and total > 1:
        return f"{count(total, 'run')}, all {shown[0].partition(' ')[2]}."
    return f"{count(total, 'run')}: {', '.join(shown)}."


def _supervisor_notice(bench: Workbench) -> None:
    """A warning and a button to start the supervisor; without one waiting runs do not start."""
    with st.container(horizontal=True, vertical_alignment="center", key="supervisor-notice"):
        st.warning("No supervisor is running, so waiting runs will not start.", icon=":material/warning:")
        st.button(
            "Start supervisor",
            key="supervisor.start",
            icon=":material/play_arrow:",
            on_click=attempt,
            args=(bench.start_supervisor,),
        )
