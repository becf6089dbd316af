"""Which registry the settings name."""

import inspect
from pathlib import Path

from core.files.home import registry_file
from core.registry import Registry
from tests.core.registry.databases import ON_SQLITE


@ON_SQLITE
def test_without_a_setting_it_is_the_file_in_the_home(settings):
    registry = Registry.of(settings)
    registry.set_preference("a", 1)
    assert Registry.open(registry_file(settings)).preference("a") == 1


def test_every_public_method_is_called_by_a_test_that_runs_on_both_databases():
    """All fixtures of ``tests/core/registry`` make a registry on each."""
    tests = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    methods = [name for name, _ in inspect.getmembers(Registry, callable) if not name.startswith("_")]
    assert len(methods) > 100
    assert [name for name in methods if f".{name}(" not in tests] == []
