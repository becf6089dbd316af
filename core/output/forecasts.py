"""Past forecasts and their errors as JSON: ``core forecasts``, and those of one run in ``core show``."""

from dataclasses import asdict

from core.planning.forecasting import ForecastError, ForecastHistory, error_of
from core.planning.machine_speed import MachineSpeed, stored_speed
from core.runs.forecast import RunForecast
from core.text.units import count, duration, rough_range
from core.workbench import Workbench

NO_HISTORY = "No forecast of this machine was compared with a finished run yet."


def forecast_row(one: RunForecast, name: str = "") -> dict:
    """What was expected of an attempt, and what it took; None where it was not measured."""
    seconds, memory = (
        (one.seconds, one.seconds_low, one.seconds_high),
        (one.memory_bytes, one.memory_low, one.memory_high),
    )
    energy = (one.energy_joules, one.energy_low, one.energy_high)
    return {
        "run": one.run_id,
        "name": name,
        "attempt": one.attempt,
        "kind": one.kind,
        "machine": one.machine,
        "made_at": one.made_at,
        "measured_at": one.measured_at,
        "band_from": one.compared,
        "seconds_model": one.seconds_model,
        "speed_known": one.speed_known,
        "seconds": _quantity(*seconds, one.measured_seconds, one.ratio),
        "memory_bytes": _quantity(*memory, one.measured_memory_bytes, one.memory_ratio),
        "energy_joules": _quantity(*energy, one.measured_energy_joules, one.energy_ratio),
        "disk_bytes": one.disk_bytes,
        "inside": one.is_inside,
        "left_out": one.left_out,
        "sentence": forecast_sentence(one),
    }  # fmt: skip


def _quantity(
    expected: float | None, low: float | None, high: float | None, measured: float | None, ratio: float | None
) -> dict | None:
    if expected is None:
        return None
    error = None if ratio is None else ratio - 1
    return {"expected": expected, "low": low, "high": high, "measured": measured, "error": error}


def forecast_sentence(one: RunForecast) -> str:
    """``Expected 12 s (80 %: 10–14 s), took 13 s: 8 % more.``"""
    kind = "80 %" if one.compared else "estimate"
    expected = f"Expected {duration(one.seconds)} ({kind}: {rough_range(one.seconds_low, one.seconds_high)})"
    if one.measured_seconds is None or one.ratio is None:
        return f"{expected}."
    error = round(100 * (one.ratio - 1))
    how = "as expected" if not error else f"{abs(error)} % {'more' if error > 0 else 'less'}"
    return f"{expected}, took {duration(one.measured_seconds)}: {how}.{f' {one.left_out}' if one.left_out else ''}"


def record_sentence(error: ForecastError | None) -> str:
    """How good the forecasts were, in one or two sentences."""
    return NO_HISTORY if error is None else f"{error.sentence} {error.record}"


def speed_json(found: MachineSpeed) -> dict:
    """What the trial run of ``core speed`` took."""
    return found.to_json() | {"sentence": found.sentence}


def forecasts_json(bench: Workbench, limit: int) -> dict:
    """The newest compared forecasts of this machine with their errors, and how good all of them together were."""
    history: ForecastHistory = bench.forecast_history()
    shown = history.past[:limit]
    names = {run.id: run.name for run in bench.registry.runs_of([one.run_id for one in shown])}
    every, speed = error_of(history.past), stored_speed(bench.registry)
    return {
        "forecasts": [forecast_row(one, names.get(one.run_id, "")) for one in shown],
        "machine_speed": None if speed is None else speed_json(speed),
        "newest": _error(history.error),
        "all": _error(every),
        "summary": NO_HISTORY if every is None else f"{count(every.runs, 'forecast')}. {record_sentence(every)}",
    }


def _error(error: ForecastError | None) -> dict | None:
    return None if error is None else asdict(error) | {"sentence": record_sentence(error)}
