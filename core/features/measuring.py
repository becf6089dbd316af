"""What can be read off a network: parameters, size of its features, multiply-adds, and blocks with shape and cost."""

from dataclasses import replace
from math import prod

import keras
from keras import layers

from core.backbones.values import Backbone
from core.features.adapters import adaptable
from core.features.cuts import block_ends
from core.features.networks import layers_by_block, operations_by_block


def measured(row: Backbone, model: keras.Model) -> Backbone:
    """The row with everything that its network says: parameters, features, blocks, and shape and cost of each.

    Args:
        row: with any values in these fields. model: its network without top, as from ``networks.build``.
    """
    ends = block_ends(model)
    parts = layers_by_block(model, tuple(ends))
    operations = operations_by_block(model, tuple(ends))
    return replace(
        row,
        parameters=model.count_params(),
        feature_size=int(model.output.shape[-1]),
        multiply_adds=multiply_adds(model),
        blocks=tuple(ends),
        block_shapes=tuple(tuple(int(side) for side in end.output.shape[1:]) for end in ends.values()),
        block_parameters=tuple(sum(layer.count_params() for layer in part) for part in parts.values()),
        block_multiply_adds=tuple(sum(map(_multiply_adds_of, part)) for part in operations.values()),
        adaptable=tuple(map(adaptable, parts.values())),
    )


def multiply_adds(model: keras.Model) -> int:
    """Multiply-adds of one forward pass of one photo, as the papers count: of convolutions, dense layers and attention.

    A kernel of k x k x channels-in is applied once per output position and filter (Howard et al. 2017, MobileNets,
    section 3.1); biases, normalisation and activations are not counted, as in the EfficientNet papers. Attention
    multiplies every query with every key, and every weight with a value (Vaswani et al. 2017, section 3.2).
    """
    return sum(map(_multiply_adds_of, model.operations))


def _multiply_adds_of(operation: keras.Operation) -> int:
    """Of a layer, or of a product of two tensors that no layer computes."""
    if isinstance(operation, layers.Layer):
        return layer_multiply_adds(operation)
    if type(operation).__name__ != "Matmul":
        return 0
    first = operation._inbound_nodes[0].input_tensors[0]
    return int(prod(operation.output.shape[1:]) * first.shape[-1])


def layer_multiply_adds(layer: layers.Layer) -> int:
    """Of one layer of a functional model, or of all layers of a model in it; see ``multiply_adds``."""
    if isinstance(layer, keras.Model):
        return multiply_adds(layer)
    if isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D)):
        _, height, width, _ = layer.output.shape
        return int(height * width * prod(layer.kernel.shape))
    if isinstance(layer, layers.SeparableConv2D):
        _, height, width, _ = layer.output.shape
        return int(height * width * (prod(layer.depthwise_kernel.shape) + prod(layer.pointwise_kernel.shape)))
    if isinstance(layer, (layers.Dense, layers.EinsumDense)):
        summed = prod(layer.kernel.shape) // prod(_kernel_axes_in_output(layer))
        return int(prod(layer.output.shape[1:]) * summed)
    if isinstance(layer, layers.MultiHeadAttention):
        return _attention_multiply_adds(layer)
    return 0


def _kernel_axes_in_output(layer: layers.Dense | layers.EinsumDense) -> list[int]:
    """Sizes of the axes of the kernel that the output has too; over the others is summed."""
    if isinstance(layer, layers.Dense):
        return [layer.units]
    inputs, output = layer.equation.split("->")
    kernel = inputs.split(",")[1]
    return [size for axis, size in zip(kernel, layer.kernel.shape, strict=True) if axis in output]


def _attention_multiply_adds(layer: layers.MultiHeadAttention) -> int:
    """The four projections, one product of every query with every key, and one of every weight with a value."""
    queries, *others = (tensor.shape[1] for tensor in layer._inbound_nodes[0].input_tensors)
    keys = others[0] if others else queries
    of_queries = (layer._query_dense, layer._output_dense)
    of_keys = (layer._key_dense, layer._value_dense)
    projected = queries * sum(prod(part.kernel.shape) for part in of_queries)
    projected += keys * sum(prod(part.kernel.shape) for part in of_keys)
    pairs = queries * keys * layer.num_heads * (layer.key_dim + layer.value_dim)
    return int(projected + pairs)
