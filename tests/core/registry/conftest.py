"""Registries in the states that several tests start from."""

from collections.abc import Iterator

import pytest

from core.registry import Registry
from core.registry.postgresql import PostgresqlServer
from core.registry.schema import HEAD, metadata
from core.settings import Settings
from tests import postgresql
from tests.factories import make_dataset, make_photos, make_run


@pytest.fixture(scope="session")
def server() -> Iterator[postgresql.Server]:
    """A PostgreSQL server; its tests are left out where it is not installed."""
    if postgresql.BINARIES is None:
        pytest.skip("PostgreSQL is not installed (make database)")
    server = postgresql.Server.start()
    yield server
    server.end()


@pytest.fixture(scope="session")
def emptied(server, tmp_path_factory) -> Iterator[PostgresqlServer]:
    """A registry whose tables are emptied for every test; its connections and compiled statements stay."""
    home = tmp_path_factory.mktemp("postgresql")
    database = Registry.of(Settings(home=home, registry=server.new_database())).database
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request, tmp_path) -> Settings:
    """Every test of the registry runs on both databases."""
    if request.param == "sqlite":
        return Settings(home=tmp_path / "home")
    database = request.getfixturevalue("emptied")
    names = ", ".join(f'"{name}"' for name in metadata.tables)
    with database.changing_tables() as connection:
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{HEAD}'")  # a test may have changed it
    return Settings(home=tmp_path / "home", registry=database.dsn)


@pytest.fixture
def registry(request, settings):
    if settings.registry:
        yield Registry(request.getfixturevalue("emptied"))
        return
    registry = Registry.of(settings)
    yield registry
    registry.close()


@pytest.fixture
def flowers(registry):
    registry.add_dataset(make_dataset(), make_photos())
    return registry


@pytest.fixture
def running(registry):
    """A registry in which the run r-1 is running its first attempt and r-2 waits."""
    registry.add_dataset(make_dataset(), make_photos())
    registry.add_run(make_run(1, id="r-1"))
    registry.add_run(make_run(2, id="r-2"))
    registry.claim("cpu", "me")
    return registry
