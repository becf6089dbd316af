"""The three ways a head comes about: by gradient descent, by a scikit-learn solver, by the names of ImageNet's classes.

Every learner says what it reads, learns, and leaves a ``FittedHead``; what follows is the same for all.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from core.models.heads.dense import DenseHead, Layer, write_dense
from core.models.heads.mapping import mapped, mapping_head
from core.models.heads.solvers import fit_solver
from core.recipes.program import GRADIENT, MAPPING, Part, pooled
from core.recipes.recipe import Solver
from core.training import devices, heads
from core.training.context import Context, FittedHead
from core.training.epochs import Epochs
from core.training.fitting import best_of, class_weights, probabilities_of, views_needed
from core.training.sources import FeatureRequest
from core.training.trainable import TrainableModel

HEAD = "head.npz"


class Learner(Protocol):
    def wanted(self) -> list[FeatureRequest]:
        """What must be gathered before ``learn``; the test photos' as well, so that a missing one is found early."""
        ...

    def learn(self) -> FittedHead: ...


class GradientLearner:
    """Stages of gradient descent, from the last checkpoint on."""

    def __init__(self, context: Context) -> None:
        self._context, self._program = context, context.program
        self._numbers = context.run.recipe.hyperparameters
        self.epochs = Epochs(context)

    def wanted(self) -> list[FeatureRequest]:
        found, first = [], self.epochs.first
        for stage in self._program.stages:
            if stage.last_epoch >= first and not self.epochs.over:
                views = views_needed(self._numbers, max(first, stage.first_epoch), stage.last_epoch)
                found += [FeatureRequest(part, "train", view) for view in views for part in stage.inputs]
                found += [FeatureRequest(part, "validation") for part in stage.inputs]
        return found + [FeatureRequest(part, "test") for part in self._program.inputs]

    def learn(self) -> FittedHead:
        context, sources = self._context, self._context.sources
        float16, strategy = devices.uses_float16(self._numbers), devices.strategy()
        with devices.precision(float16):
            trainee = self._trainee(strategy)
            self.epochs.train(trainee, sources)
        if float16 or strategy.num_replicas_in_sync > 1:
            trainee = self._twin(trainee)
        best = best_of(self.epochs.history)
        stage = self._program.stage_of(best.number)
        sources.gather([FeatureRequest(part, split) for split in ("validation", "test") for part in stage.inputs])
        model = trainee.behind(stage)
        vectors = pooled(stage.inputs[0].cut)
        return FittedHead(
            inputs=stage.inputs,
            probabilities=lambda split: probabilities_of(
                model, sources.feed(stage.inputs, split), lambda step: context.stop.check()
            ),
            head=trainee.head,
            network=trainee.network,
            write_head=(lambda folder: _write(folder, heads.dense_layers(trainee.head))) if vectors else None,
            behind=None if vectors else model,
            trainable=trainee.parameters(stage),
            history=self.epochs.history,
            best=best,
            stopped=self.epochs.stopped,
        )

    def _trainee(self, strategy) -> TrainableModel:
        context, inputs = self._context, self._program.inputs
        classes = len(context.dataset.class_names)
        return TrainableModel(
            self._program,
            self._numbers,
            blocks=context.blocks,
            make_network=context.fresh_network,
            make_head=lambda: heads.build_head(self._features(inputs), classes, self._numbers),
            strategy=strategy,
        )

    def _features(self, inputs: tuple[Part, ...]) -> int:
        """Numbers a photo the head is given: those of the pooled inputs, or of the network that follows the cut."""
        if pooled(inputs[0].cut):
            return sum(self._context.sources.length(part) for part in inputs)
        return self._context.backbones[inputs[0].source].feature_size

    def _twin(self, trained: TrainableModel) -> TrainableModel:
        """The same on one device and in float32, as it is saved and evaluated."""
        twin = self._trainee(devices.one_device())
        for mine, its in zip(twin.models(), trained.models(), strict=True):
            mine.set_weights(its.get_weights())
        return twin


class SklearnLearner:
    """A scikit-learn solver on stored features, all views of the training photos together."""

    def __init__(self, context: Context) -> None:
        self._context, self._inputs = context, context.program.inputs
        self._numbers = context.run.recipe.hyperparameters

    def wanted(self) -> list[FeatureRequest]:
        found = [FeatureRequest(part, "train", view) for view in range(self._numbers.views) for part in self._inputs]
        return found + [FeatureRequest(part, split) for split in ("validation", "test") for part in self._inputs]

    def learn(self) -> FittedHead:
        sources, classes = self._context.sources, len(self._context.dataset.class_names)
        labels = sources.labels("train")
        fitted = fit_solver(
            Solver(self._context.program.head),
            np.concatenate([self._rows("train", view) for view in range(self._numbers.views)]),
            np.tile(labels, self._numbers.views),
            self._rows("validation"),
            sources.labels("validation"),
            seed=self._numbers.seed,
            class_weights=class_weights(labels, classes) if self._numbers.class_weights else None,
        )
        return FittedHead(
            inputs=self._inputs,
            probabilities=lambda split: fitted.probabilities(self._rows(split)),
            head=None,
            write_head=fitted.write,
            trainable=fitted.parameters,
            choice=fitted.choice,
        )

    def _rows(self, split: str, view: int = 0) -> np.ndarray:
        return self._context.sources.vectors(self._inputs, split, view)


class Naming:
    """ImageNet's classes summed up into ours by their names; nothing is learned."""

    def __init__(self, context: Context) -> None:
        self._context, self._inputs = context, context.program.inputs

    def wanted(self) -> list[FeatureRequest]:
        return [FeatureRequest(part, split) for split in ("validation", "test") for part in self._inputs]

    def learn(self) -> FittedHead:
        sources, names = self._context.sources, self._context.dataset.class_names
        mapping = mapped(names, self._context.run.recipe.mapping)
        dense = mapping_head(mapping, names)
        head = DenseHead(dense)
        return FittedHead(
            inputs=self._inputs,
            probabilities=lambda split: head(sources.vectors(self._inputs, split)),
            head=heads.keras_head(dense),
            write_head=lambda folder: _write(folder, dense),
            choice=mapping.to_dict(),
        )


LEARNERS: dict[str, Callable[[Context], Learner]] = {
    GRADIENT: GradientLearner,
    MAPPING: Naming,
    **{str(solver): SklearnLearner for solver in Solver},
}
"""By ``Program.head``."""


def _write(folder: Path, dense: list[Layer]) -> str:
    return write_dense(folder / HEAD, dense).name
