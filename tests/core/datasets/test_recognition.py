"""All ways to read an upload."""

from pathlib import Path

from core.datasets.layout import UploadFile
from core.datasets.recognition import read_layouts


def test_one_folder_per_class_is_certain():
    files = [UploadFile(parts=(name, "0.jpg"), size=1, source=Path(name)) for name in ("cat", "dog")]
    choice = read_layouts(files)
    assert not choice.question and [layout.id for layout in choice.layouts] == ["folders"]
