"""``model.keras`` of runs that share a frozen network: the network's weights are laid out once in a process.

Writing an HDF5 group for every layer takes most of the time of ``model.save``. A further run copies the file of the
network in memory, and Keras adds the layers that are not in it. The content is that of ``model.save``: the same groups,
names and values.
"""

from collections.abc import Collection
from io import BytesIO
from math import prod
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import h5py
import keras
from keras.src.saving import saving_lib

LARGEST_BYTES = 64 * 10**6
"""A larger network is not kept in memory: it is written by ``model.save`` for every run."""


def weights_bytes(network: keras.Model) -> int:
    """Of its variables."""
    return sum(4 * prod(variable.shape) for variable in network.variables)


def network_file(model: keras.Model, network: keras.Model) -> bytes:
    """The part of the HDF5 file of ``model`` that belongs to the layers of ``network``, which it contains."""
    others = {id(layer) for layer in model.layers} - {id(layer) for layer in network.layers}
    buffer = BytesIO()
    store = saving_lib.H5IOStore(buffer, mode="w")
    _write(model, store, done=others)
    del store.h5_file["vars"]  # of the model itself, which is written with the rest
    store.close()
    return buffer.getvalue()


def save(model: keras.Model, network: keras.Model, file: bytes, path: Path) -> None:
    """Writes ``model`` as ``model.save`` does.

    Args:
        network: its layers are in ``file``, which ``network_file`` made of a model with the same network.
    """
    config, metadata = saving_lib._serialize_model_as_json(model)
    buffer = BytesIO(file)
    store = _Existing(buffer, mode="w")
    _write(model, store, done={id(layer) for layer in network.layers})
    store.close()
    with ZipFile(path, "w") as archive:
        archive.writestr(saving_lib._METADATA_FILENAME, metadata)
        archive.writestr(saving_lib._CONFIG_FILENAME, config)
        archive.writestr(saving_lib._VARS_FNAME_H5, buffer.getbuffer())


def _write(model: keras.Model, store: saving_lib.H5IOStore, done: Collection[int]) -> None:
    """Everything but the objects with the ids ``done``. Layers of Graft's networks have no assets."""
    saving_lib._save_state(model, weights_store=store, assets_store=None, inner_path="", visited_saveables=set(done))


class _Existing(saving_lib.H5IOStore):
    """Adds to a file instead of replacing it."""

    def _get_h5_file(self, path_or_io: Any, mode: str | None = None) -> h5py.File:
        return h5py.File(path_or_io, "r+")
