"""Fixtures for all tests: a home per test, in memory where there is room, with a copied registry."""

import gc
import json
import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings as hypothesis_settings

from core.__main__ import main
from core.files.home import registry_file
from core.files.locks import try_acquire
from core.registry import Registry, opening
from core.registry.migrating import MIGRATIONS
from core.runs.values import Status
from core.settings import Settings
from core.workbench import Workbench
from tests.factories import Filled, fill
from tests.forks import Forks

hypothesis_settings.register_profile("busy machine", deadline=None)  # an example may wait for a processor
hypothesis_settings.load_profile("busy machine")

signal.signal(signal.SIGINT, signal.default_int_handler)
"""Undone here: a background job of a shell ignores SIGINT, and children that tests interrupt would inherit that."""

os.environ["GRAFT_KEPT_ENGINES"] = (
    os.devnull
)  # tests export what they need: whether `make run` came before is no matter

FORKED = "import core.artifacts.publishing, core.backups.making, core.registry, core.workbench.delete"
MEMORY = Path("/dev/shm")
ROOM = 2 * 10**9
_PREFIX = "graft-session-"
_IN_MEMORY = pytest.StashKey[tuple[Path, Any]]()
"""The folder of this session, and its lock."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Temporary folders are in memory where there is room: Graft waits for the disk at every commit and checkpoint,
    which is most of the time that tests take. ``--basetemp`` still decides; with it, folders are kept.
    """
    gc.disable()  # nothing that is imported while tests are collected is garbage: a fifth of the time it takes
    if config.option.basetemp is not None or not MEMORY.is_dir() or shutil.disk_usage(MEMORY).free < ROOM:
        return
    # one session at a time: otherwise one may remove the folder that another has made and not locked yet
    beginning = try_acquire(MEMORY, create=False, patience=60.0)
    if beginning is None:
        return
    with beginning:
        for left in MEMORY.glob(f"{_PREFIX}*"):
            _remove_unless_in_use(left)
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=MEMORY))
        folder.chmod(0o755)  # servers of tests run as another user
        config.stash[_IN_MEMORY] = (folder, try_acquire(folder, create=False))
    config.option.basetemp = str(folder / "t")


def pytest_collection_finish() -> None:
    """Reference cycles are looked for less often than by default, and not in what was imported, as in the web process:
    a sixth of the CPU of tests that render pages."""
    gc.freeze()
    gc.set_threshold(20_000, *gc.get_threshold()[1:])
    gc.enable()


def pytest_unconfigure(config: pytest.Config) -> None:
    folder, lock = config.stash.get(_IN_MEMORY, (None, None))
    if folder is not None:
        shutil.rmtree(folder, ignore_errors=True)
        lock.release()


def _remove_unless_in_use(folder: Path) -> None:
    """Of a session that was killed. Its process id says nothing: the session may be in another namespace of ids."""
    try:
        lock = try_acquire(folder, create=False)
    except FileNotFoundError:  # of a session that has just ended
        return
    if lock is not None:
        with lock:
            shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def empty_registry(tmp_path_factory) -> Path:
    """Path of a migrated registry, once a test has needed one."""
    return tmp_path_factory.mktemp("empty") / "registry.db"


@pytest.fixture(autouse=True)
def quick_registries(monkeypatch, empty_registry) -> None:
    """A new registry is a copy of a migrated one, because migrations take longer than most tests.

    ``tests/core/registry/test_opening.py`` overrides this fixture and runs the migrations.
    """
    upgrade = opening._upgrade

    def copied(path: Path, revision: str | None, migrations: Path) -> None:
        if revision is not None or migrations != MIGRATIONS:
            upgrade(path, revision, migrations)
            return
        if not empty_registry.exists():
            upgrade(empty_registry, None, migrations)
        shutil.copyfile(empty_registry, path)

    monkeypatch.setattr(opening, "_upgrade", copied)


@pytest.fixture(scope="session")
def forks(tmp_path_factory) -> Iterator[Forks]:
    """Processes that can be killed; once a test has needed one, a process has imported what they do."""
    with Forks(tmp_path_factory.mktemp("forks"), FORKED) as forks:
        yield forks


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(home=tmp_path / "home")


@pytest.fixture
def registry(settings):
    registry = Registry.open(registry_file(settings))
    yield registry
    registry.close()


@pytest.fixture
def bench(settings, registry) -> Workbench:
    return Workbench(settings, registry)


@pytest.fixture
def filled(settings, registry) -> Filled:
    """A dataset with photos and eight runs, four of them finished."""
    return fill(registry, settings, runs=8)


@pytest.fixture
def finished(filled) -> list[str]:
    """The ids of the four finished runs."""
    return [run.id for run in filled.with_status(Status.FINISHED)]


@pytest.fixture
def home(settings, monkeypatch) -> Settings:
    """Commands use the home of the test and start no supervisor."""
    monkeypatch.setenv("GRAFT_HOME", str(settings.home))
    monkeypatch.setattr("core.jobs.ensure_supervisor", lambda settings: None)
    return settings


@pytest.fixture
def call(home, capsys):
    """A command with ``--json``: the object it prints; with ``code=1`` the one line it prints instead."""

    def call(*arguments, code=0):
        assert main([*arguments, "--json"]) == code
        printed = capsys.readouterr()
        assert len(printed.err.splitlines()) == (1 if code else 0), printed.err
        return json.loads(printed.out) if printed.out else printed.err

    return call
