"""The ways to fit a head: gradient descent, a scikit-learn solver, mapping ImageNet's classes by their names, texts.

A learner lists the features it needs, then fits a ``FittedHead``; the steps after that are the same for all.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from core.features.texts import text_vectors
from core.models.heads.dense import DenseHead, Layer, write_dense
from core.models.heads.head_file import FILE
from core.models.heads.mapping import mapped, mapping_head
from core.models.heads.solvers import fit_solver, import_solvers
from core.models.heads.zero_shot import choice_of, class_vectors, zero_shot_head
from core.recipes.hyperparameters import Solver
from core.recipes.program import GRADIENT, MAPPING, TEXTS, Part, cuts_of, pooled
from core.recipes.prompts import texts_of
from core.runs.costs import SOLVER_LIBRARY
from core.training import devices, heads
from core.training.cache import cached
from core.training.context import Context, FittedHead
from core.training.epochs import Epochs
from core.training.fitting import class_weights, probabilities_of, views_needed
from core.training.sources import FeatureRequest
from core.training.trainable import TrainableModel


class Learner(Protocol):
    def requests(self) -> list[FeatureRequest]:
        """The features ``learn`` needs; those of test photos too, so that a missing file is found early."""
        ...

    def learn(self) -> FittedHead: ...


class GradientLearner:
    """Stages of gradient descent, resumed from the last checkpoint."""

    def __init__(self, context: Context) -> None:
        self._context, self._program = context, context.program
        self._hp = context.run.recipe.hyperparameters
        self.epochs = Epochs(context)

    def requests(self) -> list[FeatureRequest]:
        found, first = [], self.epochs.first
        for stage in self._program.stages:
            if stage.last_epoch >= first and not self.epochs.over:
                views = views_needed(self._hp, max(first, stage.first_epoch), stage.last_epoch)
                found += [FeatureRequest(part, "train", view) for view in views for part in stage.inputs]
                found += [FeatureRequest(part, "validation") for part in stage.inputs]
                if self._program.teacher is not None:
                    found += [FeatureRequest(self._program.teacher, "train", view) for view in views]
        return found + [FeatureRequest(part, "test") for part in self._program.inputs]

    def learn(self) -> FittedHead:
        context, sources = self._context, self._context.sources
        float16, strategy = devices.uses_float16(self._hp), devices.strategy()
        with devices.precision(float16):
            trainable = self._trainable_model(strategy)
            self.epochs.train(trainable, sources)
        trainable.return_head()
        if float16 or strategy.num_replicas_in_sync > 1:
            trainable = self._twin(trainable)
        best = self.epochs.best
        stage = self._program.stage_of(best.number)
        sources.gather([FeatureRequest(part, split) for split in ("validation", "test") for part in stage.inputs])
        adapted, parameters = trainable.adapted_layers, trainable.parameters(stage)
        trainable.merge()
        model = trainable.behind(stage)
        vectors = pooled(stage.inputs[0].cut)
        return FittedHead(
            inputs=stage.inputs,
            probabilities=lambda split: probabilities_of(
                model, sources.feed(stage.inputs, split), lambda step: context.stop.check()
            ),
            head=trainable.head,
            network=trainable.network,
            write_head=(lambda folder: _write(folder, heads.dense_layers(trainable.head))) if vectors else None,
            behind=None if vectors else model,
            trainable_parameters=parameters,
            adapted_layers=adapted,
            history=self.epochs.history,
            best=best,
            stopped=self.epochs.stopped,
        )

    def _trainable_model(self, strategy: tf.distribute.Strategy) -> TrainableModel:
        context, inputs = self._context, self._program.inputs
        classes = len(context.dataset.class_names)
        return TrainableModel(
            self._program,
            self._hp,
            blocks=context.blocks,
            make_network=context.fresh_network,
            make_head=lambda: heads.build_head(self._features(inputs), classes, self._hp, self._seen()),
            strategy=strategy,
        )

    def _seen(self) -> np.ndarray | None:
        """The training photos' features that the first epoch is trained on; None where a checkpoint will be read or
        these are no vectors."""
        first = self._program.stages[0]
        if self.epochs.first > 1 or not pooled(first.inputs[0].cut) or not self._hp.normalize:
            return None
        return self._context.sources.vectors(first.inputs, "train")

    def _features(self, inputs: tuple[Part, ...]) -> int:
        """Number of features of the head's input: of all pooled inputs, or of the network that follows the cut."""
        if pooled(inputs[0].cut):
            return sum(self._context.sources.length(part) for part in inputs)
        return self._context.backbones[inputs[0].source].feature_size

    def _twin(self, trained: TrainableModel) -> TrainableModel:
        """A copy on one device and in float32, which is saved and evaluated."""
        twin = self._trainable_model(devices.one_device())
        for mine, its in zip(twin.models(), trained.models(), strict=True):
            mine.set_weights(its.get_weights())
        return twin


