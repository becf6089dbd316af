"""The verdict and a comparison in sentences. Names are not escaped: escape a sentence where it is shown."""

from collections.abc import Mapping, Sequence

from core.comparison.cost_axes import cost_kind
from core.comparison.paired import Family, Paired
from core.comparison.table import Row
from core.comparison.verdict import RankedRun, Standing, Verdict
from core.text.units import about, brief, count, listed, p_value, percent, points, times


def pair_sentence(pair: Paired, names: Mapping[str, str]) -> str:
    """The result of one comparison: which run is more accurate, or that they are not distinguishable."""
    if pair.difference < 0:
        pair = pair.turned
    a, b = names.get(pair.a, pair.a), names.get(pair.b, pair.b)
    photos = count(pair.n, "test photo")
    if pair.difference == 0:
        return f"{a} and {b} are not distinguishable: both have the same accuracy on {photos}."
    if pair.tie:
        margin = f"{points(pair.difference)} more accurate on {photos}, not statistically significant ({_p(pair)})"
        return f"{a} is not distinguishable from {b}: {margin}."
    interval = f"{100 * pair.low:.1f} to {100 * pair.high:.1f}"
    which = "95 %" if pair.comparisons == 1 else "corrected interval"
    return f"{a} is more accurate than {b} by {points(pair.difference)} ({which}: {interval}, {_p(pair)})."


def _p(pair: Paired) -> str:
    corrected = f", corrected for {pair.comparisons} comparisons" if pair.comparisons > 1 else ""
    return p_value(pair.adjusted_p) + corrected


def family_sentence(family: Family, comparisons: int) -> str:
    """What the p-values of a table are corrected for: "p is corrected for 7 comparisons: the best run against …"."""
    if comparisons < 2:
        return "One comparison, so p is not corrected."
    return f"p and intervals are corrected for {comparisons} comparisons: {family} (Holm)."


def recommendation(verdict: Verdict, names: Mapping[str, str]) -> str:
    """Which run to use, and why, in one or two sentences.

    "Use Lite1: not distinguishable from the most accurate, Lite2, at 40 % of its training time. About 60 more test
    photos would settle it."

    Args:
        names: by run id, of ``best`` and ``recommended`` at least.
    """
    use, best = verdict.recommended, verdict.best
    name, leader = names.get(use.run_id, use.run_id), names.get(best.run_id, best.run_id)
    if verdict.runs == 1:
        return f"{name} is the only run here that was measured on the test photos: add a second one to compare it with."
    if use is not best:
        share = verdict.time_share
        ratio = "" if share is None else times(share).removesuffix(" the")
        price = {"": "", "the same": ", at the same training time"}.get(ratio, f", at {ratio} its training time")
        same = "of the same accuracy as" if use.accuracy == best.accuracy else "not distinguishable from"
        return f"Use {name}: {same} the most accurate, {leader}{price}.{_settled(verdict)}"
    if verdict.ties:
        ties = count(len(verdict.ties), "other")
        price = "" if use.training_seconds is None else ", with the shortest training time of them"
        return f"Use {name}: the most accurate, not distinguishable from {ties}{price}.{_settled(verdict)}"
    if not verdict.comparisons:
        return f"Use {name}: the most accurate. The others cannot be tested against it."
    others = "the other" if verdict.comparisons == 1 else f"all {verdict.comparisons} others"
    return f"Use {name}: significantly more accurate than {others}."


NAMED = 3
"""Runs named in a sentence; of more only the number is given."""


def standings_sentence(verdict: Verdict, names: Mapping[str, str], *, after_recommendation: bool = False) -> str:
    """Who is not distinguishable from the best, and how many are worse; "" of a single run.

    Args:
        names: by run id; the ties that have none are counted.
        after_recommendation: whether ``recommendation`` stands before it, which may have counted the ties.
    """
    known = [names[one.run_id] for one in verdict.ties if one.run_id in names]
    unnamed = len(verdict.ties) - len(known)
    parts = []
    if verdict.ties and not (after_recommendation and verdict.recommended is verdict.best):
        who = count(len(verdict.ties), "other run") if unnamed or len(known) > NAMED else listed(known)
        parts.append(f"not distinguishable from the most accurate: {who}")
    if verdict.worse:
        parts.append(f"significantly less accurate: {count(verdict.worse, 'run')}")
    if verdict.untested:
        parts.append(f"not tested, since the results per photo are not known: {count(verdict.untested, 'run')}")
    return f"{_capital('; '.join(parts))}.{repetitions_sentence(verdict)}" if parts else ""


