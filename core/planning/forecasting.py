"""How far off forecasts are: 80 % bands and errors from what earlier runs of this machine took.

A band is the forecast times two quantiles of the ratio measured / forecast of past runs. This is split conformal
prediction with the relative error as score (Vovk, Gammerman and Shafer 2005; Lei et al. 2018, "Distribution-free
predictive inference for regression"): where the next error is exchangeable with the past ones, the next ratio lies
below the k-th smallest of n with probability k / (n + 1). The quantile of rank p (n + 1) is interpolated between
neighbours (type 6 of Hyndman and Fan 1996), so that the coverage is 80 % on average instead of at least 80 %. Errors
drift with the load of a machine, which breaks exchangeability: only the newest count, and the coverage is shown.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from statistics import median

import numpy as np

from core.runs.forecast import RunForecast
from core.text.units import count

LEVEL = 0.8
"""Of a band: the part of the runs that should lie inside of it."""

LEAST = 9
"""Past forecasts that a band needs: with fewer, both quantiles lie outside of what was seen (2 / (1 - LEVEL) - 1)."""

NEWEST = 60
"""Past forecasts of a group that count."""

SHOWN = 12
"""Newest forecasts whose median error stands beside a forecast."""

ASSUMED = (0.5, 2.0)
"""Factors of a band without history: assumed, and wider than what was measured (``docs/knowledge.md``)."""

WITHIN = 0.2
"""Relative error up to which a forecast counts as good."""

_DRAWS = 2000


class Quantity(StrEnum):
    """What is forecast with a band."""

    SECONDS = "seconds"
    MEMORY = "memory"
    ENERGY = "energy"

    def ratio(self, one: RunForecast) -> float | None:
        """Measured by expected; None where it was not measured."""
        match self:
            case Quantity.SECONDS:
                return one.ratio
            case Quantity.MEMORY:
                return one.memory_ratio
            case Quantity.ENERGY:
                return one.energy_ratio


class Basis(StrEnum):
    """What a band rests on."""

    KIND = "runs of this kind on this machine"
    MACHINE = "runs on this machine"
    LAUNCHES = "launches on this machine"
    NOTHING = "an assumption"


@dataclass(frozen=True, kw_only=True)
class Band:
    """An 80 % band as factors of a forecast.

    Args:
        compared: past forecasts that were compared with what was measured.
        basis: which; ``NOTHING`` where there are too few, and the band is ``ASSUMED``.
    """

    low: float
    high: float
    compared: int
    basis: Basis

    @property
    def is_measured(self) -> bool:
        return self.basis is not Basis.NOTHING

    def of(self, value: float) -> tuple[float, float]:
        """The ends of the band around a forecast."""
        return self.low * value, self.high * value

    @property
    def sentence(self) -> str:
        """What it rests on."""
        if self.is_measured:
            return f"80 % band from the errors of {count(self.compared, 'past forecast')}: {self.basis}."
        if not self.compared:
            return "The range is an estimate: no history of forecasts on this machine yet, so half to twice is assumed."
        so_far = f"{self.compared} of the {LEAST} past forecasts that an 80 % band needs"
        return f"The range is an estimate: {so_far} are there on this machine, so half to twice is assumed."


@dataclass(frozen=True, kw_only=True)
class ForecastError:
    """How far off the newest forecasts were.

    Args:
        runs: how many are compared. typical: median of |measured / forecast - 1|. within: part of them that was off by
            at most 20 %. banded, inside: how many had a band from history, and the part of those that lay inside of it
            (None without any).
    """

    runs: int
    typical: float
    within: float
    banded: int
    inside: float | None

    @property
    def sentence(self) -> str:
        which = "The last forecast was" if self.runs == 1 else f"The last {self.runs} forecasts were"
        return f"{which} off by {_whole(self.typical)}{'' if self.runs == 1 else ' (median)'}."

    @property
    def record(self) -> str:
        """How often they were good."""
        text = f"{_whole(self.within)} of {count(self.runs, 'forecast')} were within 20 %"
        if self.inside is None:
            return f"{text}; none had a band from history yet."
        return f"{text}; of {self.banded} with an 80 % band from history, {_whole(self.inside)} lay inside."


def _whole(value: float) -> str:
    return f"{round(100 * value)} %"


class ForecastHistory:
    """Compared forecasts of one machine.

    Args:
        past: the newest first. watts: mean power while runs were trained, None where it was never measured.
    """

    def __init__(self, past: Sequence[RunForecast] = (), *, watts: float | None = None) -> None:
        self.past, self.watts = tuple(past), watts

    def band(self, kind: str, quantity: Quantity = Quantity.SECONDS) -> Band:
        """From runs of this kind where there are enough of them, else from all, else assumed."""
        same = self._ratios(quantity, lambda one: one.kind == kind)
        if len(same) >= LEAST:
            return _band(same, len(same), Basis.KIND)
        return self._of_all(quantity)

    def launch_band(self, parts: Sequence[tuple[str, float]]) -> Band:
        """Of the sum of several runs' durations.

        The ends of the single bands must not be added: that holds only where all errors go in one direction. How far
        they do is in the history: errors of one launch are drawn together, because load and a wrong speed affect all of
        its runs (bootstrap of whole clusters, Davison and Hinkley 1997, section 3.8). With fewer than ``LEAST``
        launches that is not known, and the sum gets the relative band of one run, which is what errors of one direction
        give, and the widest.

        Args:
            parts: kind and expected seconds of every run.
        """
        kinds = {kind for kind, _ in parts}
        if len(parts) == 1 or not parts:
            return self.band(next(iter(kinds), ""))
        launches = [ratios for ratios in self._by_launch.values() if ratios]
        if len(launches) < LEAST:
            return self.band(next(iter(kinds))) if len(kinds) == 1 else self._of_all(Quantity.SECONDS)
        compared = sum(map(len, launches))
        return _band(_drawn(launches, [seconds for _, seconds in parts]), compared, Basis.LAUNCHES, len(launches))

    @cached_property
    def error(self) -> ForecastError | None:
        """Of the newest ``SHOWN``; None without any."""
        return error_of(self.past[:SHOWN])

    def _of_all(self, quantity: Quantity) -> Band:
        ratios = self._ratios(quantity, lambda _: True)
        if len(ratios) >= LEAST:
            return _band(ratios, len(ratios), Basis.MACHINE)
        return Band(low=ASSUMED[0], high=ASSUMED[1], compared=len(ratios), basis=Basis.NOTHING)

    def _ratios(self, quantity: Quantity, alike: Callable[[RunForecast], bool]) -> list[float]:
        found = (quantity.ratio(one) for one in self.past if alike(one))
        return [ratio for ratio in found if ratio is not None][:NEWEST]

    @cached_property
    def _by_launch(self) -> dict[str, list[float]]:
        found: defaultdict[str, list[float]] = defaultdict(list)
        for one in self.past:
            if one.ratio is not None:
                found[one.launch].append(one.ratio)
        return dict(list(found.items())[:NEWEST])


def error_of(past: Sequence[RunForecast]) -> ForecastError | None:
    """How far off these forecasts were; None without any that was compared."""
    ratios = [one.ratio for one in past if one.ratio is not None]
    if not ratios:
        return None
    off = [abs(ratio - 1) for ratio in ratios]
    banded = [one.is_inside for one in past if one.is_inside is not None and one.compared]
    counts = Counter(banded)
    return ForecastError(
        runs=len(ratios),
        typical=float(median(off)),
        within=sum(one <= WITHIN for one in off) / len(off),
        banded=len(banded),
        inside=counts[True] / len(banded) if banded else None,
    )


def _band(ratios: Sequence[float] | np.ndarray, compared: int, basis: Basis, number: int | None = None) -> Band:
    """Quantiles of the ratios. The forecast itself always lies inside: a machine that was always faster than expected
    is no reason to state a range without the number beside it.

    Args:
        number: of independent observations that the ratios were drawn from; None where they are these themselves.
    """
    tails = np.array([(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    if number is None:
        low, high = np.quantile(ratios, tails, method="weibull")
    else:  # where the rank p (n + 1) of n lies among many draws
        low, high = np.quantile(ratios, np.clip((tails * (number + 1) - 0.5) / number, 0.0, 1.0))
    return Band(low=min(1.0, float(low)), high=max(1.0, float(high)), compared=compared, basis=basis)


def _drawn(launches: Sequence[Sequence[float]], seconds: Sequence[float]) -> np.ndarray:
    """Ratios of the sum, with the errors of a launch drawn together; the same at every call."""
    generator = np.random.default_rng(0)
    weights = np.asarray(seconds, float) / max(sum(seconds), 1e-9)
    chosen = generator.integers(len(launches), size=_DRAWS)
    drawn = np.empty(_DRAWS)
    for number, ratios in enumerate(launches):
        rows = np.flatnonzero(chosen == number)
        if rows.size:
            drawn[rows] = generator.choice(np.asarray(ratios), size=(rows.size, weights.size)) @ weights
    return drawn
