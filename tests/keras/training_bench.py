"""A registry with one dataset, two networks small enough to train in milliseconds, and attempts in this process.

The networks have the parts that make resuming hard: batch normalisation, dropped paths, blocks with a shortcut;
"pretrained" weights that differ from random ones.
"""

import time
from dataclasses import dataclass, replace

import numpy as np
import pytest

from core.backbones import Backbone
from core.datasets.values import Dataset
from core.files.home import run_folder
from core.jobs.exit_policy import ExitCode, read_exit_record
from core.models.lineage import weights_digest_of
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.recipe import Recipe, fingerprint
from core.runs.values import Run, Status
from core.training import __main__ as trainer
from core.training.checkpoints import Checkpoints
from core.training.stopping import Stop
from tests.tiny import TINY, use_tiny

TRAINED = replace(TINY, name="trained", title="Trained", weights_digest="sha256:" + "1" * 64)
OTHER = replace(TINY, name="other", title="Other", weights_digest="sha256:" + "2" * 64)
_SEEDS = {TRAINED.name: 1, OTHER.name: 2}

NUMBERS = Hyperparameters(epochs=4, batch_size=8, learning_rate=0.02, dropout=0.3, views=2, seed=3)


def use_networks(patch: pytest.MonkeyPatch) -> None:
    """Puts both networks into the catalogue of this process."""
    from core.features import networks

    for backbone in (TRAINED, OTHER):
        use_tiny(patch, backbone)
    patch.setitem(networks.KINDS, "tiny", networks.Kind(_network, _load))


def _network(backbone: Backbone, *, top: bool = False):
    import keras
    from keras import layers

    def block(x, name, stride):
        y = layers.Conv2D(8, 3 if name == "stem" else 1, stride, padding="same", name=f"{name}_conv")(x)
        y = layers.BatchNormalization(name=f"{name}_bn")(y)
        return layers.ReLU(6.0, name=f"{name}_relu")(y)

    inputs = keras.Input((backbone.input_size, backbone.input_size, 3), name="photo")
    x = layers.Rescaling(1 / 128, offset=-127 / 128, name="scaling")(inputs)
    x = block(block(x, "stem", 2), "block1", 2)
    y = layers.Dropout(0.2, noise_shape=(None, 1, 1, 1), name="head_drop")(block(x, "head", 1))
    x = layers.Add(name="head_add")([x, y])
    if top:
        x = layers.GlobalAveragePooling2D(name="pool")(x)
        x = layers.Dense(1000, name="logits")(x)
    return keras.Model(inputs, x, name=backbone.name)


def _load(model, path) -> None:
    """Weights that differ from the initial ones, as after training."""
    rng = np.random.default_rng(_SEEDS[model.name])
    for weight in model.weights:
        scale = 0.1 if len(weight.shape) == 1 else (2 / np.prod(weight.shape[:-1])) ** 0.5
        value = rng.normal(0, scale, weight.shape)
        weight.assign(np.abs(value) + 0.5 if weight.name == "moving_variance" else value)


class Bench:
    """One dataset and the runs on it."""

    def __init__(self, settings, registry, dataset: Dataset, photos):
        self.settings, self.registry, self.dataset = settings, registry, dataset
        registry.add_dataset(dataset, photos)

    def add(self, run_id: str, numbers: Hyperparameters = NUMBERS, extends: str | None = None, **recipe) -> Run:
        """Schedules a run; ``recipe`` are further fields of it."""
        made = Recipe(**{"backbone": TRAINED.name, "hyperparameters": numbers} | recipe)
        weights = weights_digest_of(made, self.registry, self.settings)
        return self.registry.add_run(
            Run(
                id=run_id,
                dataset_id=self.dataset.id,
                recipe=made,
                fingerprint=fingerprint(made, dataset_digest=self.dataset.digest, weights_digest=weights),
                name="Tiny",
                status=Status.SCHEDULED,
                extends=extends,
            )
        )

    def attempt(self, stop: Stop | None = None) -> tuple[Run, int]:
        """Claims the next run and trains it; (run, exit code)."""
        claimed = self.registry.claim("cpu", f"token-{time.monotonic()}")
        run_folder(self.settings, claimed.id).path.mkdir(parents=True, exist_ok=True)
        code = trainer.RunAttempt(
            claimed.id, claimed.attempt, settings=self.settings, registry=self.registry, stop=stop or Stop()
        ).go()
        return self.registry.run(claimed.id), code

    def again(self, run: Run) -> tuple[Run, int]:
        """The next attempt of an interrupted run."""
        self.registry.requeue(run.id, run.attempt)
        return self.attempt()

    def train(self, run_id: str, numbers: Hyperparameters = NUMBERS, extends: str | None = None, **recipe) -> Run:
        self.add(run_id, numbers, extends, **recipe)
        run, code = self.attempt()
        assert code == ExitCode.FINISHED, run.reason
        return run

    def fails(self, run_id: str = "r-one") -> str:
        """The reason the next run fails with."""
        run, code = self.attempt()
        assert (code, run.status) == (ExitCode.FAILED, Status.FAILED)
        assert read_exit_record(self.folder(run_id) / "exit.json", run.attempt).reason == run.reason
        return run.reason

    def folder(self, run_id: str):
        return run_folder(self.settings, run_id).path

    def checkpoints(self, run_id: str) -> Checkpoints:
        return Checkpoints(self.folder(run_id) / "checkpoints")

    def state(self, run_id: str, epoch: int) -> list[np.ndarray]:
        with np.load(self.checkpoints(run_id).at(epoch).state) as state:
            return [state[name] for name in state.files]

    def figures(self, run_id: str) -> list[tuple]:
        return [(e.number, e.loss, e.accuracy, e.val_loss, e.val_accuracy) for e in self.registry.epochs(run_id)]

    def answers(self, run_id: str, split: str = "test") -> dict[str, np.ndarray]:
        with np.load(self.folder(run_id) / f"{split}.npz", allow_pickle=False) as file:
            return dict(file)

    def model_path(self, run_id: str):
        return self.settings.home / self.registry.model(run_id).path


def same(one: list[np.ndarray], two: list[np.ndarray]) -> bool:
    return len(one) == len(two) and all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


@dataclass(frozen=True)
class Outcome:
    """What a run ended with, to compare with another one."""

    figures: list[tuple]
    state: list[np.ndarray]
    probabilities: list[np.ndarray]

    @classmethod
    def of(cls, bench: Bench, run_id: str) -> "Outcome":
        figures = bench.figures(run_id)
        probabilities = [bench.answers(run_id, split)["probabilities"] for split in ("validation", "test")]
        return cls(figures, bench.state(run_id, len(figures)), probabilities)


def same_run(bench: Bench, one: str, two: str) -> None:
    """Fails unless both runs are equal bit for bit."""
    same_outcome(Outcome.of(bench, one), Outcome.of(bench, two))


def same_outcome(one: Outcome, two: Outcome) -> None:
    """Fails unless both are equal bit for bit."""
    assert one.figures == two.figures
    assert same(one.state, two.state)
    assert same(one.probabilities, two.probabilities)
