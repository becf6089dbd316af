"""The model that gradient descent trains: a head, and the network below it where a stage trains blocks."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from core.errors import InvalidInput
from core.features import adapters, networks
from core.recipes.adapters import nothing_to_train
from core.recipes.hyperparameters import Adapter, BestEpoch, Hyperparameters, Schedule
from core.recipes.program import Program, Stage, pooled
from core.training import devices, optimizing, states
from core.training.array_passes import ArrayPasses, head_shape
from core.training.cache import cached
from core.training.compiled import CompiledHead, copy_variables, graph_key, trace
from core.training.fitting import CalibratedLoss
from core.training.passes import Passes

BN_MOMENTUM = 0.9
"""Of trained batch normalisation. With Keras' default 0.99 half of the old averages is left after 70 steps, which is
all a small dataset has; 0.9 is PyTorch's default."""

STEPS_A_CALL = 256
"""Most gradient steps in one call of TensorFlow; between calls the trainer can be stopped. With several devices 1:
Keras 3.15 cannot loop over the batches of a distributed dataset."""

HEADS_KEPT = 4
"""Compiled heads in the cache of a process: a grid may vary the hidden layer or dropout in turns."""


class InferenceMode(layers.Layer):
    """Calls a model in inference mode whatever the mode of the call is.

    ``model(inputs, training=False)`` in a functional model is not enough: Keras 3.15 passes the mode of the outer call
    to every layer, and batch normalisation whose scale is trained then moves its averages.
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__(name="inference_mode")
        self.model = model

    def call(self, inputs: Any) -> Any:
        return self.model(inputs, training=False)


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
        self._program, self._hp, self._strategy, self._make_network = program, hp, strategy, make_network
        self._make_head, self._own_head = make_head, None
        self.passes: Passes | ArrayPasses | None = None
        self._replicas = strategy.num_replicas_in_sync
        with strategy.scope():
            keras.utils.set_random_seed(hp.seed)
            self.head = make_head()
            self.network = make_network() if any(stage.trained for stage in program.stages) else None
            self._layers = networks.layers_by_block(self.network, blocks) if self.network else {}
            self._enable_lora()
        self._initial = {id(variable): np.array(variable) for variable in self.state_variables(program.stages[-1])}

    def _enable_lora(self) -> None:
        """In all blocks that a later stage trains; as long as B is zero it changes nothing."""
        stage, seed = self._program.stages[-1], self._hp.seed
        if stage.adapter is Adapter.LORA:
            for block in stage.trained:
                seed = adapters.enable_lora(self._layers[block], stage.rank, seed)
        if self.network is not None and not any(self._has_weights(block, stage) for block in stage.trained):
            raise InvalidInput(nothing_to_train(self.network.name, stage.adapter, len(stage.trained)))

    @property
    def adapted_layers(self) -> int:
        """Number of layers of which parameter-efficient fine-tuning trains a part; 0 for other patterns."""
        stage = self._program.stages[-1]
        if stage.adapter is None:
            return 0
        return sum(len(adapters.adapted_layers(self._layers[block], stage.adapter)) for block in stage.trained)

    def compiled(self, stage: Stage, steps: int, *, in_memory: bool) -> keras.Model:
        """The model a stage fits, inputs -> probabilities, with a new optimizer.

        Of a small head alone on the CPU ``passes`` are in NumPy. Other heads alone train in one that the runs of this
        process share (``core.training.compiled``); ``passes`` are then traced, and ``head`` is the shared one until
        ``return_head``.

        Args:
            steps: gradient steps of an epoch. in_memory: see ``Feed``.
        """
        self.passes = None
        alone = in_memory and self._is_constant_on_one_device(stage)
        shape = head_shape(self.head, self._hp) if alone and not devices.gpus() else None
        if alone and shape is None and self.network is None:
            return self._borrowed(stage, steps)
        model = self._compiled(stage, steps, self.behind(stage), in_memory=in_memory)
        if shape is not None:
            self.passes = ArrayPasses(model, shape, self._hp, self._metrics()[1:])
        return model

    def _is_constant_on_one_device(self, stage: Stage) -> bool:
        on_one_device = self._replicas == 1 and not devices.uses_float16(self._hp)
        return stage.schedule is Schedule.CONSTANT and on_one_device

    def _borrowed(self, stage: Stage, steps: int) -> keras.Model:
        def make() -> CompiledHead:
            return trace(
                self._make_head(),
                lambda head: self._compiled(stage, steps, _model_of(head), in_memory=True),
                self._hp,
            )

        shared = cached("compiled head", graph_key(self.head, steps, self._hp), make, room=HEADS_KEPT)
        shared.begin(self.head, stage.learning_rate)
        for own, borrowed in zip(self.head.variables, shared.head.variables, strict=True):
            self._initial[id(borrowed)] = self._initial[id(own)]
        self._own_head, self.head, self.passes = self.head, shared.head, shared.passes
        return shared.model

    def return_head(self) -> None:
        """After training: ``head`` is again that of this run alone, as it was trained."""
        if self._own_head is not None:
            copy_variables(self.head, self._own_head)
            self.head, self._own_head, self.passes = self._own_head, None, None

    def _compiled(self, stage: Stage, steps: int, model: keras.Model, *, in_memory: bool) -> keras.Model:
        with self._strategy.scope():
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

        Normalisation runs in inference mode (Keras' guide to transfer learning: ``training=False``), unless the stage
        trains it: its layers are frozen. Dropout of the trained blocks is active in training, because ``fit`` overrides
        the argument inside a functional model.
        """
        if pooled(stage.inputs[0].cut):
            return _model_of(self.head)
        suffix = networks.suffix(self.network, stage.inputs[0].cut)
        inputs = keras.Input(suffix.input.shape[1:], name="inputs")
        if stage.adapter is not None:
            features = InferenceMode(suffix)(inputs)
        else:
            features = suffix(inputs) if stage.batch_norm else suffix(inputs, training=False)
        return keras.Model(inputs, self.head(features), name="suffix")

    def _freeze(self, stage: Stage) -> None:
        learning = {id(layer) for block in stage.trained for layer in self._learning(block, stage)}
        for layer in (layer for block_layers in self._layers.values() for layer in block_layers):
            layer.trainable = id(layer) in learning
            if layer.trainable and stage.batch_norm and isinstance(layer, layers.BatchNormalization):
                layer.momentum = BN_MOMENTUM
        if stage.adapter is not None:
            chosen = {id(variable) for block in stage.trained for variable in self._changing(block, stage)}
            for variable in (
                variable for block in stage.trained for layer in self._layers[block] for variable in layer.weights
            ):
                variable.trainable = id(variable) in chosen

    def _learning(self, block: str, stage: Stage) -> list[layers.Layer]:
        """The layers of a block that have variables trained in a stage."""
        found = self._layers[block]
        if stage.adapter is not None:
            return [layer for layer in found if adapters.variables([layer], stage.adapter)]
        return [layer for layer in found if stage.batch_norm or not isinstance(layer, layers.BatchNormalization)]

    def _has_weights(self, block: str, stage: Stage) -> bool:
        """Whether a stage trains anything in a block; layers may be frozen for the moment."""
        if stage.adapter is not None:
            return bool(adapters.variables(self._layers[block], stage.adapter))
        learning = (one for layer in self._learning(block, stage) for one in layer._flatten_layers())
        return any(one._trainable_variables for one in learning)

    def _changing(self, block: str, stage: Stage) -> list[keras.Variable]:
        """The variables of a block that may differ from their initial values in a stage."""
        if stage.adapter is not None:
            return adapters.variables(self._layers[block], stage.adapter)
        return [variable for layer in self._learning(block, stage) for variable in layer.variables]

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
        if self._replicas == 1 or not any(stage.batch_norm for stage in self._program.stages):
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

    def merge(self) -> None:
        """Puts what LoRA learned into the kernels of a network without it, which replaces the trained one."""
        if self._program.stages[-1].adapter is Adapter.LORA and self.network is not None:
            plain = self._make_network()
            adapters.merge(self.network, plain)
            self.network = plain

    # --- its state ---

    def state_variables(self, stage: Stage) -> list:
        """All variables that may differ from their initial values in ``stage``, random states included."""
        trained: dict[str, Stage] = {}
        for one in self._program.stages[: self._program.stages.index(stage) + 1]:
            trained |= dict.fromkeys(one.trained, one)
        return [*self.head.variables, *(v for block, one in trained.items() for v in self._changing(block, one))]

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


def _model_of(head: keras.Model) -> keras.Model:
    """A new model, because compiling the head would attach the optimizer to it."""
    return keras.Model(head.input, head.output, name="suffix")


def _build_by_hand(model: keras.Model) -> None:
    """Builds metrics and loss of a distributed model from one dummy row, and disables Keras' own building.

    Keras 3.15 builds them before every pass from the mean over the devices of the first batch, and fails when the
    devices have different numbers of rows (7 rows on 2 devices).
    """
    rows = [np.zeros((1, *one.shape[1:]), np.float32) for one in (*model.inputs, *model.outputs)]
    model._symbolic_build(data_batch=tuple(rows))
    model._maybe_symbolic_build = lambda **_arguments: None
