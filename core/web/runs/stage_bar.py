"""The bar of the stage that a run is in."""

import streamlit as st

from core.planning.remaining import StageTimes, stage_left
from core.runs.stages import stage_label
from core.runs.values import Progress
from core.text.units import amount, duration, glued, plain, rough_duration, size

STARTING = "Starting the trainer"
_ALMOST_DONE = 3.0
"""Seconds."""


def stage_bar(progress: Progress | None, times: StageTimes, now: float, *, left: float, before: str = "") -> None:
    """A progress bar with its text: ``Training: 12 of 30 epochs, about 40 s left``.

    Args:
        times: usual durations, for stages that cannot be counted. left: seconds left of the run.
        before: said before the stage ("Stopping …").
    """
    if progress is None:
        st.progress(0.0, text=plain(f"{before} {STARTING}".strip()))
        return
    text = f"{before} {stage_text(progress, times, now, left)}"
    st.progress(times.fraction(progress, now), text=glued(plain(text.strip())))


def stage_text(progress: Progress, times: StageTimes, now: float, left: float) -> str:
    """The text of ``stage_bar``. A stage that takes longer than usual says so, instead of a time left.

    Args:
        left: seconds left of the run; those of the stage are a part of them.
    """
    label = stage_label(progress.stage)
    in_stage = stage_left(left, progress, times, now)
    rest = f", about {rough_duration(in_stage)} left" if in_stage else ""
    if progress.total:
        return f"{label}: {_counted(progress)}{rest}"
    elapsed = times.elapsed(progress, now)
    so_far = f"{elapsed:.0f} s" if elapsed < 60 else duration(elapsed)
    return f"{label}: {so_far} so far{rest or ', longer than usual'}"


def left_text(seconds: float) -> str:
    """Time left of a run: ``about 2 min left``; near its end the estimate is not worth a figure."""
    return "almost done" if seconds < _ALMOST_DONE else f"about {rough_duration(seconds)} left"


def _counted(progress: Progress) -> str:
    if progress.unit == "bytes":
        return f"{size(progress.done)} of {size(progress.total)}"
    return f"{amount(progress.done)} of {amount(progress.total)} {progress.unit}".rstrip()
