"""Opening a registry: new, older, newer, damaged, read-only, foreign, many at once."""

import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from core.errors import NoSpace, Unavailable
from core.registry import Registry, opening, sqlite_connection
from core.registry.migrating import MIGRATIONS
from core.registry.opening import bring_up_to_date
from core.registry.revisions import _SQLITE as TRIGGERS
from core.registry.schema import HEAD, metadata
from core.registry.sqlite_file import SqliteFile
from core.settings import REPOSITORY, Settings
from tests.factories import fill, make_dataset, make_photos

NEXT = f"{int(HEAD) + 1:04d}"
NEXT_MIGRATION = f"""
import time
import sqlalchemy as sa
from alembic import op

revision, down_revision = "{NEXT}", "{HEAD}"

def upgrade():
    with op.batch_alter_table("runs") as batch:
        batch.add_column(sa.Column("flavour", sa.Text(), nullable=False, server_default="plain"))
        batch.alter_column("notes", nullable=True)
"""


@pytest.fixture
def quick_registries():
    """Here the migrations are what is tried."""


@pytest.fixture
def settings(tmp_path) -> Settings:
    """Only SQLite: see ``test_postgresql_opening``."""
    return Settings(home=tmp_path / "home")


@pytest.fixture
def newer_migrations(tmp_path) -> Path:
    """The migrations of a Graft that is one schema ahead; they rebuild the table of runs."""
    folder = tmp_path / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / f"{NEXT}_flavour.py").write_text(NEXT_MIGRATION)
    return folder


def backups(path: Path) -> list[Path]:
    return sorted(path.parent.glob(f"{path.stem}-schema-*.db"))


def revision_of(path: Path) -> str:
    with closing(sqlite3.connect(path)) as file:
        return file.execute("SELECT version_num FROM alembic_version").fetchone()[0]


