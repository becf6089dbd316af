"""A head is loaded from its file, or the file is named."""

import numpy as np
import pytest

from core.errors import Unavailable
from core.models.heads.head_file import write_arrays
from core.models.heads.load import load_head


@pytest.mark.parametrize("name", ["head.npz", "head.tflite"])
def test_a_damaged_file_is_named(tmp_path, name):
    path = tmp_path / name
    with pytest.raises(Unavailable, match=name):
        load_head(path)
    path.write_bytes(b"nothing anybody could run")
    with pytest.raises(Unavailable, match=name):
        load_head(path)


@pytest.mark.parametrize("arrays", [{}, {"activations": np.array(["softmax"])}, {"labels": np.zeros(3)}])
@pytest.mark.parametrize("kind", ["dense", "neighbours", "trees", "oracle"])
def test_a_head_that_lacks_something_is_named(tmp_path, kind, arrays):
    write_arrays(tmp_path / "head.npz", kind, arrays)
    with pytest.raises(Unavailable, match=r"head\.npz is no head"):
        load_head(tmp_path / "head.npz")
