"""How far off forecasts are: corrections, 80 % bands and errors from what earlier runs of this machine took.

A forecast is what the model of speeds expects, times the median ratio measured / model of the newest past runs. Its
band is what the model expects, times two quantiles of that ratio. Both rest on the model's own expectation, never on a
corrected one, so a correction does not change what later ones are computed from. The band is split conformal prediction
with the relative error as score (Vovk, Gammerman and Shafer 2005; Lei et al. 2018, "Distribution-free predictive
inference for regression"): where the next error is exchangeable with the past ones, the next ratio lies below the k-th
smallest of n with probability k / (n + 1). The quantile of rank p (n + 1) is interpolated between neighbours (type 6 of
Hyndman and Fan 1996), so that the coverage is 80 % on average instead of at least 80 %. Errors drift with the load of a
machine, which breaks exchangeability: only the newest count, and the coverage is shown. Fewer past errors leave the
average coverage as it is, but that of a single band varies more (standard deviation 9 % with 20). Forecasts from before
any speed was measured are off for another reason, and count only for memory.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
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

NEWEST = 20
"""Past forecasts of a group (or past launches) that a band rests on."""

LEAST_TO_CORRECT = 5
"""Past forecasts that a correction needs."""

CORRECTING = 9
"""Newest past forecasts whose median error corrects the next one, as many as runs that give a speed."""

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
        """Measured by expected before any correction; None where it was not measured, or says nothing about this."""
        match self:
            case Quantity.SECONDS:
                return one.model_ratio if one.speed_known else None
            case Quantity.MEMORY:
                return one.memory_ratio
            case Quantity.ENERGY:
                return one.energy_model_ratio if one.speed_known else None


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
            return f"80 % range from the errors of {count(self.compared, 'past forecast')}: {self.basis}."
        if not self.compared:
            none = "this machine has no past forecast from measured speeds"
            return f"The range is an estimate, half to twice the forecast: {none}."
        there = f"{'is' if self.compared == 1 else 'are'} {self.compared}"
        needed = f"an 80 % range needs {LEAST} past forecasts on this machine, and there {there}"
        return f"The range is an estimate, half to twice the forecast: {needed}."


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
        text = f"{round(self.within * self.runs)} of {count(self.runs, 'forecast')} were within 20 %"
        if self.inside is None:
            return f"{text}; none had an 80 % range yet."
        return f"{text}; of {self.banded} with an 80 % range {round(self.inside * self.banded)} lay inside."


def _whole(value: float) -> str:
    return f"{round(100 * value)} %"


class ForecastHistory:
    """Compared forecasts of one machine.

    Args:
        past: the newest first. watts: mean power while runs were trained, None where it was never measured.
    """

    def __init__(self, past: Sequence[RunForecast] = (), *, watts: float | None = None) -> None:
        self.past, self.watts = tuple(past), watts
        self._corrections: dict[str, float] = {}

    def band(self, kind: str, quantity: Quantity = Quantity.SECONDS) -> Band:
        """Around the corrected forecast: from runs of this kind where there are enough of them, else from all, else
        assumed."""
        correction = 1.0 if quantity is Quantity.MEMORY else self.correction(kind)
        for ratios, basis in ((self._of_kind(kind, quantity), Basis.KIND), (self._ratios(quantity), Basis.MACHINE)):
            if len(ratios) >= LEAST:
                newest = ratios[:NEWEST]
                return _band([ratio / correction for ratio in newest], len(newest), basis)
        return Band(low=ASSUMED[0], high=ASSUMED[1], compared=len(ratios), basis=Basis.NOTHING)

    def correction(self, kind: str) -> float:
        """A factor of what the model expects: the median of the newest ratios of this kind where there are enough of
        them, else of all, else 1."""
        if kind not in self._corrections:
            groups = self._of_kind(kind, Quantity.SECONDS), self._ratios(Quantity.SECONDS)
            enough = [ratios for ratios in groups if len(ratios) >= LEAST_TO_CORRECT]
            self._corrections[kind] = float(median(enough[0][:CORRECTING])) if enough else 1.0
        return self._corrections[kind]

    def launch_band(self, parts: Sequence[tuple[str, float]]) -> Band:
        """Of the sum of several runs' durations.

        The ends of the single bands must not be added: that holds only where all errors go in one direction. How far
        they do is in the history: errors of one launch are drawn together, because load and a wrong speed affect all of
        its runs (bootstrap of whole clusters, Davison and Hinkley 1997, section 3.8). With fewer than ``LEAST``
        launches that is not known, and the sum gets the relative band of one run, which is what errors of one direction
        give, and the widest.

        Args:
            parts: kind and expected (corrected) seconds of every run.
        """
        kinds = {kind for kind, _ in parts}
        if len(parts) == 1 or not parts:
            return self.band(next(iter(kinds), ""))
        launches = [ratios for ratios in self._by_launch.values() if ratios]
        if len(launches) < LEAST:
            return self._band_of_kinds(kinds)
        compared = sum(map(len, launches))
        return _band(_drawn(launches, [seconds for _, seconds in parts]), compared, Basis.LAUNCHES, len(launches))

    @cached_property
    def error(self) -> ForecastError | None:
        """Of the newest ``SHOWN``; None without any."""
        return error_of(self.past[:SHOWN])

    def _band_of_kinds(self, kinds: set[str]) -> Band:
        """Of one run of any of them."""
        if len(kinds) == 1:
            return self.band(next(iter(kinds)))
        rest = self._corrected[:NEWEST]
        if len(rest) >= LEAST:
            return _band(rest, len(rest), Basis.MACHINE)
        return Band(low=ASSUMED[0], high=ASSUMED[1], compared=len(rest), basis=Basis.NOTHING)

    def _of_kind(self, kind: str, quantity: Quantity) -> list[float]:
        found = (quantity.ratio(one) for one in self.past if one.kind == kind)
        return [ratio for ratio in found if ratio is not None]

    def _ratios(self, quantity: Quantity) -> list[float]:
        return [ratio for ratio in map(quantity.ratio, self.past) if ratio is not None]

    @cached_property
    def _corrected(self) -> list[float]:
        """What is left of every error once it is corrected as the next forecast of its kind."""
        return [ratio for ratios in self._by_launch.values() for ratio in ratios]

    @cached_property
    def _by_launch(self) -> dict[str, list[float]]:
        """Errors that are left after the correction, the newest launch first."""
        found: defaultdict[str, list[float]] = defaultdict(list)
        for one in self.past:
            ratio = Quantity.SECONDS.ratio(one)
            if ratio is not None:
                found[one.launch].append(ratio / self.correction(one.kind))
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
