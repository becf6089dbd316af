"""Files that commands write: checked first, written whole."""

import pytest

from core.cli.written import target_file, write_file
from core.errors import Conflict, InvalidInput


def test_a_target_is_checked(tmp_path):
    assert target_file(str(tmp_path / "a.PNG"), False, (".png",)) == tmp_path / "a.PNG"
    with pytest.raises(InvalidInput, match=r"must end in \.csv or \.png"):
        target_file("a.txt", False, (".csv", ".png"))
    (tmp_path / "a.png").write_text("mine")
    with pytest.raises(Conflict, match="Add --force"):
        target_file(str(tmp_path / "a.png"), False, (".png",))
    assert target_file(str(tmp_path / "a.png"), True, (".png",)).exists()


def test_a_file_is_replaced_whole(tmp_path):
    write_file(tmp_path / "a.png", b"one")
    write_file(tmp_path / "a.png", b"two")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"two"]
