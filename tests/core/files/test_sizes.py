"""How much folders take; deletions that use it are in ``tests/core/workbench/test_delete.py``."""

from core.files.sizes import size_of


def test_a_file_counts_once_and_only_where_all_its_links_are(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir(), (other / "below").mkdir(parents=True)
    (one / "a").write_bytes(b"\0" * 100)
    (one / "b").write_bytes(b"\0" * 10)
    (other / "below" / "a").hardlink_to(one / "a")
    assert (size_of(one), size_of(other), size_of(one, other)) == (10, 0, 110)
    assert size_of(tmp_path / "gone") == 0
