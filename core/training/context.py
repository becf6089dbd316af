"""What the steps of an attempt share: the run with everything it names, and the head that training leaves."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import keras
import numpy as np

from core.backbones import Backbone
from core.datasets.values import Dataset
from core.features import networks
from core.models.lineage import backbones_of
from core.recipes.program import Part, Program, program_of
from core.registry import Registry
from core.runs.costs import Meter
from core.runs.progress import ProgressWriter
from core.runs.values import Epoch, Run
from core.settings import Settings
from core.training.ledger import Ledger
from core.training.photos import photos_by_split
from core.training.sources import TrainingInputs
from core.training.stopping import Stop


@dataclass(frozen=True, kw_only=True)
class Context:
    """What every step needs.

    Args:
        number: of the attempt.
        backbones: of the recipe, by name.
        program: the recipe as stages (``core.recipes.program``).
    """

    run: Run
    number: int
    settings: Settings
    registry: Registry
    meter: Meter
    ledger: Ledger
    progress: ProgressWriter
    stop: Stop
    dataset: Dataset
    backbones: Mapping[str, Backbone]
    program: Program

    @property
    def backbone(self) -> Backbone:
        """The first backbone; only a fusion has several."""
        return self.backbones[self.run.recipe.backbone]

    @property
    def blocks(self) -> tuple[str, ...]:
        return self.backbone.blocks

    @cached_property
    def sources(self) -> TrainingInputs:
        return TrainingInputs(
            dataset=self.dataset,
            photos=photos_by_split(self.registry, self.dataset),
            backbones=self.backbones,
            registry=self.registry,
            settings=self.settings,
            recipe=self.run.recipe,
            progress=self.progress,
            meter=self.meter,
            ledger=self.ledger,
            stop=self.stop,
        )

    def fresh_network(self) -> keras.Model:
        """A copy of the network before training, for the stages that train it."""
        return networks.network(self.backbone, self.settings, depth=self.program.depth, weights=self.program.pretrained)


def open_context(
    run: Run,
    number: int,
    *,
    settings: Settings,
    registry: Registry,
    meter: Meter,
    ledger: Ledger,
    progress: ProgressWriter,
    stop: Stop,
) -> Context:
    """Looks up the dataset and the backbones that the run names."""
    backbones = backbones_of(run.recipe, registry, settings)
    return Context(
        run=run,
        number=number,
        settings=settings,
        registry=registry,
        meter=meter,
        ledger=ledger,
        progress=progress,
        stop=stop,
        dataset=registry.dataset(run.dataset_id),
        backbones=backbones,
        program=program_of(run.recipe, backbones[run.recipe.backbone].blocks),
    )


@dataclass(frozen=True, kw_only=True)
class FittedHead:
    """The head that a learner returns, and how it was trained.

    Args:
        inputs: the parts it is fed with.
        probabilities: split -> (n, classes) float32.
        head: in Keras, for ``model.keras``; None when only its file can compute it.
        network: the one that was trained; None where it is as its backbone is.
        write_head: writes the head's file into a folder and returns its name. behind: where only an exported network
            can compute what follows the inputs, that in Keras; one of the two is None.
        trainable_parameters: number of trained parameters. adapted_layers: see ``TrainableModel``.
        history, best: epochs, and the one the weights are from; [] and None without gradient descent.
        choice: what was chosen on the validation photos, for the card. stopped: why it ended early.
    """

    inputs: tuple[Part, ...]
    probabilities: Callable[[str], np.ndarray]
    head: keras.Model | None
    network: keras.Model | None = None
    write_head: Callable[[Path], str] | None = None
    behind: keras.Model | None = None
    trainable_parameters: int = 0
    adapted_layers: int = 0
    history: list[Epoch] = field(default_factory=list)
    best: Epoch | None = None
    choice: dict = field(default_factory=dict)
    stopped: str = ""
