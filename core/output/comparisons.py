"""A comparison of runs as JSON: ``core compare``, REST and MCP; the same numbers as the page Compare."""

from collections.abc import Mapping, Sequence

from core.comparison.compare import Comparison
from core.comparison.cost_axes import COSTS
from core.comparison.paired import Family, Paired
from core.comparison.prediction_sets import SHOWN, SetMeasure, SetMeasures
from core.comparison.summary import pair_sentence, recommendation, standings_sentence
from core.comparison.table import plain_rows
from core.comparison.verdict import Standing, Verdict
from core.curation.flags import Flag
from core.recipes.recipe import Recipe
from core.workbench import Workbench


def compared_json(workbench: Workbench, run_ids: Sequence[str], without: Sequence[Flag] = ()) -> dict:
    """Some runs of one dataset side by side; see ``Workbench.comparison``."""
    found = workbench.comparison(run_ids, without=without)
    sets = workbench.set_measures(list(found.predictions), found.subset)
    return comparison_json(found, sets) | {"leaks": workbench.leak_note(found.dataset_id)}


def comparison_json(found: Comparison, sets: Mapping[str, SetMeasures]) -> dict:
    """A comparison as plain lists and objects; what was not measured is None.

    Args:
        sets: how the prediction sets of the runs do on test photos, by run id, without runs that have none.
    """
    names = {row.run.id: f"{row.name} ({row.run.id})" for row in found.rows}
    return {
        "dataset": found.dataset_id,
        "subset": None if found.subset is None else found.subset.to_json(),
        "runs": [
            _run(plain, row.run.recipe)
            | {"standing": _standing(found.verdict, row.run.id)}
            | ({} if found.subset is None else {"rank_with_all": found.ranks_with_all.get(row.run.id)})
            for plain, row in zip(plain_rows(found.rows), found.rows, strict=True)
        ],
        "verdict": verdict_json(found.verdict, names),
        "pairs": [_pair(pair) | {"verdict": pair_sentence(pair, names)} for pair in found.pairs],
        "pareto": [{"axis": axis, "runs": list(runs)} for axis, runs in found.pareto.items()],
        "differing": [{"name": one.name, "values": dict(one.values)} for one in found.differing],
        "missing": dict(found.missing),
        "metrics": _metrics(found),
        "prediction_sets": [_set(run_id, one) for run_id, measures in sets.items() for one in _shown(measures)],
    }


def verdict_json(found: Verdict | None, names: Mapping[str, str]) -> dict | None:
    """A verdict as plain values; None where no run was measured."""
    if found is None:
        return None
    return {
        "sentence": recommendation(found, names),
        "standings": standings_sentence(found, names),
        "best": found.best.run_id,
        "recommended": found.recommended.run_id,
        "not_distinguishable": [one.run_id for one in found.ties],
        "worse": found.worse,
        "untested": found.untested,
        "comparisons": found.comparisons,
        "family": str(Family.BEST),
        "photos": found.photos,
        "more_photos": found.more_photos,
        "time_share": found.time_share,
    }


def _run(plain: dict, recipe: Recipe) -> dict:
    """One run: interval and costs as one value each, with its recipe."""
    costs = (*COSTS, "parameters_trainable")
    interval = [plain["ci95_low"], plain["ci95_high"]]
    nested = {"pattern", "backbone", "ci95_low", "ci95_high", *costs}
    return {key: value for key, value in plain.items() if key not in nested} | {
        "ci95": None if None in interval else interval,
        "cost": {key: plain[key] for key in costs},
        "recipe": recipe.to_dict(),
    }


def _shown(measures: SetMeasures) -> list[SetMeasure]:
    """At the confidences of the page Compare, for which there are validation photos enough."""
    every = [measures.at(confidence, by_class=by_class) for by_class in (False, True) for confidence in SHOWN]
    return [one for one in every if one is not None]


def _set(run_id: str, one: SetMeasure) -> dict:
    return {
        "run": run_id,
        "confidence": one.confidence,
        "by_class": one.by_class,
        "photos": one.photos,
        "coverage": one.coverage,
        "ci95": list(one.ci95),
        "expected": None if one.expected is None else list(one.expected),
        "classes_per_set": one.classes,
        "single_class": one.single,
        "empty": one.empty,
    }


def _standing(found: Verdict | None, run_id: str) -> Standing | None:
    return None if found is None else found.standing(run_id)


def _metrics(found: Comparison) -> list[dict]:
    """Every metric of two runs with the interval of its difference; for more runs compare two at a time."""
    if len(found.predictions) != 2:
        return []
    kept = ("metric", "a", "b", "difference")
    return [
        {key: getattr(one, key) for key in kept} | {"ci95": [one.low, one.high]}
        for one in found.metrics(*found.predictions)
    ]


def _pair(pair: Paired) -> dict:
    kept = ("a", "b", "n", "both_right", "only_a", "only_b", "both_wrong", "difference", "p_value", "adjusted_p")
    family = {"family": str(pair.family), "comparisons": pair.comparisons}
    return {key: getattr(pair, key) for key in kept} | family | {"interval": [pair.low, pair.high]}
