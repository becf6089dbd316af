"""Archives to import."""

import pytest

from tests.photo_files import archive


@pytest.fixture
def zipped(tmp_path):
    return lambda files: archive(tmp_path / "photos.zip", files)
