"""What was said of a run before it started, and what it took: stored once each, never computed again."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class RunForecast:
    """The forecast of one attempt of a run, made when it was launched.

    Args:
        attempt: its number, 1-based. launch: runs launched together have the same one. kind: of the work, as
            ``core.planning.speed.kind_of``. machine: see ``core.planning.hardware``. made_at: seconds since 1970, UTC.
        seconds, memory_bytes, energy_joules: expected and shown, each with the low and high end of its band; the
            duration is from the start of the attempt to its end. Energy is None where no counter was read here.
        seconds_model: expected by the speeds alone, before the correction by past forecasts that is in ``seconds``.
            Errors that correct later forecasts are measured against it, so that no correction counts twice.
        speed_known: whether a speed was measured on this machine then; else the model's speeds were assumed.
        disk_bytes: of the features it would add, which follows from their shapes and has no band.
        compared: past forecasts that the band of the duration rests on; 0 where it was assumed.
        measured_at: when the attempt finished; None while it has not, and for ever where it did not finish.
        measured_seconds, measured_memory_bytes, measured_energy_joules: what it took; None where not measured.
        left_out: why it says nothing about forecasts, "" where it does.
    """

    run_id: str
    attempt: int
    launch: str
    kind: str
    machine: str
    made_at: float
    seconds: float
    seconds_low: float
    seconds_high: float
    seconds_model: float
    memory_bytes: float
    memory_low: float
    memory_high: float
    disk_bytes: int
    speed_known: bool = True
    energy_joules: float | None = None
    energy_low: float | None = None
    energy_high: float | None = None
    compared: int = 0
    measured_at: float | None = None
    measured_seconds: float | None = None
    measured_memory_bytes: float | None = None
    measured_energy_joules: float | None = None
    left_out: str = ""

    @property
    def ratio(self) -> float | None:
        """Measured by expected seconds; None where there is nothing to compare."""
        return _ratio(self.measured_seconds, self.seconds)

    @property
    def model_ratio(self) -> float | None:
        """Measured by uncorrected seconds."""
        return _ratio(self.measured_seconds, self.seconds_model)

    @property
    def memory_ratio(self) -> float | None:
        return _ratio(self.measured_memory_bytes, self.memory_bytes)

    @property
    def energy_ratio(self) -> float | None:
        return _ratio(self.measured_energy_joules, self.energy_joules)

    @property
    def energy_model_ratio(self) -> float | None:
        """Measured by uncorrected energy, which is proportional to the seconds."""
        ratio = self.energy_ratio
        return None if ratio is None or not self.seconds_model else ratio * self.seconds / self.seconds_model

    @property
    def is_inside(self) -> bool | None:
        """Whether the duration was inside of the stated band; None where it was not measured."""
        if self.measured_seconds is None:
            return None
        return self.seconds_low <= self.measured_seconds <= self.seconds_high


def _ratio(measured: float | None, expected: float | None) -> float | None:
    return measured / expected if measured is not None and expected else None
