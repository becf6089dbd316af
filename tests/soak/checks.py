"""What must hold in a home where everything has come to rest and no process is left; a sentence for what does not."""

import json
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

import numpy as np

from core.datasets.manifest import read_manifest
from core.files.home import dataset_folder, dataset_folders, registry_file, run_folder, run_folders
from core.registry import Registry
from core.runs.values import Status
from core.settings import Settings
from core.training.checkpoints import Checkpoints
from core.workbench import orphans

_DRAFT = re.compile(r"\..*\.part|\.tmp.*|\.evicted-.*|\.deleted-.*|\..*-new|\.job-.*|.*\.before")
"""Names that only a running process, or one that was killed, has. Not ``features/.partial-*``: features computed
before a kill, and the next one that needs them continues; after a week they go (``core.features.store``)."""
_JOBS = re.compile(r"\.(job|check|add)-")


def problems(settings: Settings, registry: Registry, notes: list[dict]) -> list[str]:
    """Everything that is wrong with a home at rest, one sentence each."""
    if damage := _database(settings):
        return damage
    return [
        *recorded(registry, notes),
        *models(settings, registry),
        *_checkpoints(settings),
        *datasets(settings, registry),
        *_features(settings),
        *_orphans(settings, registry),
    ]


def recorded(registry: Registry, notes: list[dict]) -> list[str]:
    """What is wrong with what the registry says alone, and against what trainers noted."""
    return [*_states(registry), *_epochs(registry), *_starts(registry, notes)]


def working_files(settings: Settings) -> list[str]:
    """What is wrong with the files of a machine, whatever the registry says."""
    return [*_checkpoints(settings), *_features(settings), *_temporary(settings)]


_EXAMINE = """
import sqlite3, sys
file = sqlite3.connect(sys.argv[1])
file.text_factory = bytes  # names on damaged pages are no text
pages = [row[0] for row in file.execute("PRAGMA integrity_check")]
print("" if pages == [b"ok"] else f"integrity_check: {pages[:3]}")
print(*file.execute("PRAGMA foreign_key_check").fetchall()[:3])
"""


def _database(settings: Settings) -> list[str]:
    """By Python's own SQLite, in another process: who closes a file drops all locks that the process has on it, also
    those of the connections that this process has through the other SQLite."""
    argv = [sys.executable, "-c", _EXAMINE, str(registry_file(settings))]
    found = subprocess.run(argv, capture_output=True, text=True, check=False)
    if found.returncode:
        return [f"integrity_check: {found.stderr.strip()[-300:]}"]
    return [line for line in found.stdout.splitlines() if line]


def _states(registry: Registry) -> Iterator[str]:
    for run in registry.runs():
        if not run.status.ended:
            yield f"run {run.id} ({run.name}) is {run.status} at rest"
        if run.status is Status.FINISHED and registry.evaluation(run.id) is None:
            yield f"run {run.id} is finished without an evaluation"
    if left := registry.running_attempts():
        yield f"attempts are running at rest: {left}"


def _epochs(registry: Registry) -> Iterator[str]:
    for run in registry.runs():
        epochs = registry.epochs(run.id)
        numbers, attempts = [epoch.number for epoch in epochs], [epoch.attempt for epoch in epochs]
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"run {run.id} has the epochs {numbers}"
        if attempts != sorted(attempts):
            yield f"epochs of run {run.id} are by the attempts {attempts}"


def _starts(registry: Registry, notes: list[dict]) -> Iterator[str]:
    """Attempts in the registry against what trainers noted."""
    known = {run.id: {attempt.number for attempt in registry.attempts(run.id)} for run in registry.runs()}
    begun: dict[str, list[int]] = defaultdict(list)
    for note in notes:
        begun[note["run"]].append(note["attempt"])
        if not note["alone"]:
            yield f"attempt {note['attempt']} of run {note['run']} began beside another one"
    for run, attempts in begun.items():
        twice = [number for number, times in Counter(attempts).items() if times > 1]
        if twice:
            yield f"run {run}: the attempts {twice} began twice"
        if attempts != sorted(attempts):
            yield f"run {run}: attempts began in the order {attempts}"
        if run in known and not known[run].issuperset(attempts):
            yield f"run {run}: {attempts} began, the registry has {sorted(known[run])}"
    for run, numbers in known.items():
        if sorted(numbers) != list(range(1, len(numbers) + 1)):
            yield f"run {run} has the attempts {sorted(numbers)}"


def models(settings: Settings, registry: Registry) -> Iterator[str]:
    for model in registry.models():
        path = settings.home / model.path
        if not path.exists():
            yield f"the model of run {model.run_id} has no file"
        elif _sha256(path) != model.sha256:
            yield f"the model of run {model.run_id} has another hash than the registry"


