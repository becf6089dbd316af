"""How long the parts of a run take: an assumed model, corrected by what runs on this machine took.

Every part has a model in seconds. A measurement is the ratio of what a run took to the model; an estimate is the model
times the median ratio of the measurements that are most alike.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from core.models.quantization import CALIBRATION_PHOTOS
from core.recipes.patterns import Pattern
from core.recipes.program import PIXELS, Program, pooled
from core.recipes.recipe import Recipe

ASSUMED = "an assumed speed; nothing was measured on this machine yet"
TRIAL = "a trial run on this machine"
OTHERS = "runs of other backbones on this machine"
OWN = "runs of this backbone on this machine"

SPAWN_SECONDS = 0.8
"""From the launch until a new process measures itself (measured: 0.5 to 1.1 s)."""

LIBRARY_SECONDS = 1.2
"""Of importing scikit-learn (measured)."""

COMBINING_SECONDS = 1.0
"""Of an ensemble or a confidence cascade: a few files are read and one is written (measured)."""

_NEWEST = 9
"""Measurements of a group that count, the newest ones: other load changes."""


class RunPart(StrEnum):
    """What a run does, one after the other."""

    START = "start"  # importing TensorFlow
    LIBRARY = "library"  # importing scikit-learn, which a process does once
    NETWORK = "network"  # building a frozen network, and what else a process does once for it
    EXPORT = "export"
    FEATURES = "features"
    TRAINING = "training"
    REST = "rest"  # saving, evaluating, measuring


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """What one run took for one part, relative to the model.

    Args:
        backbone: its name. kind: what else the ratio depends on: a cut, or ``kind_of`` a recipe.
    """

    part: RunPart
    backbone: str
    kind: str
    ratio: float


def kind_of(recipe: Recipe) -> str:
    """Recipes of one kind train and save alike."""
    solver = f" {recipe.hyperparameters.solver}" if recipe.pattern is Pattern.STANDALONE_EXTRACTOR else ""
    return f"{recipe.cascade or recipe.pattern}{solver}"


class Speeds:
    """Ratios of this machine to the model.

    Args:
        measured: the newest first. trial: of a trial run; they count after all others.
    """

    def __init__(self, measured: Sequence[Measurement], trial: Sequence[Measurement] = ()) -> None:
        self._own, self._trial = measured, trial
        self._measured = [*measured, *trial]
        self._ratios: dict[tuple[RunPart, str, str], float] = {}

    def ratio(self, part: RunPart, backbone: str, kind: str = "") -> float:
        """To multiply the model's seconds with."""
        key = (part, backbone, kind)
        if key not in self._ratios:
            self._ratios[key] = self._ratio(*key)
        return self._ratios[key]

    def _ratio(self, part: RunPart, backbone: str, kind: str) -> float:
        for alike in self._groups(part, backbone, kind):
            found = [one.ratio for one in self._measured if alike(one)][:_NEWEST]
            if found:
                return float(median(found))
        return 1.0

    def source(self, backbone: str) -> str:
        """What estimates for this backbone are based on."""
        if any(one.backbone == backbone for one in self._own):
            return OWN
        if self._own:
            return OTHERS
        return TRIAL if self._trial else ASSUMED

    def _groups(self, part: RunPart, backbone: str, kind: str) -> list[Callable[[Measurement], bool]]:
        """The most alike first; where this part was never measured, the machine as a whole."""
        of_recipes = part in (RunPart.TRAINING, RunPart.REST)
        return [
            lambda one: one.part is part and one.backbone == backbone and one.kind == kind,
            lambda one: of_recipes and one.part is part and one.kind == kind,
            lambda one: one.part is part and one.backbone == backbone,
            lambda one: one.part is part,
            lambda one: True,
        ]


# --- the model: seconds on two cores of a common CPU of 2022, without other load ---


def cores() -> int:
    """Cores this process may use."""
    return len(os.sched_getaffinity(0))


START_SECONDS = 2.2
"""Of importing TensorFlow, and of what a process compiles once."""


def network_seconds(blocks: int) -> float:
    """Building the frozen network of this number of blocks, laying it out for ``model.keras``, and timing it."""
    return 0.04 * blocks


def export_seconds(blocks: int) -> float:
    """Exporting this number of blocks."""
    return 0.5 + 0.11 * blocks


def features_seconds(photos: int, multiply_adds: float) -> float:
    """Rendering these photos and computing their features, on all cores."""
    return 0.05 + (0.0018 * photos + multiply_adds / 59e9) / (0.9 * cores())


def copying_seconds(rows: int) -> float:
    """Copying rows of features from other stored ones (measured: 0.2 s for 3,776 vectors, one photo computed for each
    split included)."""
    return 5e-5 * rows


QUANTIZED_MILLISECONDS = 10.0
"""Assumed for a photo where it was not measured."""


def quantizing_seconds(milliseconds: float, photos: int, calibrated: bool) -> float:
    """Rewriting the networks, measuring their ranges on training photos, and predicting ``photos``.

    Args:
        milliseconds: that the exact model takes for a photo. calibrated: whether ranges are measured.
    """
    calibrating = CALIBRATION_PHOTOS * (0.06 + 5 * milliseconds / 1000) if calibrated else 0.0
    return 2.0 + calibrating + photos * (0.0028 + milliseconds / 1000) / (0.9 * cores())


def training_seconds(program: Program, *, head_work: float, rows: int, multiply_adds: float) -> float:
    """Fitting the head, and the blocks above the cut where they are trained.

    Args:
        head_work, rows, multiply_adds: of ``ResourceEstimate``.
    """
    trains_blocks = any(not pooled(part.cut) for stage in program.stages for part in stage.inputs)
    compiling = 1.5 if trains_blocks else 0.15 if program.stages else 0.1
    return compiling + 0.007 * head_work + 0.0004 * rows + multiply_adds / (22e9 * cores())


def rest_seconds(program: Program) -> float:
    """Saving, evaluating and measuring. Trained blocks are exported with the model."""
    cuts = {part.cut for part in program.inputs}
    if PIXELS in cuts:
        return 6.0
    return 0.35 if all(pooled(cut) for cut in cuts) else 1.0
