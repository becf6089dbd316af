"""Room on the disk."""

from types import SimpleNamespace

import pytest

from core.errors import InvalidInput, NoSpace
from core.files.room import KEEP_FREE_BYTES, MOST_BYTES, require_room


@pytest.mark.parametrize("size", [0, -1, MOST_BYTES + 1])
def test_a_file_has_a_size(tmp_path, size):
    with pytest.raises(InvalidInput, match="1 byte to 200"):
        require_room(tmp_path, size, "a.zip")


def test_some_space_stays_free(tmp_path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=KEEP_FREE_BYTES + 10))
    require_room(tmp_path, 10, "a.zip")
    with pytest.raises(NoSpace, match="'a.zip' has 11 bytes"):
        require_room(tmp_path, 11, "a.zip")
