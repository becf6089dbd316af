"""Opening a registry on PostgreSQL: new, older, newer, read-only, foreign, many at once, or not there."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from core.errors import InvalidInput, Unavailable
from core.registry import Registry, postgresql
from core.registry.copying import snapshot_to
from core.registry.migrating import MIGRATIONS
from core.registry.postgresql import PostgresqlServer
from core.registry.postgresql_opening import bring_up_to_date
from core.registry.schema import HEAD, metadata
from core.settings import REPOSITORY, Settings
from tests.core.registry.test_opening import NEXT, NEXT_MIGRATION
from tests.factories import fill

OPEN = (
    "import sys; from pathlib import Path; from core.registry import Registry; from core.settings import Settings\n"
    "registry = Registry.of(Settings(home=Path(sys.argv[1]), registry=sys.argv[2]))\n"
)


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    monkeypatch.setattr(postgresql, "PATIENCE_SECONDS", 0.0)


@pytest.fixture
def dsn(server) -> str:
    """An empty database."""
    return server.new_database()


@pytest.fixture
def settings(tmp_path, dsn) -> Settings:
    return Settings(home=tmp_path / "home", registry=dsn)


@pytest.fixture
def newer_migrations(tmp_path) -> Path:
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"{NEXT}_flavour.py").write_text(NEXT_MIGRATION)
    return folder


def upgrade(database: PostgresqlServer, migrations: Path) -> None:
    transactions = (database.reading, database.changing_tables)
    bring_up_to_date(database.address, *transactions, None, migrations=migrations, head=NEXT)


def one(dsn: str, query: str):
    with psycopg.connect(dsn, autocommit=True) as connection:
        return connection.execute(query).fetchone()[0]


def refusal(settings: Settings, kind=Unavailable) -> str:
    with pytest.raises(kind) as caught:
        Registry.of(settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_new_registry_has_the_tables_of_the_schema(settings):
    registry = Registry.of(settings)
    assert registry.datasets() == [] and registry.integrity_check() == "ok"
    with registry.reading() as connection:
        ours = {"compare_type": True, "include_name": lambda name, kind, _: (kind, name) != ("table", "changes")}
        context = MigrationContext.configure(connection, opts=ours)
        assert compare_metadata(context, metadata) == []
    assert one(settings.registry, "SELECT version_num FROM alembic_version") == HEAD
    assert one(settings.registry, "SELECT count(*) FROM pg_indexes WHERE indexdef LIKE '%WHERE%'") == 4


def test_opening_it_again_writes_nothing(settings):
    before = Registry.of(settings).change_counter()
    assert Registry.of(settings).change_counter() == before


def test_a_later_migration_is_applied_with_all_that_is_stored_and_the_triggers(settings, newer_migrations):
    registry = Registry.of(settings)
    filled = fill(registry, runs=2, epochs=1)
    upgrade(registry.database, newer_migrations)
    assert one(settings.registry, "SELECT version_num FROM alembic_version") == NEXT
    assert one(settings.registry, "SELECT string_agg(DISTINCT flavour, ',') FROM runs") == "plain"
    with registry.board_changes(filled.dataset.id) as changes:
        before = changes.revision
    registry.mark([filled.runs[0].id], starred=True)
    with registry.board_changes(filled.dataset.id, before) as changes:
        assert changes.count == 1
    assert "written by a newer Graft (schema " + NEXT in refusal(settings)


def test_a_migration_that_fails_or_is_killed_leaves_the_registry_as_it_was(settings, newer_migrations):
    registry = Registry.of(settings)
    expected = fill(registry, runs=2, epochs=1).runs
    script = newer_migrations / "versions" / f"{NEXT}_flavour.py"
    script.write_text(script.read_text() + "    print('in the middle', flush=True)\n    time.sleep(60)\n")
    code = OPEN + (
        "from core.registry.postgresql_opening import bring_up_to_date\n"
        "bring_up_to_date('', registry.database.reading, registry.database.changing_tables, None,"
        f" migrations=Path(sys.argv[3]), head={NEXT!r})"
    )
    argv = [sys.executable, "-c", code, str(settings.home), settings.registry, str(newer_migrations)]
    with subprocess.Popen(argv, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"in the middle\n"
        process.send_signal(signal.SIGKILL)
    assert one(settings.registry, "SELECT version_num FROM alembic_version") == HEAD
    assert [registry.run(run.id) for run in expected] == list(expected)
    registry.set_preference("a", 1)


def test_many_processes_may_open_a_new_registry_at_the_same_time(settings):
    code = OPEN + "registry.log(sys.argv[3], {})"
    argv = [sys.executable, "-c", code, str(settings.home), settings.registry]
    started = [subprocess.Popen([*argv, str(number)], cwd=REPOSITORY) for number in range(4)]
    assert [process.wait() for process in started] == [0] * 4
    assert sorted(entry.action for entry in Registry.of(settings).log_entries()) == list("0123")


def test_another_program_s_database_is_refused_and_left_alone(settings, server, dsn):
    server.execute("CREATE TABLE alembic_version (version_num text)", dsn)
    server.execute("INSERT INTO alembic_version VALUES ('bd07f7e963c5')", dsn)  # of MLflow
    assert "is a database of another program" in refusal(settings)
    assert one(dsn, "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == 1
    server.execute("CREATE SCHEMA graft", dsn)
    beside = Settings(home=settings.home, registry=dsn + "&options=-csearch_path%3Dgraft")
    Registry.of(beside).set_preference("a", 1)
    assert one(dsn, "SELECT count(*) FROM graft.preferences") == 1


def test_an_empty_database_is_refused_where_the_home_has_runs(settings):
    (settings.home / "runs" / "r-1").mkdir(parents=True)
    assert "is empty, but the home has 1 run. Nothing was changed. Copy the registry" in refusal(settings)
    assert Registry.of(settings, anew=True).runs() == []


def test_a_user_who_may_only_read_is_refused(settings, server, dsn):
    Registry.of(settings).set_preference("a", 1)
    server.execute("CREATE ROLE reader LOGIN", dsn)
    server.execute("GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader", dsn)
    reader = Settings(home=settings.home, registry=dsn.replace("graft@", "reader@", 1))
    assert "reader may only read it" in refusal(reader)
    empty = Settings(home=settings.home, registry=server.new_database().replace("graft@", "reader@", 1))
    assert "cannot be written; give the user" in refusal(empty)


def test_what_is_not_there_is_told(settings, server, tmp_path):
    def at(dsn: str) -> Settings:
        return Settings(home=tmp_path / "home", registry=dsn)

    assert "does not exist; make the database first" in refusal(at(server.dsn("nowhere")))
    assert "refuses the user or the password" in refusal(at(server.dsn(user="nobody_knows")))
    assert "is unreachable, and nothing was changed" in refusal(at("postgresql://graft@127.0.0.1:9/graft"))
    assert "is unreachable, and nothing was changed" in refusal(at(f"postgresql://graft@/graft?host={tmp_path}"))
    assert "is on a host that is not known" in refusal(at("postgresql://graft@nowhere.invalid/graft"))
    assert "must be postgresql://user@host/database" in refusal(at("postgresql://graft@/x?colour=red"), InvalidInput)


def test_a_password_comes_from_its_file_and_is_told_to_nobody(server, tmp_path, monkeypatch, dsn):
    hba = server.folder / "data" / "pg_hba.conf"
    before = hba.read_text()
    hba.write_text("local all careful scram-sha-256\n" + before)
    server.execute("CREATE ROLE careful LOGIN PASSWORD 'open sesame'")
    server.execute("GRANT ALL ON SCHEMA public TO careful", dsn)
    server.execute("SELECT pg_reload_conf()")
    passwords = tmp_path / "pgpass"
    passwords.write_text("*:*:*:careful:open sesame\n")
    passwords.chmod(0o600)
    settings = Settings(home=tmp_path / "home", registry=dsn.replace("graft@", "careful@", 1))
    try:
        assert "refuses the user or the password" in refusal(settings)
        monkeypatch.setenv("PGPASSFILE", str(passwords))
        registry = Registry.of(settings)
        assert "sesame" not in registry.database.address + str(settings)
        snapshot_to(registry, tmp_path / "registry.db")
        monkeypatch.setenv("PGPASSFILE", os.devnull)
        passwords.write_text("*:*:*:careful:wrong\n")
        assert "sesame" not in refusal(settings)
    finally:
        hba.write_text(before)
        server.execute("SELECT pg_reload_conf()")


@pytest.mark.parametrize("address", ["postgresql://a:secret@host/db", "postgresql://a@host/db?password=secret"])
def test_an_address_with_a_password_is_refused_without_showing_it(address):
    with pytest.raises(InvalidInput, match="must not have a password in it") as caught:
        Settings(registry=address)
    assert "secret" not in str(caught.value)


def test_a_missing_package_is_told(settings, monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "make setup CLUSTER=1" in refusal(settings)


def test_without_the_setting_the_driver_is_not_imported(tmp_path):
    Registry.of(Settings(home=tmp_path / "home")).close()  # Alembic knows all databases
    code = (
        "import sys; from pathlib import Path; from core.registry import Registry; from core.settings import Settings\n"
        "Registry.of(Settings(home=Path(sys.argv[1]))).runs()\n"
        "assert not {'psycopg', 'sqlalchemy.dialects.postgresql', 'core.registry.postgresql'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "home")], cwd=REPOSITORY, check=True)
