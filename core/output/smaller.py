"""The smaller models of a run as JSON: ``core shrink``, REST and MCP."""

from collections.abc import Sequence

from core.comparison.non_inferiority import NonInferiority, replacement_sentence
from core.comparison.smaller import SmallerModel, kind, recommended
from core.planning.decide import Plan
from core.runs.values import Run


def shrink_json(source: Run, launched: Sequence[tuple[Plan, Run]], models: Sequence[SmallerModel]) -> dict:
    """What was launched, and every finished smaller model beside its source."""
    best = recommended(models)
    return {
        "run": source.id,
        "name": source.name,
        "runs": [
            {"run": run.id, "name": run.name, "status": str(run.status), "decision": str(plan.decision)}
            for plan, run in launched
        ],
        "models": [_row(one, {source.id: source.name, one.run.id: one.run.name}) for one in models],
        "recommended": best.run.id if best else None,
    }


def _row(one: SmallerModel, names: dict[str, str]) -> dict:
    return {
        "run": one.run.id,
        "name": one.run.name,
        "pattern": str(one.run.recipe.pattern),
        "kind": kind(one),
        "bytes": one.bytes,
        "bytes_before": one.bytes_before,
        "milliseconds": one.milliseconds,
        "milliseconds_before": one.milliseconds_before,
        "accuracy": one.run.test_accuracy,
        "test": None if one.test is None else _test(one.test, names),
    }


def _test(test: NonInferiority, names: dict[str, str]) -> dict:
    return {
        "outcome": str(test.outcome),
        "sentence": replacement_sentence(test, names),
        "difference": test.difference,
        "interval": [test.low, test.high],
        "most_loss": test.most_loss,
        "photos": test.photos,
        "photos_needed": test.photos_needed,
        "comparisons": test.comparisons,
    }