def definitions_of(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as file:
        return {sql for (sql,) in file.execute("SELECT sql FROM sqlite_master")}


def triggers_of(path: Path) -> set[str]:
    with closing(sqlite3.connect(path)) as file:
        return {name for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}


def test_a_new_registry_is_made_with_its_folder(tmp_path):
    path = tmp_path / "a" / "b" / "registry.db"
    registry = Registry.open(path)
    assert registry.datasets() == []
    assert revision_of(path) == HEAD
    assert backups(path) == []


def test_the_migrations_lead_to_the_tables_of_the_schema(registry):
    with registry.reading() as open_connection:
        context = MigrationContext.configure(open_connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_tables_made_by_migration_and_by_schema_are_the_same_to_the_letter(registry):
    direct_path = registry.database.path.with_name("direct.db")
    direct_path.touch()
    engine = sqlite_connection.new_engine(direct_path)
    metadata.create_all(engine)
    with engine.begin() as direct, registry.reading() as migrated:
        assert _definitions(migrated) == _definitions(direct)


def _definitions(open_connection) -> dict[str, list[str]]:
    """Every table and index with the lines that define it, whatever their order and white space."""
    rows = open_connection.exec_driver_sql("SELECT name, sql FROM sqlite_master").all()
    return {
        name: sorted(line.strip().strip(",()") for line in re.split(r"\n|, (?=\w+ TEXT)", (sql or "").replace('"', "")))
        for name, sql in rows
        if "alembic" not in name
    }


def test_the_head_of_the_schema_is_the_newest_migration():
    assert ScriptDirectory(str(MIGRATIONS)).get_current_head() == HEAD


def test_every_connection_has_the_settings_that_lose_nothing(registry):
    with registry.reading() as open_connection:
        found = {
            name: open_connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 30_000, "foreign_keys": 1}


def test_opening_a_current_registry_writes_nothing_and_imports_no_alembic(registry):
    before = registry.change_counter()
    code = f"""
import sys; from pathlib import Path; from core.registry import Registry
Registry.open(Path({str(registry.database.path)!r})).datasets()
slow = {{"alembic", "mako", "tensorflow", "keras", "streamlit", "numpy"}}
assert not slow & {{name.split(".")[0] for name in sys.modules}}
"""
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=True)
    assert registry.change_counter() == before


def test_an_older_registry_is_upgraded_with_all_it_holds_and_backed_up_before(registry, newer_migrations):
    filled = fill(registry)
    registry.close()
    bring_up_to_date(registry.database.path, migrations=newer_migrations, head=NEXT)
    assert revision_of(registry.database.path) == NEXT
    with closing(sqlite3.connect(registry.database.path)) as file:
        assert file.execute("SELECT DISTINCT flavour FROM runs").fetchall() == [("plain",)]
        assert file.execute("PRAGMA foreign_key_check").fetchall() == []
    (backup,) = backups(registry.database.path)
    assert revision_of(backup) == HEAD
    assert triggers_of(registry.database.path) == set(TRIGGERS), "those of a rebuilt table are made again"
    restored = Registry.open(backup)
    assert [run.id for run in restored.runs()] == [run.id for run in reversed(filled.runs)]
    assert restored.photos(filled.dataset.id) == registry.photos(filled.dataset.id)
    assert len(restored.epochs(filled.runs[0].id)) == len(registry.epochs(filled.runs[0].id)) == 12


def test_an_up_to_date_registry_is_not_backed_up_again(registry, newer_migrations):
    for _ in range(2):
        bring_up_to_date(registry.database.path, migrations=newer_migrations, head=NEXT)
    assert len(backups(registry.database.path)) == 1


def test_a_newer_registry_is_refused_in_one_sentence_and_left_alone(registry, newer_migrations):
    bring_up_to_date(registry.database.path, migrations=newer_migrations, head=NEXT)
    content = registry.database.path.read_bytes()
    with pytest.raises(Unavailable, match=f"written by a newer Graft .schema {NEXT}; this one knows up to {HEAD}"):
        Registry.open(registry.database.path)
    assert registry.database.path.read_bytes() == content
    assert len(backups(registry.database.path)) == 1


def test_a_migration_that_fails_leaves_the_registry_as_it_was(registry, newer_migrations):
    fill(registry, runs=2, epochs=1)
    expected, tables = registry.runs(), definitions_of(registry.database.path)
    script = newer_migrations / "versions" / f"{NEXT}_flavour.py"
    script.write_text(script.read_text() + "    op.execute('INSERT INTO nowhere VALUES (1)')\n")
    with pytest.raises(Exception, match="no such table: nowhere"):
        bring_up_to_date(registry.database.path, migrations=newer_migrations, head=NEXT)
    assert (revision_of(registry.database.path), definitions_of(registry.database.path)) == (HEAD, tables)
    assert Registry.open(registry.database.path).runs() == expected


def test_a_migration_killed_in_the_middle_leaves_the_registry_as_it_was(registry, newer_migrations):
    fill(registry, runs=2, epochs=1)
    expected, tables = registry.runs(), definitions_of(registry.database.path)
    script = newer_migrations / "versions" / f"{NEXT}_flavour.py"
    script.write_text(script.read_text() + "    print('in the middle', flush=True)\n    time.sleep(60)\n")
    upgrade = (
        "import sys; from pathlib import Path; from core.registry.opening import bring_up_to_date\n"
        "bring_up_to_date(Path(sys.argv[1]), migrations=Path(sys.argv[2]), head=sys.argv[3])"
    )
    argv = [sys.executable, "-c", upgrade, str(registry.database.path), str(newer_migrations), NEXT]
    with subprocess.Popen(argv, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"in the middle\n"
        process.send_signal(signal.SIGKILL)
    reopened = Registry.open(registry.database.path)
    assert (revision_of(registry.database.path), definitions_of(registry.database.path)) == (HEAD, tables)
    assert reopened.runs() == expected
    assert reopened.integrity_check() == "ok"


@pytest.mark.parametrize(
    "content", [b"hello, I am a text file, not a database" * 100, b"\x00" * 8192, b"PK\x03\x04" * 2000]
)
def test_a_file_that_is_no_database_is_refused_in_one_sentence_and_left_alone(tmp_path, content):
    path = tmp_path / "registry.db"
    path.write_bytes(content)
    with pytest.raises(Unavailable, match="is damaged; put a backup in its place") as caught:
        Registry.open(path)
    assert "\n" not in str(caught.value)
    assert path.read_bytes() == content


def test_the_database_of_another_program_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "registry.db"
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE mine (x)")
    with pytest.raises(Unavailable, match="a database of another program"):
        Registry.open(path)
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT name FROM sqlite_master").fetchall() == [("mine",)]


def test_an_empty_file_becomes_a_registry(tmp_path):
    path = tmp_path / "registry.db"
    path.touch()
    assert Registry.open(path).datasets() == []


def test_damaged_pages_are_told_in_one_sentence_and_found_by_the_check(registry):
    photos = make_photos(per_class=400)
    registry.add_dataset(make_dataset(photos), photos)
    registry.close()
    with closing(sqlite3.connect(registry.database.path)) as file:
        file.execute("PRAGMA journal_mode=DELETE")
    content = bytearray(registry.database.path.read_bytes())
    content[len(content) // 2 :] = os.urandom(len(content) - len(content) // 2)
    registry.database.path.write_bytes(content)
    registry = Registry.open(registry.database.path)
    assert registry.integrity_check() != "ok"
    with pytest.raises(Unavailable, match=r"is damaged; put a backup in its place.*malformed"):
        registry.photos("d-flowers1")


def test_a_home_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be made"):
        Registry.open(tmp_path / "file" / "home" / "registry.db")


def test_a_folder_in_the_place_of_the_registry_is_told(tmp_path):
    with pytest.raises(Unavailable, match="cannot be opened"):
        Registry.open(tmp_path)


def test_a_read_only_registry_is_refused_in_one_sentence():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registry.db"
        Registry.open(path).close()
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        if os.geteuid() == 0:  # root may write anywhere, so somebody else has to try
            attempt = (
                "import os, sys; from pathlib import Path\n"
                "from core.errors import GraftError; from core.registry import Registry\n"
                "os.setuid(65534)\n"
                "try: Registry.open(Path(sys.argv[1]))\n"
                "except GraftError as error: print(error)"
            )
            argv = [sys.executable, "-c", attempt, str(path)]
            said = subprocess.run(argv, cwd=REPOSITORY, capture_output=True, text=True).stdout
        else:
            with pytest.raises(Unavailable) as caught:
                Registry.open(path)
            said = str(caught.value)
        Path(folder).chmod(0o755)
    assert said.strip().startswith(f"The registry {path} cannot be written: ")
    assert said.strip().count("\n") == 0


def test_a_registry_that_becomes_read_only_while_open_is_told(registry, monkeypatch):
    monkeypatch.setattr(sqlite_connection, "_PRAGMAS", (*sqlite_connection._PRAGMAS, "query_only=ON"))
    with pytest.raises(Unavailable, match="cannot be written"):
        Registry(SqliteFile(registry.database.path)).set_preference("a", 1)


def test_a_full_disk_is_told_and_nothing_is_changed(registry, monkeypatch):
    monkeypatch.setattr(sqlite_connection, "_PRAGMAS", (*sqlite_connection._PRAGMAS, "max_page_count=1"))
    photos = make_photos(per_class=200)
    with pytest.raises(NoSpace, match="The disk is full; nothing was changed"):
        Registry(SqliteFile(registry.database.path)).add_dataset(make_dataset(photos), photos)
    monkeypatch.undo()
    assert registry.datasets() == []
    registry.add_dataset(make_dataset(photos), photos)


def test_a_registry_held_by_another_program_is_told_after_a_while(registry, monkeypatch):
    monkeypatch.setattr(sqlite_connection, "BUSY_SECONDS", 0.01)
    with registry.writing(), pytest.raises(Unavailable, match="was held by another program"):
        Registry(SqliteFile(registry.database.path)).set_preference("a", 1)


def test_many_processes_may_open_a_new_registry_at_the_same_time(tmp_path):
    path = tmp_path / "home" / "registry.db"
    code = (
        "import sys; from pathlib import Path; from core.registry import Registry\n"
        "registry = Registry.open(Path(sys.argv[1]))\n"
        "registry.log(sys.argv[2], {})"
    )
    started = [subprocess.Popen([sys.executable, "-c", code, path, str(n)], cwd=REPOSITORY) for n in range(6)]
    assert [process.wait() for process in started] == [0] * 6
    assert sorted(entry.action for entry in Registry.open(path).log_entries()) == list("012345")
    assert backups(path) == []


def test_many_processes_may_open_an_older_registry_at_the_same_time(registry, newer_migrations):
    upgrade = (
        "import sys; from pathlib import Path; from core.registry.opening import bring_up_to_date\n"
        "bring_up_to_date(Path(sys.argv[1]), migrations=Path(sys.argv[2]), head=sys.argv[3])"
    )
    argv = [sys.executable, "-c", upgrade, str(registry.database.path), str(newer_migrations), NEXT]
    started = [subprocess.Popen(argv, cwd=REPOSITORY) for _ in range(4)]
    assert [process.wait() for process in started] == [0] * 4
    assert revision_of(registry.database.path) == NEXT
    assert len(backups(registry.database.path)) == 1


def test_a_sqlite_message_about_neither_file_nor_disk_is_a_mistake_of_ours():
    assert opening.readable_errors is sqlite_connection.readable_errors
    assert sqlite_connection.explain(Path("x"), "no such column: runs.flavour") is None
