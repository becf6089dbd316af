"""A backup of a registry on PostgreSQL."""

import subprocess

import pytest

from core.errors import Conflict, Unavailable
from core.registry import Registry
from core.settings import Settings
from tests.core.registry.databases import ON_POSTGRESQL
from tests.factories import fill
from tests.postgresql import BINARIES


@ON_POSTGRESQL
def test_a_backup_is_made_while_in_use_and_restored_into_an_empty_database(registry, server, tmp_path):
    filled = fill(registry)
    target = tmp_path / "backups" / "today.dump"
    with registry.writing():
        registry.backup(target)
    with pytest.raises(Conflict, match="already there"):
        registry.backup(target)
    restored = server.new_database()
    command = [BINARIES / "pg_restore", "--clean", "--if-exists", "--no-owner", f"--dbname={restored}", target]
    subprocess.run(command, check=True)
    copy = Registry.of(Settings(home=tmp_path / "home", registry=restored))
    assert copy.run(filled.runs[0].id) == filled.runs[0]
    assert copy.integrity_check() == "ok"
    copy.mark([filled.runs[0].id], archived=True)


@ON_POSTGRESQL
def test_a_missing_or_failing_pg_dump_is_told_and_leaves_no_file(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match="pg_dump is not installed"):
        registry.backup(tmp_path / "a.dump")
    program = tmp_path / "pg_dump"
    program.write_text("#!/bin/sh\necho 'pg_dump: error: aborting because of server version mismatch' >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(Unavailable, match="pg_dump says: .*version mismatch"):
        registry.backup(tmp_path / "a.dump")
    assert list(tmp_path.glob("*.dump")) == []
