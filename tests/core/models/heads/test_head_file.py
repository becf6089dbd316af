"""The file of a head is reproducible and holds no objects."""

import pickle

import numpy as np
import pytest

from core.errors import Unavailable
from core.models.heads.dense import Layer, write_dense
from core.models.heads.load import load_head


def test_the_same_head_is_the_same_file(tmp_path):
    layers = [Layer(np.eye(3), np.zeros(3), "softmax")]
    one, two = (write_dense(tmp_path / name, layers).read_bytes() for name in ("one.npz", "two.npz"))
    assert one == two


def test_a_file_that_holds_objects_is_never_unpickled(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("something was unpickled",))

    with (tmp_path / "head.npz").open("wb") as file:
        np.savez(file, kind=np.array("dense"), activations=np.array([Trap()], object))
    with pytest.raises(Unavailable, match=r"head\.npz is no head"):
        load_head(tmp_path / "head.npz")
    (tmp_path / "head.npz").write_bytes(pickle.dumps({"kind": 1}))
    with pytest.raises(Unavailable, match=r"head\.npz is no head"):
        load_head(tmp_path / "head.npz")
