"""The registry in one file."""

from core.registry import Registry
from core.registry.sqlite_file import SqliteFile
from tests.core.registry.databases import ON_SQLITE


def test_a_missing_or_empty_file_has_no_registry(tmp_path):
    path = tmp_path / "registry.db"
    assert not SqliteFile(path).has_registry()
    path.touch()
    assert not SqliteFile(path).has_registry()
    Registry.open(path)
    assert SqliteFile(path).has_registry()


@ON_SQLITE
def test_the_counter_of_changes_goes_on_after_closing(registry):
    before = registry.change_counter()
    registry.close()
    registry.set_preference("a", 1)
    assert isinstance(registry.change_counter(), int) and before is not None
    assert registry.database.product.startswith("SQLite 3.")