def _checkpoints(settings: Settings) -> Iterator[str]:
    for folder in run_folders(settings):
        checkpoints = Checkpoints(folder.checkpoints)
        damaged = [epoch for epoch in checkpoints.epochs() if checkpoints.at(epoch) is None]
        if damaged:
            yield f"run {folder.run_id} has damaged checkpoints: {damaged}"


def datasets(settings: Settings, registry: Registry) -> Iterator[str]:
    for dataset in registry.datasets():
        folder = dataset_folder(settings, dataset.id)
        there = {path.stem for path in folder.photos.glob("*.jpg")}
        wanted = {photo.digest for photo in registry.photos(dataset.id)}
        if there != wanted:
            yield f"dataset {dataset.id}: {len(wanted - there)} photos are missing, {len(there - wanted)} too many"
        empty = [path.name for path in folder.photos.glob("*.jpg") if not path.read_bytes().endswith(b"\xff\xd9")]
        if empty:
            yield f"dataset {dataset.id}: {len(empty)} photos are not whole"
    for folder in dataset_folders(settings):
        try:
            read_manifest(folder.path)
        except Exception as error:  # noqa: BLE001 whatever it is, it is a finding
            yield f"dataset {folder.path.name}: its manifest cannot be read ({error})"


def _features(settings: Settings) -> Iterator[str]:
    for meta in (settings.home / "features").glob("[!.]*/meta.json"):
        try:
            shape = json.loads(meta.read_text())["shape"]
            array = np.load(meta.with_name("features.npy"), mmap_mode="r")
            if list(array.shape) != list(shape):
                yield f"stored features {meta.parent.name}: {array.shape} instead of {shape}"
        except (OSError, ValueError, KeyError) as error:
            yield f"stored features {meta.parent.name} cannot be read: {error}"


def _orphans(settings: Settings, registry: Registry) -> Iterator[str]:
    with patch.object(orphans, "DRAFT_SECONDS", -1.0):
        for kind, names in orphans.orphans(settings, registry).items():
            if left := [name for name in names if ".partial-" not in name]:
                yield f"{kind}: {left[:5]}"
    yield from _temporary(settings)


def _temporary(settings: Settings) -> Iterator[str]:
    drafts = [path for path in _walk(settings.home) if _DRAFT.fullmatch(path.name) and not _JOBS.match(path.name)]
    if drafts:
        yield f"temporary files: {sorted(str(path.relative_to(settings.home)) for path in drafts)[:8]} ({len(drafts)})"


def _walk(folder: Path) -> Iterator[Path]:
    """All below, without what is inside of a temporary folder."""
    for path in folder.iterdir():
        yield path
        if path.is_dir() and not _DRAFT.fullmatch(path.name):
            yield from _walk(path)


def _sha256(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


# --- against an uninterrupted run ---


def differences(
    settings: Settings, registry: Registry, run_id: str, whole: tuple[Settings, Registry, str]
) -> list[str]:
    """How a run differs from the uninterrupted run of the same recipe in another home; bit for bit."""
    other_settings, other_registry, other_id = whole
    found = []
    if _figures(registry, run_id) != _figures(other_registry, other_id):
        found.append("epochs")
    for split in ("validation", "test"):
        one = _probabilities(run_folder(settings, run_id).predictions(split))
        two = _probabilities(run_folder(other_settings, other_id).predictions(split))
        if not np.array_equal(one, two):
            worst = float(np.abs(one - two).max()) if one.shape == two.shape else "other shapes"
            found.append(f"predictions of the {split} photos (by {worst})")
    states = [_last_state(run_folder(settings, run_id).path), _last_state(run_folder(other_settings, other_id).path)]
    if all(state is not None for state in states) and not _same(*states):
        found.append("the last checkpoint")
    return found


def _figures(registry: Registry, run_id: str) -> list[tuple]:
    return [(e.number, e.loss, e.accuracy, e.val_loss, e.val_accuracy) for e in registry.epochs(run_id)]


def _probabilities(path: Path) -> np.ndarray:
    with np.load(path, allow_pickle=False) as file:
        order = np.argsort(file["digests"])
        return np.asarray(file["probabilities"])[order]


def _last_state(folder: Path) -> list[np.ndarray] | None:
    last = Checkpoints(folder / "checkpoints").latest()
    if last is None:
        return None
    with np.load(last.state) as state:
        return [state[name] for name in state.files]


def _same(one: list[np.ndarray], two: list[np.ndarray]) -> bool:
    return len(one) == len(two) and all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def read_notes(path: Path) -> list[dict]:
    """What trainers noted; a line that a kill has cut is left out."""
    if not path.exists():
        return []
    found = []
    for line in path.read_text().splitlines():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found
