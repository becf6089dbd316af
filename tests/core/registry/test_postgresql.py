"""A server that restarts, is away, forgets or freezes a writer: nothing is lost, nothing is written twice."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from sqlalchemy.exc import OperationalError

from core.errors import Unavailable
from core.registry import Registry, postgresql, postgresql_connection
from core.registry.database import ConnectionLost
from core.settings import REPOSITORY, Settings
from tests.core.registry.databases import ON_POSTGRESQL
from tests.factories import make_dataset, make_epochs, make_photos, make_run
from tests.postgresql import BINARIES, SAFE, Server


@pytest.fixture(scope="module")
def own_server():
    """A server that may be stopped."""
    if BINARIES is None:
        pytest.skip("PostgreSQL is not installed (make database)")
    server = Server.start(SAFE)
    yield server
    server.end()


@pytest.fixture
def served(own_server, tmp_path) -> Registry:
    registry = Registry.of(Settings(home=tmp_path / "home", registry=own_server.new_database()))
    registry.add_dataset(make_dataset(), make_photos())
    registry.add_run(make_run(1, id="r-1"))
    registry.claim("cpu", "me")
    return registry


def end_sessions(server: Server) -> None:
    """What a restart does to them."""
    server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'graft'")


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_is_waited_for_and_loses_nothing_that_was_confirmed(served, own_server, mode):
    for epoch in make_epochs(3):
        served.record_epoch("r-1", 1, epoch)
    own_server.stop(mode)
    again = threading.Timer(1.0, own_server.go_on)
    again.start()
    served.record_epoch("r-1", 1, make_epochs(4)[3])
    again.join()
    assert [epoch.number for epoch in served.epochs("r-1")] == [1, 2, 3, 4]


def test_all_connections_that_a_restart_has_broken_are_replaced_at_the_first_one(served, own_server, monkeypatch):
    with served.reading(), served.reading(), served.reading(), served.reading():
        pass  # four idle connections
    end_sessions(own_server)
    waited = []
    monkeypatch.setattr(postgresql.time, "sleep", waited.append)
    served.set_preference("a", 1)
    assert served.preference("a") == 1 and len(waited) == 1


def test_a_server_that_stays_away_is_told_after_a_while_and_then_at_once(served, own_server, monkeypatch):
    monkeypatch.setattr(postgresql, "PATIENCE_SECONDS", 0.5)
    own_server.stop()
    try:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="is unreachable, and nothing was changed"):
            served.set_preference("a", 1)
        waited = time.monotonic()
        with pytest.raises(Unavailable, match="is unreachable"):
            served.runs()
        assert waited - began >= 0.5 > time.monotonic() - waited
    finally:
        own_server.go_on()
    assert served.preference("a") is None
    served.set_preference("a", 1)


def test_a_method_whose_connection_breaks_in_the_middle_is_called_again(served, own_server, monkeypatch):
    from core.registry import results

    check, calls = results.check_running, []

    def broken_once(connection, *rest):
        check(connection, *rest)
        calls.append(1)
        if len(calls) == 1:
            end_sessions(own_server)

    monkeypatch.setattr(results, "check_running", broken_once)
    served.record_epoch("r-1", 1, make_epochs(1)[0])
    assert len(calls) == 2 and len(served.epochs("r-1")) == 1


def test_a_generator_given_to_a_method_that_is_called_again_is_not_used_up(served, own_server, monkeypatch):
    real, calls = served.database.reading, []

    def broken_once():
        calls.append(1)
        if len(calls) == 1:
            raise ConnectionLost("gone")
        return real()

    monkeypatch.setattr(served.database, "reading", broken_once)
    assert [run.id for run in served.runs_of(name for name in ["r-1"])] == ["r-1"]
    assert len(calls) == 2


@pytest.mark.parametrize("saved", [True, False])
def test_an_answer_that_is_lost_while_saving_is_asked_for(served, own_server, monkeypatch, saved):
    """The connection breaks right after, or right before, the server has done what COMMIT asks for."""
    dialect = served.database._engine.dialect
    commit, calls = dialect.do_commit, []

    def broken_once(connection):
        calls.append(1)
        if len(calls) == 1:
            if saved:
                commit(connection)
            end_sessions(own_server)
            connection.execute("SELECT 1")
        commit(connection)

    monkeypatch.setattr(dialect, "do_commit", broken_once)
    run = served.add_run(make_run(2, id="r-2"))
    assert [one.id for one in served.runs()] == ["r-2", "r-1"] and run.id == "r-2"
    assert len(calls) == (1 if saved else 2)


def test_what_the_server_cannot_tell_is_said(served, monkeypatch):
    with pytest.raises(Unavailable, match="does not tell"):
        served.database._require_saved(0)


def freeze(home: str, dsn: str) -> None:
    from pathlib import Path

    registry = Registry.of(Settings(home=Path(home), registry=dsn))
    with registry.writing():
        print("in the middle", flush=True)
        time.sleep(60)


def test_a_frozen_writer_blocks_the_others_only_for_a_while(served, tmp_path):
    code = (
        "import sys; from core.registry import postgresql; from tests.core.registry.test_postgresql import freeze\n"
        "postgresql._WRITE_AND_COUNT = postgresql._WRITE_AND_COUNT.replace(\"'15s'\", \"'1s'\")\n"
        "freeze(*sys.argv[1:])"
    )
    argv = [sys.executable, "-c", code, str(tmp_path / "home"), served.database.dsn]
    with subprocess.Popen(argv, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "in the middle\n"
        os.kill(process.pid, signal.SIGSTOP)
        began = time.monotonic()
        served.set_preference("a", 1)
        assert 0.2 < time.monotonic() - began < 15
        process.kill()


@ON_POSTGRESQL
def test_a_writer_that_waits_too_long_is_told(registry, settings, monkeypatch):
    monkeypatch.setattr(postgresql_connection, "LOCK_SECONDS", 0.05)
    other = Registry.of(settings)
    with registry.writing(), pytest.raises(Unavailable, match="was held by another program"):
        other.set_preference("a", 1)
    other.set_preference("a", 1)
    other.close()


@ON_POSTGRESQL
def test_a_reader_cannot_write(registry):
    with pytest.raises((Unavailable, OperationalError), match="cannot be written|read-only"), registry.reading() as it:
        it.exec_driver_sql("DELETE FROM runs")
