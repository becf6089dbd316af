"""The model that gradient descent trains: a head, and the network below it where a stage trains blocks."""

from collections.abc import Callable, Sequence
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from core.features import networks
from core.recipes.program import Program, Stage, pooled
from core.recipes.recipe import BestEpoch, Hyperparameters
from core.training import optimizing, states
from core.training.fitting import CalibratedLoss

BN_MOMENTUM = 0.9
"""Of trained batch normalisation. With Keras' default 0.99 half of the old averages is left after 70 steps, which is
all a small dataset has; 0.9 is PyTorch's default."""

STEPS_A_CALL = 256
"""Most gradient steps in one call of TensorFlow; between calls the trainer can be stopped. With several devices 1:
Keras 3.15 cannot loop over the batches of a distributed dataset."""


class TrainableModel:
    """A head and, where a stage trains blocks, their network. Creating it again gives bit-identical weights.

    Args:
        program, hp: of the run. blocks: of the network, from input to output.
        make_network, make_head: create them with their initial weights.
        strategy: of the slot.
    """

    def __init__(
        self,
        program: Program,
        hp: Hyperparameters,
        *,
        blocks: Sequence[str],
        make_network: Callable[[], keras.Model],
        make_head: Callable[[], keras.Model],
        strategy: tf.distribute.Strategy,
    ):
        self._program, self._hp, self._strategy = program, hp, strategy
        self._replicas = strategy.num_replicas_in_sync
        with strategy.scope():
            keras.utils.set_random_seed(hp.seed)
            self.head = make_head()
            self.network = make_network() if any(stage.trained for stage in program.stages) else None
        self._layers = networks.layers_by_block(self.network, blocks) if self.network else {}
        self._initial = {id(variable): np.array(variable) for variable in self.state_variables(program.stages[-1])}

    def compiled(self, stage: Stage, steps: int, *, in_memory: bool) -> keras.Model:
        """The model a stage fits, inputs -> probabilities, with a new optimizer.

        Args:
            steps: gradient steps of an epoch. in_memory: see ``Feed``.
        """
        with self._strategy.scope():
            model = self.behind(stage)
            self._freeze(stage)
            model.compile(
                optimizer=self._optimizer(stage, steps, model),
                loss=keras.losses.CategoricalCrossentropy(label_smoothing=self._hp.label_smoothing),
                metrics=self._metrics(),
                steps_per_execution=min(steps, STEPS_A_CALL) if in_memory and self._replicas == 1 else 1,
            )
            model.optimizer.build(model.trainable_variables)  # else a restored one silently loses its momentum
            if self._replicas > 1:
                _build_by_hand(model)
        return model

    def _metrics(self) -> list[keras.metrics.Metric]:
        calibrated = [CalibratedLoss()] if self._hp.best_by == BestEpoch.CALIBRATED else []
        return [keras.metrics.CategoricalAccuracy(name="accuracy"), *calibrated]

    def behind(self, stage: Stage) -> keras.Model:
        """Everything behind a stage's cut: its inputs -> probabilities.

        The network runs in inference mode, dropout applies to the head only (Keras' guide to transfer learning:
        ``training=False``), unless the stage trains batch normalisation.
        """
        if pooled(stage.inputs[0].cut):  # a new model, because compiling the head would attach the optimizer to it
            return keras.Model(self.head.input, self.head.output, name="suffix")
        suffix = networks.suffix(self.network, stage.inputs[0].cut)
        inputs = keras.Input(suffix.input.shape[1:], name="inputs")
        features = suffix(inputs) if stage.batch_norm else suffix(inputs, training=False)
        return keras.Model(inputs, self.head(features), name="suffix")

    def _freeze(self, stage: Stage) -> None:
        learning = {id(layer) for block in stage.trained for layer in self._learning(block, stage.batch_norm)}
        for layer in (layer for block_layers in self._layers.values() for layer in block_layers):
            layer.trainable = id(layer) in learning
            if layer.trainable and isinstance(layer, layers.BatchNormalization):
                layer.momentum = BN_MOMENTUM

    def _learning(self, block: str, batch_norm: bool) -> list[layers.Layer]:
        found = self._layers[block]
        return [layer for layer in found if batch_norm or not isinstance(layer, layers.BatchNormalization)]

    def _optimizer(self, stage: Stage, steps: int, model: keras.Model) -> keras.Optimizer:
        by_variable = {
            id(variable): optimizing.rate_factor(stage, block)
            for block in stage.trained
            for layer in self._layers[block]
            for variable in layer.trainable_variables
        }
        factors = [by_variable.get(id(variable), 1.0) for variable in model.trainable_variables]
        return optimizing.optimizer(stage, steps, factors, self._hp, self._replicas)

    def settle(self) -> None:
        """Averages the statistics of batch normalisation over the devices, each of which has its own."""
        if self._replicas == 1:
            return
        for layer in (layer for block_layers in self._layers.values() for layer in block_layers):
            if layer.trainable and isinstance(layer, layers.BatchNormalization):
                for variable in layer.non_trainable_variables:
                    copies = self._strategy.experimental_local_results(variable.value)
                    variable.assign(np.mean([copy.numpy() for copy in copies], axis=0))

    def models(self) -> list[keras.Model]:
        return [self.head] if self.network is None else [self.head, self.network]

    def parameters(self, stage: Stage) -> int:
        """Number of parameters that ``stage`` trains."""
        self._freeze(stage)
        return sum(int(np.prod(variable.shape)) for variable in self.behind(stage).trainable_variables)

    # --- its state ---

    def state_variables(self, stage: Stage) -> list:
        """All variables that may differ from their initial values in ``stage``, random states included."""
        trained: dict[str, bool] = {}
        for one in self._program.stages[: self._program.stages.index(stage) + 1]:
            trained |= {block: one.batch_norm or trained.get(block, False) for block in one.trained}
        found = list(self.head.variables)
        for block, batch_norm in trained.items():
            for layer in self._learning(block, batch_norm):
                found += layer.variables
        return found

    def write(self, path: Path, stage: Stage, model: keras.Model) -> None:
        """Writes the state in ``stage``: its variables and the optimizer of its ``model``."""
        states.write(path, [*self.state_variables(stage), *model.optimizer.variables])

    def read(self, path: Path, stage: Stage) -> None:
        """Restores the variables that ``write`` wrote in ``stage``; those trained later get their initial values."""
        for variable in self.state_variables(self._program.stages[-1]):
            variable.assign(self._initial[id(variable)])
        states.read(path, self.state_variables(stage))

    def read_optimizer(self, path: Path, stage: Stage, model: keras.Model) -> None:
        """Restores the optimizer that ``write`` wrote in ``stage``."""
        states.read(path, model.optimizer.variables, skip=len(self.state_variables(stage)))


def _build_by_hand(model: keras.Model) -> None:
    """Builds metrics and loss of a distributed model from one dummy row, and disables Keras' own building.

    Keras 3.15 builds them before every pass from the mean over the devices of the first batch, and fails when the
    devices have different numbers of rows (7 rows on 2 devices).
    """
    rows = [np.zeros((1, *one.shape[1:]), np.float32) for one in (*model.inputs, *model.outputs)]
    model._symbolic_build(data_batch=tuple(rows))
    model._maybe_symbolic_build = lambda **_arguments: None
