"""``registry copy``."""

from core.files.home import registry_file
from core.registry import Registry
from tests.factories import fill


def test_the_registry_is_copied_to_a_file(registry, call, home, tmp_path):
    filled = fill(registry, runs=2)
    result = call("registry", "copy", "sqlite", str(tmp_path / "copy.db"))
    assert (result["from"], result["to"]) == (str(registry_file(home)), str(tmp_path / "copy.db"))
    assert {one["name"]: one["rows"] for one in result["tables"]}["runs"] == 2
    assert Registry.open(tmp_path / "copy.db").runs()[0] == registry.run(filled.runs[1].id)
    assert "is not empty" in call("registry", "copy", "sqlite", str(tmp_path / "copy.db"), code=1)


def test_a_password_in_an_address_is_refused_without_showing_it(registry, call):
    said = call("registry", "copy", "sqlite", "postgresql://graft:sesame@host/db", code=1)
    assert "must not have a password in it" in said and "sesame" not in said
