"""The optimizer of a stage: Adam with a schedule, a learning rate for every block, and gradient clipping."""

from collections.abc import Sequence
from typing import Any

import keras
from keras.optimizers.schedules import CosineDecay, LearningRateSchedule

from core.recipes.hyperparameters import Hyperparameters, Schedule
from core.recipes.program import Stage


class BlockwiseAdam(keras.optimizers.Adam):
    """Adam whose learning rate differs by variable.

    Scaling the gradient instead would have no effect: Adam normalises it.

    Args:
        factors: of the learning rate, one for each trainable variable in the order of ``build``.
    """

    def __init__(self, learning_rate: float | LearningRateSchedule, factors: Sequence[float], **kwargs: Any) -> None:
        super().__init__(learning_rate, **kwargs)
        self._factors = tuple(factors)

    def update_step(self, gradient: Any, variable: keras.Variable, learning_rate: Any) -> None:
        factor = self._factors[self._get_variable_index(variable)]
        super().update_step(gradient, variable, learning_rate * factor)


def optimizer(
    stage: Stage, steps: int, factors: Sequence[float], hp: Hyperparameters, replicas: int = 1
) -> keras.optimizers.Optimizer:
    """The optimizer of a stage, not yet built.

    Args:
        steps: gradient steps of an epoch. factors: of the rate, one a trainable variable.
        replicas: devices that share a step. Each clips its part of the gradient, so that the sum keeps the limit.
    """
    rate = learning_rate(stage, steps)
    limit = {"global_clipnorm": hp.clip_norm / replicas} if hp.clip_norm else {}
    if all(factor == 1 for factor in factors):
        return keras.optimizers.Adam(rate, **limit)
    return BlockwiseAdam(rate, factors, **limit)


def learning_rate(stage: Stage, steps: int) -> float | LearningRateSchedule:
    """A constant, or a schedule over all steps of the stage: linear warm-up, then cosine decay (Loshchilov and Hutter
    2017, without restarts)."""
    if stage.schedule is not Schedule.COSINE:
        return stage.learning_rate
    total = steps * (stage.last_epoch - stage.first_epoch + 1)
    warmup = round(stage.warmup * total)
    if not warmup:
        return CosineDecay(stage.learning_rate, total)
    return CosineDecay(
        stage.learning_rate / warmup,  # else the first step would have a rate of 0
        max(total - warmup, 1),
        warmup_target=stage.learning_rate,
        warmup_steps=warmup,
    )


def rate_factor(stage: Stage, block: str) -> float:
    """The factor of a trained block's learning rate: 1 for the topmost one, as for the head."""
    return stage.rate_decay ** stage.trained.index(block)