def repetitions_sentence(verdict: Verdict) -> str:
    """Why the numbers of runs are smaller than that of all runs, after a blank; "" where they are not."""
    return " Repetitions of a recipe count as one run." if verdict.repeated else ""


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


MOST_WORTH_SAYING = 100_000
"""A larger number of photos is no advice."""


def _settled(verdict: Verdict) -> str:
    more = verdict.more_photos
    if more is None or more > MOST_WORTH_SAYING:
        return ""
    return f" {_capital(about(more, 'more test photo'))} would settle it."


def accuracy_text(one: RankedRun) -> str:
    """``80 % (63–91)`` of one run; of repetitions ``81.2 % (mean of 3 repetitions)``."""
    mean = f" (mean of {one.repetitions} repetitions)" if one.repetitions > 1 else ""
    return f"{percent(one.accuracy, one.interval)}{mean}"


STANDINGS: Mapping[Standing, str] = {
    Standing.BEST: "Most accurate",
    Standing.TIE: "Not distinguishable from the most accurate",
    Standing.WORSE: "Significantly less accurate",
}
"""The words of legends and lists."""

BADGES: Mapping[Standing, str] = {
    Standing.BEST: "most accurate",
    Standing.TIE: "not distinguishable",
    Standing.WORSE: "less accurate",
}
"""The same for badges and columns, which have little room."""
REPETITION = "Repetition of the most accurate"
"""Of further repetitions of the best recipe: only one run of a dataset is called the most accurate."""


def standing_words(verdict: Verdict | None, run_id: str) -> str:
    """How a single run compares, for badges and lists; "" where that is not known."""
    standing = None if verdict is None else verdict.standing(run_id)
    if verdict is None or standing is None:
        return ""
    return REPETITION if verdict.repeats_best(run_id) else STANDINGS[standing]


RECOMMENDED = "recommended"
"""The badge of the run to use."""


def outcome_sentence(rows: Sequence[Row], verdict: Verdict | None, cost: str = "alone_wall_seconds") -> str:
    """What accuracy against cost shows: "Lite1 is not distinguishable from Lite0, at a fifth of the training time".

    Args:
        rows: those that are drawn; the sentence is about them alone.
    """
    if all(row.accuracy is None for row in rows):
        return "No run has been measured on the test photos yet"
    standings = [(row, verdict.standing(row.run.id)) for row in rows] if verdict else []
    leader = next((row for row, standing in standings if standing is Standing.BEST), None)
    if leader is None:
        return f"Test accuracy against {cost_kind(cost).title}"
    ties = [row for row, standing in standings if standing is Standing.TIE and row is not leader]
    if ties:
        return _of_tie(leader, ties, cost, verdict)
    worse = [row for row, standing in standings if standing is Standing.WORSE]
    if not worse:
        return f"{brief(leader.name)}: {percent(leader.accuracy, leader.interval)} test accuracy"
    second = max(worse, key=lambda row: row.accuracy or 0.0)
    margin = points((leader.accuracy or 0.0) - (second.accuracy or 0.0))
    return f"{brief(leader.name)} is more accurate than {brief(second.name)} by {margin}{_price(leader, second, cost)}"


def _of_tie(leader: Row, ties: Sequence[Row], cost: str, verdict: Verdict | None) -> str:
    """The cheapest run not distinguishable from the best against the best (if it is the best: against the next)."""
    cheapest = cheapest_of([leader, *ties], cost_kind(cost).key, verdict) or leader
    other = leader if cheapest is not leader else max(ties, key=lambda row: row.accuracy or 0.0)
    return f"{brief(cheapest.name)} is not distinguishable from {brief(other.name)}{_price(cheapest, other, cost)}"


def cheapest_of(rows: Sequence[Row], key: str, verdict: Verdict | None) -> Row | None:
    """The row with the lowest cost; None where it was measured for none. Of training time the recommended one, which
    the verdict chose by the mean of its repetitions."""
    use = None if verdict is None else next((row for row in rows if row.run.id == verdict.recommended.run_id), None)
    if key == "alone_wall_seconds" and use is not None and use.value(key) is not None:
        return use
    return min((row for row in rows if row.value(key) is not None), key=lambda row: row.value(key), default=None)


def _price(row: Row, other: Row, cost: str) -> str:
    kind = cost_kind(cost)
    ours, theirs = row.value(kind.key), other.value(kind.key)
    return f", at {times(ours / theirs)} {kind.title}" if ours is not None and theirs else ""
