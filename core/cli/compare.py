"""``core compare``: some runs side by side, with the same numbers as the page Compare."""

from argparse import Namespace
from collections.abc import Mapping

from core.cli.verbs import Result, Verbs, add_runs, add_verb, table
from core.comparison.compare import Comparison
from core.comparison.cost_axes import COSTS
from core.comparison.paired import Family, Paired
from core.comparison.summary import family_sentence, pair_sentence, recommendation, standings_sentence
from core.comparison.table import plain_rows
from core.comparison.verdict import Standing, Verdict
from core.recipes.recipe import Recipe
from core.text.units import percent
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "compare", compare, compare_text, "compare runs of one dataset")
    add_runs(verb)


def compare(options: Namespace) -> Result:
    return as_json(Workbench.open().comparison(options.runs)), True


def as_json(found: Comparison) -> dict:
    """A comparison as plain lists and objects; what was not measured is None."""
    names = {row.run.id: f"{row.name} ({row.run.id})" for row in found.rows}
    return {
        "dataset": found.dataset_id,
        "runs": [
            _run(plain, row.run.recipe) | {"standing": _standing(found.verdict, row.run.id)}
            for plain, row in zip(plain_rows(found.rows), found.rows, strict=True)
        ],
        "verdict": as_plain(found.verdict, names),
        "pairs": [_pair(pair) | {"verdict": pair_sentence(pair, names)} for pair in found.pairs],
        "pareto": [{"axis": axis, "runs": list(runs)} for axis, runs in found.pareto.items()],
        "differing": [{"name": one.name, "values": dict(one.values)} for one in found.differing],
        "missing": dict(found.missing),
        "metrics": _metrics(found),
    }


def as_plain(found: Verdict | None, names: Mapping[str, str]) -> dict | None:
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


def compare_text(result: dict) -> str:
    header = ("run", "name", "test accuracy", "95 %", "balanced", "log-loss", "calibration error", "spent", "verdict")
    lines = [table(header, [_cells(run) for run in result["runs"]])]
    found = result["verdict"]
    lines += [found["sentence"], found["standings"]] if found else []
    lines += [family_sentence(Family(found["family"]), found["comparisons"])] if found and found["comparisons"] else []
    lines += [pair["verdict"] for pair in result["pairs"] if pair["family"] == Family.BEST]
    lines += result["missing"].values()
    return "\n".join(line for line in lines if line)


def _cells(run: dict) -> tuple:
    low, high = run["ci95"] or (None, None)
    paid = run["cost"]["wall_seconds"]
    return (
        run["run"],
        run["name"],
        percent(run["accuracy"]),
        "-" if low is None else f"{percent(low)} to {percent(high)}",
        percent(run["balanced_accuracy"]),
        "-" if run["log_loss"] is None else f"{run['log_loss']:.3f}",
        percent(run["ece"]),
        "-" if paid is None else f"{paid:.1f} s",
        run["standing"] or "-",
    )
