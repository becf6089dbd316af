"""The mark of a copy."""

from core.artifacts.marks import mark, marked
from core.registry.artifacts import Artifact

ARTIFACT = Artifact(name="datasets/d-1", token=1, digest="ab", size_bytes=2, files=1)


def test_a_mark_is_read_as_it_was_written(tmp_path):
    mark(tmp_path / ".artifact-d-1", ARTIFACT)
    assert marked(tmp_path / ".artifact-d-1") == ARTIFACT


def test_without_a_mark_nothing_is_known(tmp_path):
    for number, content in enumerate(("", "[]", '{"name": "x"}', "\0")):
        (tmp_path / str(number)).write_text(content)
        assert marked(tmp_path / str(number)) is None
    assert marked(tmp_path / "none") is None
