"""Checks of the installation and the home, for ``python -m core doctor`` and the health page."""

import os
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from core import jobs
from core.backbones import availability, catalogue
from core.backbones.values import HERE
from core.jobs.ownership import foreign_owner
from core.registry import Registry
from core.settings import Settings
from core.workbench.orphans import orphans, told

LOW_SPACE = 2 * 10**9


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check: what was found, and what to do when it is not good."""

    name: str
    good: bool
    found: str
    advice: str = ""


def examine(settings: Settings, registry: Registry | None, problem: str = "") -> list[Check]:
    """All checks; ``registry`` is None where the home cannot be opened, and ``problem`` has the reason."""
    return [
        _python(),
        *(_package(name) for name in ("streamlit", "keras", "tensorflow", "tensorboard", "ai-edge-litert", "pillow")),
        _home(settings),
        _space(settings),
        *(
            (_registry(registry), _orphans(settings, registry))
            if registry
            else (Check(name="Registry", good=False, found="not opened", advice=problem),)
        ),
        _devices(),
        _weights(settings),
        _supervisor(settings),
    ]


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check(
        name="Python", good=(3, 11) <= sys.version_info < (3, 14), found=found, advice="Install Python 3.11 to 3.13."
    )


def _package(name: str) -> Check:
    try:
        return Check(name=name, good=True, found=version(name))
    except PackageNotFoundError:
        return Check(name=name, good=False, found="not installed", advice="Run `make setup`.")


def _home(settings: Settings) -> Check:
    writable = os.access(settings.home, os.W_OK)
    advice = "Make the folder writable or set GRAFT_HOME."
    return Check(name="Home", good=writable, found=str(settings.home), advice=advice)


def _space(settings: Settings) -> Check:
    free = shutil.disk_usage(next(path for path in (settings.home, *settings.home.parents) if path.exists())).free
    advice = "Delete runs or datasets you no longer need."
    return Check(name="Free disk", good=free > LOW_SPACE, found=f"{free / 1e9:.1f} GB", advice=advice)


def _registry(registry: Registry) -> Check:
    state = registry.integrity_check()
    found = f"{state}, SQLite {registry.sqlite_version}"
    return Check(name="Registry", good=state == "ok", found=found, advice="Restore the newest backup of registry.db.")


def _orphans(settings: Settings, registry: Registry) -> Check:
    found = orphans(settings, registry)
    advice = (
        "Folders without a row take up space: move them away. Rows without a folder have lost their files: restore the "
        "folder, or delete the run or dataset."
    )
    return Check(name="Orphans", good=not found, found=told(found), advice=advice)


def _devices() -> Check:
    return Check(name="Devices", good=True, found=", ".join(slot.title for slot in jobs.discover_slots()))


def _weights(settings: Settings) -> Check:
    ready = [b.title for b in catalogue() if availability(b, settings) in HERE]
    return Check(name="Weights", good=bool(ready), found=", ".join(ready) or "none", advice="Run `make setup`.")


def _supervisor(settings: Settings) -> Check:
    owner = foreign_owner(settings)
    if owner is not None:
        advice = "Two Grafts on one home are refused: stop that one, or set GRAFT_HOME to another folder."
        return Check(name="Supervisor", good=False, found=f"of another machine or container: {owner}", advice=advice)
    running = jobs.supervisor_status(settings).running
    return Check(
        name="Supervisor", good=True, found="running" if running else "not running; it starts with the next run"
    )
