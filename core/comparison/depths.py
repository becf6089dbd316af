"""Runs that differ in nothing but the depth (and the seed): where accuracy and cost cross."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import mean

from core.comparison.table import Row
from core.recipes.naming import without
from core.recipes.patterns import Pattern

_ASIDE = ("depth", "seed")
"""In these the runs of a series may differ."""


@dataclass(frozen=True, kw_only=True)
class DepthPoint:
    """What was measured at one depth; the mean over its seeds.

    Args:
        depth: in blocks from the top. low, high: the 95 % interval of a single run, None for several.
        seconds: ``alone_wall_seconds``; ms_per_photo: of the model; None unless all runs were measured.
    """

    depth: int
    run_ids: tuple[str, ...]
    accuracy: float
    low: float | None
    high: float | None
    seconds: float | None
    ms_per_photo: float | None


@dataclass(frozen=True, kw_only=True)
class DepthSeries:
    """One backbone and pattern at two or more depths, the shallowest first."""

    name: str
    pattern: Pattern
    points: tuple[DepthPoint, ...]


def depth_series(rows: Iterable[Row]) -> tuple[DepthSeries, ...]:
    """Every family of measured runs that has at least two depths, most depths first."""
    families: dict[str, dict[int, list[Row]]] = defaultdict(lambda: defaultdict(list))
    for row in rows:
        if row.accuracy is not None and "depth" in row.run.recipe.settings():
            families[_family(row)][row.run.recipe.hyperparameters.depth].append(row)
    found = [by_depth for by_depth in families.values() if len(by_depth) > 1]
    firsts = [min(by_depth.items())[1][0] for by_depth in found]
    titles = [without(row.name, row.run.recipe, _ASIDE) for row in firsts]
    names = [row.name if titles.count(title) > 1 else title for row, title in zip(firsts, titles, strict=True)]
    series = [_series(name, by_depth) for name, by_depth in zip(names, found, strict=True)]
    return tuple(sorted(series, key=lambda one: -len(one.points)))


def _family(row: Row) -> str:
    """All settings but depth and seed."""
    settings = {name: value for name, value in row.run.recipe.settings().items() if name not in _ASIDE}
    return json.dumps([row.run.dataset_id, settings])


def _series(name: str, by_depth: dict[int, list[Row]]) -> DepthSeries:
    pattern = next(iter(by_depth.values()))[0].run.recipe.pattern
    return DepthSeries(
        name=name, pattern=pattern, points=tuple(_point(depth, rows) for depth, rows in sorted(by_depth.items()))
    )


def _point(depth: int, rows: Sequence[Row]) -> DepthPoint:
    alone = rows[0] if len(rows) == 1 else None
    return DepthPoint(
        depth=depth,
        run_ids=tuple(row.run.id for row in rows),
        accuracy=mean(row.accuracy for row in rows if row.accuracy is not None),
        low=alone.run.test_low if alone else None,
        high=alone.run.test_high if alone else None,
        seconds=_mean([row.value("alone_wall_seconds") for row in rows]),
        ms_per_photo=_mean([row.value("ms_per_photo") for row in rows]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return mean(known) if len(known) == len(values) else None
