"""Which runs to combine within a budget, as JSON and as sentences: ``core combine``, REST and MCP."""

from core.advising.combining import CombinationAdvice, budget_words, launched_run
from core.advising.ensembles import OfferedModel
from core.comparison.statistics import SIGNIFICANCE
from core.datasets.values import Dataset
from core.recipes.patterns import Cascade
from core.registry import Registry
from core.text.units import count, listed, milliseconds, p_value, percent, size

RESTS_ON = (
    "Chosen by validation photos; test photos are not read. The accuracy of a combination is that on held-out photos: "
    "each fifth of the validation photos is predicted by what the other four fifths choose. That of a single run is on "
    "the photos that chose it, so a combination must be better than that. Milliseconds are those measured for each "
    "run, added; a network that runs share counts once. Evaluated as a run, it is measured on the test photos, with "
    "its own time and size."
)


def combination_json(dataset: Dataset, advice: CombinationAdvice, registry: Registry) -> dict:
    """The advice; ``offers`` has the chosen one first."""
    others = [one for one in (advice.single, *advice.others) if one is not None and one is not advice.chosen]
    return {
        "dataset": dataset.id,
        "name": dataset.name,
        "version": dataset.version,
        "most_ms": advice.budget.most_ms,
        "most_mb": advice.budget.most_mb,
        "summary": combination_sentence(advice),
        "is_combination": advice.is_combination,
        "offers": [_offer_json(one, advice, registry) for one in (advice.chosen, *others)],
        "validation_photos": advice.photos,
        "runs": advice.runs,
        "too_large": advice.too_large,
        "notes": list(advice.notes),
        "rests_on": RESTS_ON,
    }


def _offer_json(offer: OfferedModel, advice: CombinationAdvice, registry: Registry) -> dict:
    """``evaluated``: the run that it is already, with its accuracy on the test photos; None where there is none."""
    low, high = offer.interval
    tested, run = advice.against_single(offer), launched_run(offer, advice.dataset_id, registry)
    return {
        "kind": kind_of(offer),
        "name": offer_name(offer, advice),
        "runs": [{"run": run_id, "name": advice.names[run_id]} for run_id in offer.run_ids],
        "weight": weight_of(offer),
        "passed_on": offer.passed_on,
        "accuracy": offer.accuracy,
        "ci95_low": low,
        "ci95_high": high,
        "correct": offer.correct,
        "fitted_accuracy": offer.fitted_accuracy,
        "milliseconds": offer.milliseconds,
        "bytes": offer.size_bytes,
        "against_single": None
        if tested is None
        else {"only_this": tested[0], "only_single": tested[1], "p_value": tested[2]},
        "evaluated": None if run is None else {"run": run.id, "name": run.name, "accuracy": run.test_accuracy},
    }


def kind_of(offer: OfferedModel) -> str:
    """``run``, ``ensemble`` or ``confidence``."""
    return "run" if offer.cascade is None else str(offer.cascade)


def weight_of(offer: OfferedModel) -> float | None:
    """Of each member's probabilities; None of a confidence cascade, in which one of the two predicts."""
    return None if offer.cascade is Cascade.CONFIDENCE else 1 / len(offer.run_ids)


def offer_name(offer: OfferedModel, advice: CombinationAdvice) -> str:
    """``the ensemble of A, B and C``; ``the cascade of A and, where it is not confident, B``; ``A``."""
    names = [advice.names[run_id] for run_id in offer.run_ids]
    if offer.cascade is None:
        return names[0]
    if offer.cascade is Cascade.CONFIDENCE:
        return f"the cascade of {names[0]} and, where it is not confident, {names[1]}"
    return f"the ensemble of {listed(names, 12)}"


def costs_words(offer: OfferedModel) -> str:
    """``about 12 ms a photo, 24 MB``, of a cascade with the share that is passed on."""
    timed = "time not measured" if offer.milliseconds is None else f"about {milliseconds(offer.milliseconds)} a photo"
    passed = f" on average ({percent(offer.passed_on)} passed on)" if offer.passed_on is not None else ""
    return f"{timed}{passed}, {size(offer.size_bytes)}"


def combination_sentence(advice: CombinationAdvice) -> str:
    """What to use, and by how much it is better than the most accurate single run on the validation photos."""
    chosen, limits = advice.chosen, budget_words(advice.budget)
    reached = f"{percent(chosen.accuracy, chosen.interval)} of {count(advice.photos, 'validation photo')}"
    use = f"Use {offer_name(chosen, advice)}: {reached}, {costs_words(chosen)}."
    if not advice.is_combination:
        within = f" within {limits}" if limits != budget_words(type(advice.budget)()) else ""
        return f"No ensemble or cascade{within} is better on the validation photos than the best single run. {use}"
    if advice.single is None:
        return f"{use} No single run fits into {limits}."
    best = advice.single
    text = f"{use} The best single run, {offer_name(best, advice)}, reaches {percent(best.accuracy)} of them"
    only_ours, only_theirs, p = advice.against_single(chosen) or (0, 0, 1.0)
    says = f"{p_value(p)}: not distinguishable" if p >= SIGNIFICANCE else p_value(p)
    return f"{text} ({only_ours} photos only the first gets right, {only_theirs} only the second, {says})."