class SklearnLearner:
    """A scikit-learn solver on stored features, all views of the training photos together."""

    def __init__(self, context: Context) -> None:
        self._context, self._inputs = context, context.program.inputs
        self._hp = context.run.recipe.hyperparameters
        cached("library", SOLVER_LIBRARY, import_solvers)

    def requests(self) -> list[FeatureRequest]:
        found = [FeatureRequest(part, "train", view) for view in range(self._hp.views) for part in self._inputs]
        return found + [FeatureRequest(part, split) for split in ("validation", "test") for part in self._inputs]

    def learn(self) -> FittedHead:
        sources, classes = self._context.sources, len(self._context.dataset.class_names)
        labels = sources.labels("train")
        fitted = fit_solver(
            Solver(self._context.program.head),
            np.concatenate([self._rows("train", view) for view in range(self._hp.views)]),
            np.tile(labels, self._hp.views),
            self._rows("validation"),
            sources.labels("validation"),
            seed=self._hp.seed,
            class_weights=class_weights(labels, classes) if self._hp.class_weights else None,
            full_search=self._context.program.full_search,
            groups=self._groups(),
        )
        return FittedHead(
            inputs=self._inputs,
            probabilities=lambda split: fitted.probabilities(self._rows(split)),
            head=heads.keras_head(fitted.head.layers) if isinstance(fitted.head, DenseHead) else None,
            write_head=fitted.write,
            trainable_parameters=fitted.parameters,
            choice=fitted.choice,
        )

    def _groups(self) -> tuple[int, ...]:
        """Numbers of features of the cuts, each of which is scaled alone."""
        parts = [replace(part, cut=cut) for part in self._inputs for cut in cuts_of(part.cut)]
        return tuple(self._context.sources.length(part) for part in parts)

    def _rows(self, split: str, view: int = 0) -> np.ndarray:
        return self._context.sources.vectors(self._inputs, split, view)


class UntrainedLearner(ABC):
    """A head of dense layers that are known without photos; nothing is trained."""

    def __init__(self, context: Context) -> None:
        self._context, self._inputs = context, context.program.inputs

    @abstractmethod
    def _layers(self) -> tuple[list[Layer], dict[str, Any]]:
        """The layers, and what the card has of their choice."""

    def requests(self) -> list[FeatureRequest]:
        return [FeatureRequest(part, split) for split in ("validation", "test") for part in self._inputs]

    def learn(self) -> FittedHead:
        dense, choice = self._layers()
        head = DenseHead(dense)
        return FittedHead(
            inputs=self._inputs,
            probabilities=lambda split: head(self._context.sources.vectors(self._inputs, split)),
            head=heads.keras_head(dense),
            write_head=lambda folder: _write(folder, dense),
            choice=choice,
        )


class MappingLearner(UntrainedLearner):
    """Sums ImageNet's probabilities per class of the dataset, by class names."""

    def _layers(self) -> tuple[list[Layer], dict[str, Any]]:
        names = self._context.dataset.class_names
        mapping = mapped(names, self._context.run.recipe.mapping)
        return mapping_head(mapping, names), mapping.to_dict()


class ZeroShotLearner(UntrainedLearner):
    """Compares features with the texts of the classes."""

    def _layers(self) -> tuple[list[Layer], dict[str, Any]]:
        context = self._context
        texts = texts_of(context.dataset.class_names, context.run.recipe.prompts)
        every = [(number, text) for number, found in enumerate(texts.values()) for text in found]
        found = text_vectors(context.backbones[self._inputs[0].source], context.settings, [text for _, text in every])
        directions = class_vectors(found.vectors, [number for number, _ in every], len(texts))
        return zero_shot_head(found.projection, directions, found.scale), choice_of(texts)


LEARNERS: dict[str, Callable[[Context], Learner]] = {
    GRADIENT: GradientLearner,
    MAPPING: MappingLearner,
    TEXTS: ZeroShotLearner,
    **{str(solver): SklearnLearner for solver in Solver},
}
"""By ``Program.head``."""


def _write(folder: Path, dense: list[Layer]) -> str:
    return write_dense(folder / FILE, dense).name
