"""The result of a comparison in one sentence. Names are not escaped: escape the sentence where it is shown."""

from collections.abc import Iterable, Mapping, Sequence

from core.comparison.cost_axes import cost_kind
from core.comparison.paired import Paired
from core.comparison.table import Row, best
from core.text.units import count, p_value, percent, points, times


def pair_sentence(pair: Paired, names: Mapping[str, str]) -> str:
    """The result of one comparison: which run is more accurate, or that they are not distinguishable."""
    a, b = names.get(pair.a, pair.a), names.get(pair.b, pair.b)
    low, high, difference = pair.low, pair.high, pair.difference
    if difference < 0:
        a, b, low, high, difference = b, a, -high, -low, -difference
    photos = count(pair.n, "test photo")
    if difference == 0:
        return f"{a} and {b} are not distinguishable: both have the same accuracy on {photos}."
    if pair.tie:
        margin = f"{points(difference)} more accurate on {photos}, not statistically significant ({_p(pair)})"
        return f"{a} is not distinguishable from {b}: {margin}."
    interval = f"{100 * low:.1f} to {100 * high:.1f}"
    return f"{a} is more accurate than {b} by {points(difference)} (95 %: {interval}, {_p(pair)})."


def _p(pair: Paired) -> str:
    corrected = f", corrected for {pair.comparisons} comparisons" if pair.comparisons > 1 else ""
    return p_value(pair.adjusted_p) + corrected


def outcome_sentence(rows: Sequence[Row], pairs: Iterable[Paired], cost: str = "alone_wall_seconds") -> str:
    """What accuracy against cost shows: "Lite1 is not distinguishable from Lite0, at a fifth of the training time".

    Args:
        pairs: of ``against_best`` for these rows; without them nothing is said about differences.
    """
    rivals = {row.run.id: row for row in rows}
    tested = [pair for pair in pairs if pair.a in rivals and pair.b in rivals]
    if not tested:
        return _alone(best(rows))
    leader = rivals[tested[0].a]
    ties = [rivals[pair.b] for pair in tested if pair.tie]
    if ties:
        return _of_tie(leader, ties, cost)
    closest = min(tested, key=lambda pair: pair.difference)
    second = rivals[closest.b]
    margin = points(closest.difference)
    return f"{leader.name} is more accurate than {second.name} by {margin}{_price(leader, second, cost)}"


def _alone(top: Row | None) -> str:
    if top is None:
        return "No run has been measured on the test photos yet"
    return f"{top.name}: {percent(top.accuracy, top.interval)} test accuracy"


def _of_tie(leader: Row, ties: Sequence[Row], cost: str) -> str:
    """The cheapest run not distinguishable from the best against the best (if it is the best: against the next)."""
    key = cost_kind(cost).key
    priced = [row for row in (leader, *ties) if row.value(key) is not None]
    cheapest = min(priced, key=lambda row: row.value(key), default=leader)
    other = leader if cheapest is not leader else max(ties, key=lambda row: row.accuracy or 0.0)
    return f"{cheapest.name} is not distinguishable from {other.name}{_price(cheapest, other, cost)}"


def _price(row: Row, other: Row, cost: str) -> str:
    kind = cost_kind(cost)
    ours, theirs = row.value(kind.key), other.value(kind.key)
    return f", at {times(ours / theirs)} {kind.title}" if ours is not None and theirs else ""
