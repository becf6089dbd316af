"""States that pass: runs that train, wait, were stopped or failed, an import that asks, pages before the first result.

``screenshots`` takes pictures of them. All of it is real, on the demo photos.
"""

import json
import os
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.datasets import DEMO_ARCHIVE
from core.files.home import registry_file
from core.jobs import background_imports
from core.registry import Registry
from core.settings import Settings
from tests.browser.conftest import Server, start_server, stop_server

PATIENCE = 300
"""Seconds for what is waited for."""
LONG = 2000
"""Epochs of the run that trains while the pictures are taken; it is stopped afterwards."""
DATASET = "demo-photos"
LAUNCHES = {
    "runs-training": ("finished", "running", "waiting"),
    "runs-failed": ("finished", "failed", "stopped"),
}
"""Pictures of the page Runs: the states of the runs of the launch."""
RUNS = {"run-training": "running", "run-waiting": "waiting", "run-stopped": "stopped", "run-failed": "failed"}
"""Pictures of the page of a run in each state."""
UNTRAINED = {"untrained-overview": "/", "untrained-compare": "/compare", "untrained-predict": "/predict"}
"""Pages before the first run."""

TITLES = {
    "runs-training": "Runs: a launch that trains",
    "overview-training": "Overview while runs train",
    "run-training": "A run that trains",
    "run-waiting": "A run that waits",
    "runs-failed": "Runs: a launch with a failed and a stopped run",
    "run-stopped": "A run that was stopped",
    "run-failed": "A run that failed",
    "import-question": "Datasets: an import that asks",
    "not-there": "Runs: the address of a run that is not there",
    "untrained-overview": "Overview before the first run",
    "untrained-compare": "Compare before the first run",
    "untrained-predict": "Predict before the first run",
}
"""Of the pictures."""


Take = Callable[[Server, Mapping[str, str]], list[str]]
"""Takes pictures of the pages of a server, by name and address; returns the names."""


def take_states(home: Path, take: Take, only: Sequence[str] | None = None) -> list[str]:
    """Pictures of every state, one after the other in a new home; returns their names.

    Args:
        only: the pictures that are wanted (``run-failed-wide-light``), None for all.
    """
    if only is not None and not any(name.rsplit("-", 2)[0] in TITLES for name in only):
        return []
    graft(home, "import", "demo")
    server = start_server(home.resolve(), home.with_suffix(".log"))
    try:
        names = take(server, UNTRAINED)
        ids = fill_states(home)
        names += take(server, addresses_of(ids))
        with training(home) as more:
            names += take(server, addresses_of(ids | more))
    finally:
        stop_server(server)
    return names


def graft(home: Path, *command: str) -> str:
    """What a command of Graft prints."""
    environment = os.environ | {"GRAFT_HOME": str(home)}
    started = subprocess.run(
        [sys.executable, "-m", "core", *command], env=environment, check=False, stdout=subprocess.PIPE, text=True
    )
    return started.stdout


def launch(home: Path, backbone: str, pattern: str, *options: str) -> str:
    """The id of the run that a command launches."""
    what = ("--dataset", DATASET, "--backbone", backbone, "--pattern", pattern)
    return str(json.loads(graft(home, "train", "--json", "--yes", *what, *options))["runs"][0]["run"])


def fill_states(home: Path) -> dict[str, str]:
    """A finished, a failed and a stopped run, and an import that asks; the ids of the runs by their state."""
    ids = {"finished": launch(home, "efficientnet_lite0", "integrated_extractor", "--wait")}
    with without_photos(home):
        ids["failed"] = launch(home, "mobilenet_v1", "integrated_extractor", "--wait")
    ids["stopped"] = launch(home, "mobilenet_v1", "from_scratch", "--epochs", "60")
    with registry_of(home) as registry:
        wait_for(lambda: registry.run(ids["stopped"]).epochs_done >= 3)
        graft(home, "cancel", ids["stopped"])
        wait_for(lambda: registry.run(ids["stopped"]).status.ended)
    ask(home)
    return ids


@contextmanager
def training(home: Path) -> Iterator[dict[str, str]]:
    """While one run trains and another one waits: their ids by state."""
    ids = {
        "running": launch(home, "efficientnet_lite0", "from_scratch", "--epochs", str(LONG)),
        "waiting": launch(home, "mobilenet_v1", "fine_tuning", "--depth", "2"),
    }
    try:
        with registry_of(home) as registry:
            wait_for(lambda: registry.run(ids["running"]).epochs_done >= 4)
        yield ids
    finally:
        graft(home, "cancel", ids["waiting"])
        graft(home, "cancel", ids["running"])
        graft(home, "stop", "--now")


def addresses_of(ids: Mapping[str, str]) -> dict[str, str]:
    """The addresses of the pictures, by the ids of the runs in each state: of all but the running ones, or of those."""
    while_training = "running" in ids
    of_runs = {
        name: f"/runs?runs={','.join(ids[one] for one in states)}"
        for name, states in LAUNCHES.items()
        if set(states) <= set(ids)
    }
    of_runs |= {name: f"/runs?run={ids[state]}" for name, state in RUNS.items() if state in ids}
    if while_training:
        now = {name: path for name, path in of_runs.items() if name.endswith(("training", "waiting"))}
        return now | {"overview-training": "/"}
    return of_runs | {"import-question": "/datasets", "not-there": "/runs?run=r-deleted"}


def ask(home: Path) -> None:
    """Start an import that can be read in two ways, and wait for its question."""
    settings, upload = Settings(home=home), home / "pets.zip"
    with zipfile.ZipFile(DEMO_ARCHIVE) as demo, zipfile.ZipFile(upload, "w") as archive:
        classes: dict[str, list[str]] = {}
        for name in sorted(demo.namelist()):
            if name.endswith(".jpg"):
                classes.setdefault(Path(name).parent.name, []).append(name)
        for class_name, names in list(classes.items())[:3]:
            for folder, part in ((f"photos/{class_name}", names[:8]), ("samples", names[8:10])):
                for name in part:
                    archive.writestr(f"{folder}/{Path(name).name}", demo.read(name))
    job = background_imports.start_import(upload, settings=settings, name="pets")
    wait_for(lambda: any(one.id == job and one.question for one in background_imports.import_jobs(settings)))


@contextmanager
def without_photos(home: Path) -> Iterator[None]:
    """As if somebody had moved the photos of the dataset away: a run that needs them fails."""
    (photos,) = (home / "datasets").glob("*/photos")
    away = photos.rename(photos.with_name("away"))
    yield
    away.rename(photos)


@contextmanager
def registry_of(home: Path) -> Iterator[Registry]:
    registry = Registry.open(registry_file(Settings(home=home)))
    try:
        yield registry
    finally:
        registry.close()


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise RuntimeError(f"It did not happen within {PATIENCE} s.")
        time.sleep(0.3)
