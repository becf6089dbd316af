"""The runs of all recipes, trained without a kill in a home of its own; soaked runs must equal them bit for bit."""

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.jobs import stop_supervisor
from core.registry import Registry
from core.runs.values import Status
from core.settings import Settings
from tests.soak.home import NAMES, SoakHome, furnish, launch_one, wait_until


@dataclass(frozen=True)
class Reference:
    """``bare`` is a home with the dataset and the networks, before the first run; ``runs`` are those of the recipes."""

    home: SoakHome
    bare: Path
    runs: dict[str, str]

    @cached_property
    def registry(self) -> Registry:
        return self.home.registry()

    def of(self, name: str) -> tuple[Settings, Registry, str]:
        return self.home.settings, self.registry, self.runs[name]

    def copy_to(self, home: SoakHome) -> None:
        """The bare home becomes that of ``home``, with the files from which it imports."""
        home.folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(self.home.folder / "photos.zip", home.folder)
        shutil.copytree(self.bare, home.settings.home, dirs_exist_ok=True)


def trained_without_a_kill(folder: Path, names: Sequence[str] = NAMES, home: SoakHome | None = None) -> Reference:
    """Made once a folder; another soak test in it uses it again.

    Args:
        names: of the recipes. home: below ``folder``; None for one with the trainer of the soak test.
    """
    home, bare = home or SoakHome(folder), folder / "bare"
    if not bare.exists():
        furnish(home)
        shutil.copytree(home.settings.home, folder / "bare-draft")
        (folder / "bare-draft").rename(bare)
    environment = dict(os.environ)
    os.environ.update(home.environment | {"GRAFT_HOME": ""})
    try:
        runs = _train(home, names)
    finally:
        os.environ.clear()
        os.environ.update(environment)
    return Reference(home, bare, runs)


def _train(home: SoakHome, names: Sequence[str]) -> dict[str, str]:
    bench = home.open()
    runs: dict[str, str] = {}

    def all_finished() -> bool:
        for name in names:
            if name not in runs and (run := launch_one(bench, name, runs)) is not None:
                runs[name] = run
        statuses = {name: bench.registry.run(run) for name, run in runs.items()}
        for name, run in statuses.items():
            if run.status in (Status.FAILED, Status.KILLED):
                raise SystemExit(f"{name} failed without a kill: {run.reason}")
        return len(runs) == len(names) and all(run.status is Status.FINISHED for run in statuses.values())

    wait_until(all_finished, 900, "the runs without a kill finish")
    stop_supervisor(home.settings, now=True)
    bench.registry.close()
    return runs
