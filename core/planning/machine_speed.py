"""The speed of this machine from a trial run, for estimates before any run of the user's own was measured."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from core.planning.hardware import hardware
from core.planning.speed import Measurement, RunPart
from core.registry import Registry
from core.runs.stages import FEATURES, LOADING, OPTIMISING, TRAINING
from core.text.units import duration, listed

PREFERENCE = "machine_speed"


@dataclass(frozen=True, kw_only=True)
class MachineSpeed:
    """What a trial run took.

    Args:
        machine: ``hardware()``. measured_at: seconds since 1970, UTC. seconds: it took, from start to end.
        parts: relative to the model in ``speed``, as of any finished run.
        stages: seconds of the trial run by stage. photos: of the dataset that it was trained on.
    """

    machine: str
    measured_at: float
    seconds: float
    parts: Sequence[Measurement]
    stages: Mapping[str, float]
    photos: int

    @property
    def sentence(self) -> str:
        """``Measured in 24 s: Loading 6.0 s, … and Training 1.2 s of a run on 192 photos.``"""
        named = [f"{name} {duration(self.stages[name])}" for name in _NAMED if name in self.stages]
        return (
            f"This machine was measured in {duration(self.seconds)}: {listed(named)} of a run on {self.photos} photos."
        )

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"parts": [asdict(one) for one in self.parts], "stages": dict(self.stages)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "MachineSpeed":
        parts = tuple(Measurement(**one | {"part": RunPart(one["part"])}) for one in values["parts"])
        return cls(**dict(values) | {"parts": parts})


_NAMED = (LOADING, OPTIMISING, FEATURES, TRAINING)


def stored_speed(registry: Registry) -> MachineSpeed | None:
    """The newest measurement, where it is of this machine."""
    values = registry.preference(PREFERENCE)
    if values is None or values.get("machine") != hardware():
        return None
    try:
        return MachineSpeed.from_json(values)
    except (KeyError, TypeError, ValueError):  # of another version
        return None
