"""Small networks as people save them."""

import keras
from keras import layers


def tutorial() -> keras.Model:
    """The network of Keras' beginners' tutorials: augmentation, rescaling, convolutions, dense layers."""
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.RandomFlip(),
            layers.Rescaling(1 / 255),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(8, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(12, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(16, activation="relu"),
            layers.Dense(4),
        ]
    )


def base() -> keras.Model:
    """Named as EfficientNet's layers, with batch normalisation and a shortcut."""
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(8, 3, 2, padding="same", name="stem_conv")(inputs)
    x = layers.BatchNormalization(name="stem_bn")(x)
    for block in ("block1a", "block2a", "block2b"):
        y = layers.Conv2D(8, 3, padding="same", name=f"{block}_conv")(x)
        y = layers.BatchNormalization(name=f"{block}_bn")(y)
        x = layers.Add(name=f"{block}_add")([layers.ReLU(name=f"{block}_relu")(y), x])
    return keras.Model(inputs, x, name="base")


def transfer() -> keras.Model:
    """As in Keras' guide to transfer learning: a nested base in inference mode, pixels scaled by operations."""
    inputs = keras.Input((32, 32, 3))
    x = inputs / 127.5 - 1.0
    x = base()(x, training=False)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(inputs, layers.Dense(3, activation="softmax", name="classes")(layers.Dropout(0.2)(x)))


def transformer() -> keras.Model:
    """Tokens of patches, without a class token."""
    inputs = keras.Input((32, 32, 3))
    x = layers.Reshape((16, 12))(layers.Conv2D(12, 8, 8)(inputs))
    for _ in range(2):
        x = layers.Add()([x, layers.MultiHeadAttention(2, 6)(x, x)])
        x = layers.Add()([x, layers.Dense(12)(layers.Dense(24, activation="gelu")(x))])
    return keras.Model(inputs, layers.Dense(3)(layers.GlobalAveragePooling1D()(x)))


def class_map() -> keras.Model:
    """Ends like SqueezeNet: a convolution to one map a class, their means, a softmax."""
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(6, 3, 2, activation="relu", name="first")(inputs)
    x = layers.Conv2D(4, 1, activation="relu", name="last")(x)
    return keras.Model(inputs, layers.Softmax(name="softmax")(layers.GlobalAveragePooling2D(name="mean")(x)))


def _maps() -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Input and last map (8, 8, 6) of a small network without names."""
    inputs = keras.Input((32, 32, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    for stride in (2, 2, 1, 1):
        x = layers.Conv2D(6, 3, stride, padding="same", activation="relu")(x)
    return inputs, x


def maximum() -> keras.Model:
    """The largest value of every channel of the map, then a hidden layer and classes."""
    inputs, x = _maps()
    x = layers.Dense(5, activation="relu")(layers.GlobalMaxPooling2D()(x))
    return keras.Model(inputs, layers.Dense(3, activation="softmax")(x))


def attentive() -> keras.Model:
    """Every position has a weight that the network computes, then layer normalisation."""
    inputs, x = _maps()
    x = layers.Reshape((64, 6))(x)
    weights = layers.Softmax(axis=1)(layers.Dense(1)(x))
    x = layers.Flatten()(layers.Dot(axes=1)([weights, x]))
    return keras.Model(inputs, layers.Dense(3)(layers.LayerNormalization()(x)))


def pooled_behind_a_tail() -> keras.Model:
    """A base with a further convolution, whose means and largest values lie side by side."""
    inputs = keras.Input((32, 32, 3))
    x = base()(layers.Rescaling(1 / 255)(inputs))
    x = layers.Conv2D(7, 1, activation="relu", name="top_conv")(x)
    x = layers.Concatenate()([layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)])
    return keras.Model(inputs, layers.Dense(3)(layers.Dropout(0.2)(x)))


def class_token() -> keras.Model:
    """Tokens of patches, of which the first one is classified."""
    inputs = keras.Input((32, 32, 3))
    x = layers.Reshape((16, 12))(layers.Conv2D(12, 8, 8)(layers.Rescaling(1 / 255)(inputs)))
    x = layers.ZeroPadding1D((1, 0))(x)
    for _ in range(3):
        x = layers.Add()([x, layers.MultiHeadAttention(2, 6)(x, x)])
        x = layers.Add()([x, layers.Dense(12)(layers.Dense(24, activation="gelu")(x))])
    return keras.Model(inputs, layers.Dense(3)(layers.LayerNormalization()(x[:, 0])))


OWN_POOLING = {"maximum": maximum, "attentive": attentive, "tail": pooled_behind_a_tail, "class_token": class_token}
