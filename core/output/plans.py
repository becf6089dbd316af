"""Plans and launches as JSON: ``core train``, ``core ensemble`` and ``core confidence``, REST and MCP."""

from dataclasses import asdict

from core.output.runs import run_row
from core.planning.decide import Concern, Plan
from core.planning.forecasting import LEVEL, Band, ForecastError
from core.planning.grid_plan import GridPlan, InvalidRow
from core.runs.values import Run


def planned_row(plan: Plan, run_id: str | None) -> dict:
    """One planned run; ``run_id``: the run it is or became, None where it is neither known nor launched."""
    recipe, settings = plan.recipe, plan.recipe.settings()
    return {
        "run": run_id,
        "name": plan.name,
        "backbone": recipe.backbone,
        "pattern": str(recipe.pattern),
        "depth": settings.get("depth"),
        "seed": settings.get("seed"),
        "fingerprint": plan.fingerprint,
        "decision": str(plan.decision),
        "because": plan.because,
        "first_epoch": plan.first_epoch,
        "estimate_seconds": plan.estimate_seconds,
        "estimate_source": plan.estimate_source,
        "correction": plan.correction,
        "saves_seconds": plan.saves_seconds,
        "saves_source": plan.saves_source,
        "features_stored": plan.features_stored,
        "disk_bytes": plan.disk_bytes,
        "memory_bytes": plan.memory_bytes,
        "energy_joules": plan.energy_joules,
        "bands": {
            "seconds": band_json(plan.band, plan.estimate_seconds),
            "memory_bytes": band_json(plan.memory_band, plan.memory_bytes),
            "energy_joules": band_json(plan.energy_band, plan.energy_joules),
        },
        "concerns": [concern_json(concern) for concern in plan.concerns],
        "remedies": [remedy.to_dict() for remedy in plan.remedies],
    }


def band_json(band: Band | None, value: float | None) -> dict | None:
    """An 80 % band around a forecast, and what it rests on; None where nothing is forecast."""
    if band is None or value is None:
        return None
    low, high = band.of(value)
    return {
        "level": LEVEL,
        "low": low,
        "high": high,
        "measured": band.is_measured,
        "compared": band.compared,
        "sentence": band.sentence,
    }


def error_json(error: ForecastError | None) -> dict | None:
    """How far off the newest forecasts were."""
    return None if error is None else asdict(error) | {"sentence": error.sentence}


def plan_json(plan: GridPlan) -> dict:
    """What launching would do: nothing was launched."""
    return launch_json(plan, [planned_row(one, one.run_id) for one in plan.plans])


def launch_json(plan: GridPlan, rows: list[dict]) -> dict:
    """A launch, with ``rows`` of ``planned_row``; rows that are no recipe are added."""
    return {
        "runs": [*rows, *(_invalid(row) for row in plan.rows if isinstance(row, InvalidRow))],
        "plan": _grid_plan(plan),
        "concerns": [concern_json(concern) for concern in plan.concerns],
    }


def _invalid(row: InvalidRow) -> dict:
    """As ``planned_row``, of a row that is no recipe."""
    return {
        "run": None,
        "name": row.name,
        "backbone": ", ".join(row.cell.sources),
        "pattern": str(row.cell.pattern),
        "settings": dict(row.cell.settings),
        "decision": str(row.decision),
        "because": row.because,
        "estimate_seconds": 0.0,
        "saves_seconds": 0.0,
        "concerns": [],
        "remedies": [remedy.to_dict() for remedy in row.remedies],
    }


def concern_json(concern: Concern) -> dict:
    return {
        "level": str(concern.level),
        "sentence": concern.sentence,
        "remedies": [remedy.to_dict() for remedy in concern.remedies],
    }


def _grid_plan(plan: GridPlan) -> dict:
    """The launch as a whole."""
    return {
        "sentence": plan.sentence,
        "runs": len(plan.to_do),
        "decisions": {str(decision): number for decision, number in plan.counts.items()},
        "slots": plan.slots,
        "seconds": plan.seconds,
        "alone_seconds": plan.alone_seconds,
        "saves_seconds": plan.saves_seconds,
        "start_seconds": plan.start_seconds,
        "shared_seconds": {str(kind): seconds for kind, seconds in plan.shared_seconds.items()},
        "copied_rows": plan.copied_rows[0],
        "copied": plan.copied_sentence,
        "disk_bytes": plan.disk_bytes,
        "memory_bytes": plan.memory_bytes,
        "energy_joules": plan.energy_joules,
        "band": band_json(plan.band, plan.seconds),
        "forecast_error": error_json(plan.error),
        "estimate_sources": list(plan.estimate_sources),
    }


def combined_json(plan: Plan, run: Run) -> dict:
    """A combination of finished runs, which is evaluated at once."""
    return run_row(run) | {
        "decision": str(plan.decision),
        "because": plan.because,
        "concerns": [concern_json(concern) for concern in plan.concerns],
    }
