"""What parallel coordinates show: one axis per setting that differs, one for the cost, one for the accuracy."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from core.charts.look import spans_decades
from core.comparison.cost_axes import cost_kind
from core.comparison.table import Row
from core.recipes.differences import Difference
from core.recipes.hyperparameters import BOUNDS
from core.recipes.labels import choice_title
from core.text.units import brief, percent

MOST_SETTINGS = 7
_MOST_CHOICES = 12
_LONGEST_CHOICE = 28
_FEW = 6
"""Numbers of a setting up to which each has a position of its own, as choices have."""
_WITHOUT_AXIS = ("seed", "members", "mapping", "prompts")
"""Random, or different in nearly every run: they explain nothing."""
NOT_USED = "not used"


@dataclass(frozen=True, kw_only=True)
class ParallelAxis:
    """One upright axis from 0 (bottom) to 1.

    Args:
        ticks: (position, label). positions, labels: by run id.
    """

    title: str
    ticks: tuple[tuple[float, str], ...]
    positions: Mapping[str, float]
    labels: Mapping[str, str]


def drawn_settings(differing: Sequence[Difference]) -> list[Difference]:
    """The settings that get an axis, in their order: few enough values, and used by as many runs as possible."""
    drawable = [one for one in differing if one.name not in _WITHOUT_AXIS]
    drawable = [one for one in drawable if one.name in BOUNDS or len(set(one.values.values())) <= _MOST_CHOICES]
    used = sorted(drawable, key=lambda one: sum(value is None for value in one.values.values()))[:MOST_SETTINGS]
    return [one for one in drawable if one in used]


def measured_rows(rows: Sequence[Row]) -> list[Row]:
    """Those with an accuracy, the least accurate first: the best are drawn last, on top."""
    return sorted((row for row in rows if row.accuracy is not None), key=lambda row: row.accuracy or 0.0)


def parallel_axes(
    rows: Sequence[Row], differing: Sequence[Difference], cost: str = "alone_wall_seconds", currency: str = "EUR"
) -> tuple[ParallelAxis, ...]:
    """Of the rows with an accuracy: settings, then the cost (if it was measured at all), then the accuracy."""
    shown = measured_rows(rows)
    axes = [_setting(one, shown) for one in drawn_settings(differing)]
    kind = cost_kind(cost)
    paid = {row.run.id: row.value(kind.key) for row in shown}
    if any(value is not None for value in paid.values()):
        axes.append(_numbers(kind.title, paid, lambda value: kind.words(value, currency), absent="not measured"))
    accuracy = {row.run.id: row.accuracy for row in shown}
    return (*axes, _numbers("test accuracy", accuracy, percent, absent=""))


def _setting(one: Difference, rows: Sequence[Row]) -> ParallelAxis:
    texts = {row.run.id: one.values.get(row.run.id) for row in rows}
    if one.name == "input_size":  # numbers with a unit, and words where several backbones have their own
        return _choices(one.in_text, texts, lambda text: f"{text.partition(' ')[0]:>5} {text}")
    if one.name in BOUNDS:
        values = {run_id: None if text is None else float(text) for run_id, text in texts.items()}
        if len(set(values.values()) - {None}) > _FEW:
            return _numbers(one.in_text, values, lambda value: f"{value:g}", absent=NOT_USED)
        return _choices(one.in_text, {run_id: text and f"{float(text):g}" for run_id, text in texts.items()}, float)
    titles = {run_id: text and choice_title(one.name, text) for run_id, text in texts.items()}
    return _choices(one.in_text, titles, str)


def _choices(title: str, texts: Mapping[str, str | None], order: Callable[[str], str | float]) -> ParallelAxis:
    """A slot per choice, the runs of one choice side by side in the given order, so that none hides another."""
    choices = sorted({text for text in texts.values() if text is not None}, key=order)
    slots: list[str | None] = ([None] if None in texts.values() else []) + list(choices)
    height = 1 / len(slots)
    positions = {}
    for slot, choice in enumerate(slots):
        members = [run_id for run_id, text in texts.items() if text == choice]
        for number, run_id in enumerate(members, start=1):
            positions[run_id] = height * (slot + 0.2 + 0.6 * number / (len(members) + 1))
    labels = {run_id: text or NOT_USED for run_id, text in texts.items()}
    ticks = tuple(
        (height * (slot + 0.5), brief(choice or NOT_USED, _LONGEST_CHOICE)) for slot, choice in enumerate(slots)
    )
    return ParallelAxis(title=title, ticks=ticks, positions=positions, labels=labels)


def _numbers(
    title: str, values: Mapping[str, float | None], label: Callable[[float], str], *, absent: str
) -> ParallelAxis:
    """Numbers from the bottom to the top, on a logarithmic scale where they span decades; absent ones at the bottom."""
    known = [value for value in values.values() if value is not None]
    floor = 0.12 if len(known) < len(values) else 0.0
    scaled = math.log if spans_decades(known) else float
    low, high = (scaled(min(known)), scaled(max(known))) if known else (0.0, 0.0)

    def position(value: float | None) -> float:
        if value is None:
            return 0.0
        return floor + (1 - floor) * ((scaled(value) - low) / (high - low) if high > low else 0.5)

    ticks = [(position(value), label(value)) for value in _ticks(known, log=scaled is math.log)]
    return ParallelAxis(
        title=title,
        ticks=((0.0, absent), *ticks) if floor else tuple(ticks),
        positions={run_id: position(value) for run_id, value in values.items()},
        labels={run_id: absent if value is None else label(value) for run_id, value in values.items()},
    )


def _ticks(values: Sequence[float], *, log: bool) -> list[float]:
    """The values themselves where they are few; else five evenly spread ones, both ends among them."""
    found = sorted(set(values))
    if len(found) > _FEW:
        low, high = found[0], found[-1]
        steps = [part / 4 for part in range(1, 4)]
        middle = [low * (high / low) ** step if log else low + (high - low) * step for step in steps]
        return [low, *middle, high]
    return found
