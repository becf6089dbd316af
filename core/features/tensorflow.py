"""The engine of a GPU, and of networks LiteRT cannot run."""

import threading

import numpy as np
import tensorflow as tf

from core.backbones.values import Backbone
from core.features import networks
from core.features.litert import cores
from core.settings import Settings


class TensorFlowEngine:
    """A prefix as one ``tf.function``. Safe to call from several threads, of which one at a time computes."""

    name = "TensorFlow"

    def __init__(self, backbone: Backbone, settings: Settings, cut: str = "top") -> None:
        prefix = networks.prefix(backbone, settings, cut)
        size = backbone.input_size
        self.batch = 64 if tf.config.list_physical_devices("GPU") else 8
        self.workers = max(2, min(cores(), 16))
        self._size = size
        self._lock = threading.Lock()
        signature = [tf.TensorSpec((None, size, size, 3), tf.uint8)]
        self._function = tf.function(
            lambda x: prefix(tf.cast(x, tf.float32), training=False), input_signature=signature, autograph=False
        )

    def __call__(self, photos: np.ndarray) -> np.ndarray:
        """uint8 (n, size, size, 3) -> float32 (n, ...)."""
        with self._lock:
            return np.asarray(self._function(photos).numpy())
