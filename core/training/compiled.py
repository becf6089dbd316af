"""A compiled head that runs of one process share, so that TensorFlow traces its graph once.

Tracing takes as long as eight epochs on 1,000 photos. What differs between the runs is in variables, which ``begin``
sets.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256

import keras
import numpy as np

from core.recipes.hyperparameters import Hyperparameters
from core.training.passes import Passes

_IN_VARIABLES = ("seed", "epochs", "learning_rate")
"""Hyperparameters that are no part of the graph of a head: they decide initial values, order and number of steps."""


@dataclass(frozen=True, kw_only=True)
class CompiledHead:
    """A head, the compiled model around it, and its traced passes.

    Args:
        optimizer: the initial values of the optimizer's variables.
    """

    head: keras.Model
    model: keras.Model
    passes: Passes
    optimizer: Sequence[np.ndarray]

    def begin(self, head: keras.Model, learning_rate: float) -> None:
        """Puts it into the state in which ``head``, compiled with a new optimizer, would be."""
        copy_variables(head, self.head)
        for variable, value in zip(self.model.optimizer.variables, self.optimizer, strict=True):
            variable.assign(value)
        self.model.optimizer.learning_rate = learning_rate


def trace(head: keras.Model, compiled: Callable[[keras.Model], keras.Model], hp: Hyperparameters) -> CompiledHead:
    """Of a head that no run has. ``compiled`` compiles a model around it."""
    model = compiled(head)
    passes = Passes(model, hp.batch_size)
    passes.trace(weighted=hp.class_weights)
    optimizer = [np.array(variable) for variable in model.optimizer.variables]
    return CompiledHead(head=head, model=model, passes=passes, optimizer=optimizer)


def graph_key(head: keras.Model, steps: int, hp: Hyperparameters) -> str:
    """Heads with the same key have the same graph. Short, because the costs of a run name it.

    Args:
        steps: gradient steps of an epoch.
    """
    fixed = tuple((name, value) for name, value in vars(hp).items() if name not in _IN_VARIABLES)
    return sha256(repr((head.input.shape, head.output.shape, fixed, steps)).encode()).hexdigest()[:16]


def copy_variables(source: keras.Model, target: keras.Model) -> None:
    """All variables of a model with the same layers, random states included."""
    for mine, its in zip(target.variables, source.variables, strict=True):
        mine.assign(its)
