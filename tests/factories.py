"""Realistic values for tests and screenshots, the same at every call.

``make_*`` make single values; ``fill`` puts a dataset with tiny photos and runs in all states into a registry.
"""

import hashlib
import io
import json
import time
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from core.backbones import get
from core.backbones.saved import row_for_card
from core.backbones.table import rows
from core.datasets.manifest import write_manifest
from core.datasets.values import SPLITS, Dataset, Photo, Rejection
from core.files.home import dataset_folder, run_folder
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe, fingerprint
from core.registry import Registry
from core.registry.board import BOARD_COLUMNS, BoardRevision
from core.runs.forecast import RunForecast
from core.runs.metrics import evaluate
from core.runs.values import Cost, Epoch, Evaluation, Model, Progress, Run, Status
from core.settings import Settings
from tests import kept_homes

CLASS_NAMES = ("daisy", "rose", "sunflower", "tulip")
COLOURS = ("#f4f1de", "#b3001b", "#f2a900", "#8e44ad", "#2a9d8f", "#264653")
BACKBONES = (
    ("efficientnet_lite0", "Lite0"),
    ("efficientnet_lite1", "Lite1"),
    ("efficientnet_lite2", "Lite2"),
)
_REASONS = {
    Status.FAILED: "The loss became not a number. Try a lower learning rate.",
    Status.KILLED: "Cancelled by the user.",
}


@dataclass(frozen=True)
class Filled:
    """What ``fill`` added to the registry; ``runs`` in the order they were added."""

    dataset: Dataset
    runs: tuple[Run, ...]

    def with_status(self, status: Status) -> list[Run]:
        return [run for run in self.runs if run.status == status]


def make_photos(class_names=CLASS_NAMES, per_class: int = 20) -> tuple[Photo, ...]:
    """Photos split 70/15/15 within each class; their digests belong to no file."""
    return tuple(
        _photo(_sha(f"{name}/{number}"), name, number, per_class, stored_bytes=48_000 + number)
        for name in class_names
        for number in range(per_class)
    )


def make_dataset(photos=None, **changes) -> Dataset:
    """A dataset of ``photos`` (default: ``make_photos()``), any field of which may be given."""
    photos = make_photos() if photos is None else photos
    class_names = tuple(sorted({photo.class_name for photo in photos}))
    values = {
        "id": "d-flowers1",
        "name": "flowers",
        "version": 1,
        "digest": _sha("".join(photo.digest for photo in photos)),
        "class_names": class_names,
        "counts": _counts(photos, class_names),
        "rejections": (Rejection(file="rose/notes.txt", reason="it is not a photo"),),
        "split_given": False,
        "seed": 0,
        "size_bytes": sum(photo.stored_bytes for photo in photos),
        "created_at": 1_760_000_000.0,
        "seconds": 4.2,
        "notes": ("No split was given, so 70/15/15 was drawn.",),
    }
    return Dataset(**(values | changes))


def make_run(number: int = 1, *, dataset: Dataset | None = None, **changes) -> Run:
    """The ``number``-th run on ``dataset``; every third number has another backbone."""
    dataset = make_dataset() if dataset is None else dataset
    backbone, title = BACKBONES[number % len(BACKBONES)]
    hyperparameters = Hyperparameters(epochs=12, seed=number // len(BACKBONES))
    recipe = changes.pop("recipe", Recipe(backbone=backbone, hyperparameters=hyperparameters))
    values = {
        "id": f"r-{_sha(f'{dataset.id}/{number}')[:8]}",
        "dataset_id": dataset.id,
        "recipe": recipe,
        "fingerprint": fingerprint(recipe, dataset_digest=dataset.digest, weights_digest=_weights_of(recipe)),
        "name": f"{title} · feature extraction",
        "status": Status.SCHEDULED,
        "created_at": 1_760_000_000.0 + 60 * number,
    }
    return Run(**(values | changes))


def make_ensemble(number: int, *members: str) -> Run:
    """A run that averages the probabilities of ``members``, by their ids."""
    recipe = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=members)
    return make_run(number, recipe=recipe, name="Ensemble")


def make_epochs(count: int = 12, *, attempt: int = 1, reach: float = 0.9, first: int = 1) -> list[Epoch]:
    """Learning curves that approach the accuracy ``reach`` and overfit a little."""
    epochs = []
    for number in range(first, first + count):
        learned = 1 - 0.75 ** (number + 1)
        wobble = 0.01 * np.sin(number)
        epochs.append(
            Epoch(
                number=number,
                attempt=attempt,
                loss=round(1.5 * (1 - learned) + 0.08, 6),
                accuracy=round(min(1.0, reach * learned + 0.06), 6),
                val_loss=round(1.5 * (1 - learned) + 0.22 + 0.004 * number + wobble, 6),
                val_accuracy=round(reach * learned + wobble, 6),
                seconds=round(0.8 + wobble, 3),
            )
        )
    return epochs


def make_probabilities(labels, classes: int, *, right: float = 0.9, seed: int = 0) -> np.ndarray:
    """(n, classes) float32 rows that sum to 1; the fraction ``right`` of them is highest at its label."""
    generator = np.random.default_rng(seed)
    labels = np.asarray(labels)
    chosen = labels.copy()
    wrong = generator.permutation(len(labels))[: round(len(labels) * (1 - right))]
    chosen[wrong] = (chosen[wrong] + 1 + generator.integers(classes - 1, size=len(wrong))) % classes
    scores = generator.normal(0, 0.6, (len(labels), classes))
    scores[np.arange(len(labels)), chosen] += 4
    exponents = np.exp(scores)
    return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


def make_evaluation(class_names=CLASS_NAMES, *, n: int = 40, right: float = 0.9, seed: int = 0) -> Evaluation:
    """Of n photos that belong to no file, the same ones for every ``seed``."""
    labels, digests = np.arange(n) % len(class_names), [_sha(f"photo {number}") for number in range(n)]
    probabilities = make_probabilities(labels, len(class_names), right=right, seed=seed)
    return evaluate(probabilities, labels, tuple(class_names), digests)


def make_cost(scale: float = 1.0, **changes) -> Cost:
    """The cost of a run on the CPU; ``scale`` multiplies times and size of the network."""
    values = {
        "wall_seconds": round(21.5 * scale, 3),
        "cpu_seconds": round(39.25 * scale, 3),
        "peak_rss_bytes": int(1_150_000_000 * scale),
        "alone_wall_seconds": round(34.0 * scale, 3),
        "alone_cpu_seconds": round(63.5 * scale, 3),
        "parameters_total": int(3_417_796 * scale),
        "parameters_trainable": 5_124,
        "multiply_adds": int(385_000_000 * scale),
        "model_bytes": int(13_900_000 * scale),
        "ms_per_photo": round(8.4 * scale, 2),
        "stages": {"Loading": 6.5, "Computing features": round(7.5 * scale, 3), "Training": 5.0, "Measuring": 2.5},
    }
    return Cost(**(values | changes))


def make_forecast(run_id: str = "r-1", **changes) -> RunForecast:
    """What was expected of an attempt; its band is 20 % wide on both sides."""
    seconds, memory = changes.get("seconds", 20.0), changes.get("memory_bytes", 1e9)
    values = {
        "run_id": run_id,
        "attempt": 1,
        "launch": "l-1",
        "kind": "integrated_extractor",
        "machine": "a machine",
        "made_at": 1_760_000_000.0,
        "seconds": seconds,
        "seconds_low": 0.8 * seconds,
        "seconds_high": 1.2 * seconds,
        "seconds_model": seconds,
        "memory_bytes": memory,
        "memory_low": 0.8 * memory,
        "memory_high": 1.2 * memory,
        "disk_bytes": 5 * 10**6,
    }
    return RunForecast(**(values | changes))


def make_model(run: Run | None = None, **changes) -> Model:
    run = make_run() if run is None else run
    values = {
        "id": f"m-{_sha(run.id)[:8]}",
        "run_id": run.id,
        "dataset_id": run.dataset_id,
        "path": f"runs/{run.id}/model/model.keras",
        "sha256": _sha(f"model of {run.id}"),
        "size_bytes": 13_900_000,
        "card": {"run": run.id, "dataset": run.dataset_id, "recipe": run.recipe.to_dict()},
        "created_at": run.created_at + 30,
    }
    return Model(**(values | changes))


def fill(
    registry: Registry,
    settings: Settings | None = None,
    runs: int = 6,
    *,
    epochs: int = 12,
    class_names=CLASS_NAMES,
    name: str = "flowers",
    per_class: int = 20,
) -> Filled:
    """One dataset and ``runs`` runs on it: two finished, one failed, killed, running and scheduled; all more finished.

    With ``settings`` the files are written too: photos, logs, progress, test probabilities, cards and stand-ins for
    models (bytes with the right SHA-256, which Keras cannot load). May be called again for one more version.
    The first run has a star and a tag.
    """
    asked = (settings is None, runs, epochs, tuple(sorted(class_names)), name, per_class)
    return kept_homes.once(asked, registry, settings, lambda: _filled(registry, settings, *asked[1:]))


def _filled(
    registry: Registry, settings: Settings | None, runs: int, epochs: int, names: tuple[str, ...], name: str, each: int
) -> Filled:
    dataset, photos = _add_dataset(registry, settings, names, name, each)
    states = (Status.FINISHED, Status.FINISHED, Status.FAILED, Status.KILLED, Status.RUNNING, Status.SCHEDULED)
    wanted = states[:runs] if runs <= len(states) else (Status.FINISHED,) * (runs - len(states)) + states
    life, added = _Life(registry, settings, dataset, photos, epochs), []
    for number, status in enumerate(wanted):
        words = {} if number else {"starred": True, "tags": ("baseline",)}
        run = registry.add_run(make_run(number, dataset=dataset, created_at=time.time(), **words))
        life.live(run, status, number)
        added.append(run.id)
    return Filled(dataset, tuple(registry.run(run_id) for run_id in added))


def board_of(registry: Registry, dataset_id: str, since: BoardRevision | None = None) -> dict[str, list]:
    """``registry.board_changes`` as one list a column, the last added run first."""
    with registry.board_changes(dataset_id, since) as changes:
        rows = [dict(zip(part, row, strict=True)) for part in changes.parts for row in zip(*part.values(), strict=True)]
    rows.sort(key=lambda row: -row["number"])
    return {name: [row[name] for row in rows] for name in BOARD_COLUMNS}


@cache
def tiny_jpeg(label: int, number: int, side: int = 96) -> bytes:
    """A JPEG of a flower-like shape in the colour of its class, at a position derived from its number."""
    generator = np.random.default_rng([label, number])
    width, height = side, int(side * generator.uniform(0.7, 1.2))
    image = Image.new("RGB", (width, height), tuple(int(value) for value in generator.integers(60, 130, 3)))
    draw = ImageDraw.Draw(image)
    x, y, radius = width * generator.uniform(0.4, 0.6), height * generator.uniform(0.4, 0.6), side * 0.16
    for angle in np.linspace(0, 2 * np.pi, 5 + label, endpoint=False) + generator.uniform(0, 1):
        dx, dy = np.cos(angle) * radius, np.sin(angle) * radius
        draw.ellipse(
            (x + dx - radius * 0.7, y + dy - radius * 0.7, x + dx + radius * 0.7, y + dy + radius * 0.7),
            fill=COLOURS[label % len(COLOURS)],
        )
    draw.ellipse((x - radius * 0.5, y - radius * 0.5, x + radius * 0.5, y + radius * 0.5), fill="#5c4033")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()


def _add_dataset(registry, settings, class_names, name, per_class) -> tuple[Dataset, tuple[Photo, ...]]:
    version = registry.next_version(name)
    dataset_id = f"d-{_sha(f'{name}:{version}')[:8]}"
    photos = make_photos(class_names, per_class)
    if settings is not None:
        photos = _write_photos(dataset_folder(settings, dataset_id).path / "photos", class_names, per_class, version)
    dataset = make_dataset(photos, id=dataset_id, name=name, version=version, created_at=time.time() - 86_400 + version)
    if settings is not None:
        write_manifest(dataset_folder(settings, dataset_id).path, dataset, photos)
    registry.add_dataset(dataset, photos)
    return dataset, photos


def _write_photos(folder: Path, class_names, per_class: int, version: int) -> tuple[Photo, ...]:
    folder.mkdir(parents=True)
    photos = []
    for label, name in enumerate(class_names):
        for number in range(per_class):
            jpeg = tiny_jpeg(label, number + 10_000 * version)
            width, height = Image.open(io.BytesIO(jpeg)).size
            digest = hashlib.sha256(jpeg).hexdigest()
            (folder / f"{digest}.jpg").write_bytes(jpeg)
            photo = _photo(digest, name, number, per_class, stored_bytes=len(jpeg))
            photos.append(replace(photo, width=width, height=height))
    return tuple(photos)


@dataclass(frozen=True)
class _Life:
    """Brings scheduled runs to a status through the registry, with the calls of supervisor and trainer."""

    registry: Registry
    settings: Settings | None
    dataset: Dataset
    photos: tuple[Photo, ...]
    epochs: int

    def live(self, run: Run, status: Status, number: int) -> None:
        """``number`` determines accuracy and cost."""
        if status == Status.SCHEDULED:
            return
        attempt, reach = self._start(run), 0.8 + 0.05 * (number % 4)
        for epoch in make_epochs(self.epochs if status == Status.FINISHED else max(1, self.epochs // 2), reach=reach):
            self.registry.record_epoch(run.id, attempt, epoch)
        if self.settings is not None:
            _write_log(run_folder(self.settings, run.id).path, status, self.epochs)
        if status == Status.FINISHED:
            self._finish(run, attempt, reach, number)
            return
        self.registry.record_spent(run.id, attempt, {"wall_seconds": 9.5, "cpu_seconds": 17.0})
        if status.ended:
            self.registry.end(run.id, attempt, status, _REASONS[status])

    def _start(self, run: Run) -> int:
        first = self.registry.queue()[0]
        if first.id != run.id:
            self.registry.move(run.id, before=first.id)
        return self.registry.claim("cpu", "factory").attempt

    def _finish(self, run: Run, attempt: int, reach: float, number: int) -> None:
        answers = {split: self._answers(split, reach, number) for split in ("validation", "test")}
        digests, labels, probabilities = answers["test"]
        evaluation = evaluate(probabilities, labels, self.dataset.class_names, digests)
        cost, model = make_cost(1 + 0.35 * (number % 3)), make_model(run, created_at=time.time())
        if self.settings is not None:
            folder = run_folder(self.settings, run.id).path
            for split, (digests, labels, probabilities) in answers.items():
                np.savez(folder / f"{split}.npz", digests=digests, labels=labels, probabilities=probabilities)
            model, cost = write_model(folder / "model", model, cost, self.dataset, evaluation)
        best = max(1, self.epochs - 2)
        self.registry.finish(run.id, attempt, evaluation=evaluation, cost=cost, model=model, best_epoch=best)

    def _answers(self, split: str, reach: float, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Digests, labels and probabilities of the photos of a split, in label order."""
        photos = sorted((p for p in self.photos if p.split == split), key=lambda p: (p.class_name, p.digest))
        names = self.dataset.class_names
        labels = np.array([names.index(photo.class_name) for photo in photos], np.int64)
        probabilities = make_probabilities(labels, len(names), right=reach, seed=seed + 100 * (split != "test"))
        return np.array([photo.digest for photo in photos]), labels, probabilities


def write_model(folder: Path, model: Model, cost: Cost, dataset: Dataset, evaluation: Evaluation) -> tuple[Model, Cost]:
    """Stand-ins for the files of a model, with its card; the model and cost to register."""
    folder.mkdir()
    digests = {}
    for name in ("model.keras", "prefix.tflite", "head.npz"):
        content = f"stand-in for {name} of {model.run_id}\n".encode() * 500
        (folder / name).write_bytes(content)
        digests[name] = hashlib.sha256(content).hexdigest()
    size = (folder / "model.keras").stat().st_size
    cost = replace(cost, model_bytes=size)
    card = model.card | _card_of(model, dataset, evaluation, cost, digests, size)
    (folder / "card.json").write_text(json.dumps(card, indent=2))
    return replace(model, sha256=digests["model.keras"], size_bytes=size, card=card), cost


def _card_of(
    model: Model, dataset: Dataset, evaluation: Evaluation, cost: Cost, digests: dict[str, str], size: int
) -> dict:
    """The card that a trainer writes for a network with a dense head."""
    backbone = get(model.card["recipe"]["backbone"])
    row = row_for_card(backbone, parameters=cost.parameters_total, multiply_adds=cost.multiply_adds)
    network = {"kind": "network", "file": "prefix.tflite", "input_size": backbone.input_size}
    return {
        "title": backbone.title,
        "dataset": {"id": dataset.id, "name": dataset.name, "version": dataset.version, "digest": dataset.digest},
        "class_names": list(dataset.class_names),
        "input_size": backbone.input_size,
        "backbone": {"name": backbone.name, "title": backbone.title, "row": row},
        "parents": [],
        "choice": {},
        "answer": {"kind": "head", "file": "head.npz", "inputs": [network]},
        "engines": [{"file": name, "sha256": digests[name]} for name in ("prefix.tflite", "head.npz")],
        "model": {"file": "model.keras", "sha256": digests["model.keras"], "bytes": size},
        "validation": {"accuracy": evaluation.accuracy, "loss": evaluation.loss},
        "accuracy": evaluation.accuracy,
        "ci95": list(evaluation.ci95),
        "n": evaluation.n,
        "cost": asdict(cost),
        "versions": {"keras": "3.15.1", "tensorflow": "2.21.0"},
    }


def _write_log(folder: Path, status: Status, epochs: int) -> None:
    folder.mkdir(parents=True)
    lines = ["Loading", "Computing features", "Training"]
    lines += [f"Epoch {epoch.number}: val_loss {epoch.val_loss:.3f}" for epoch in make_epochs(max(1, epochs // 2))]
    (folder / "log.txt").write_text("\n".join(lines) + "\n")
    if status == Status.RUNNING:
        progress = Progress(
            stage="Training", done=epochs // 2, total=epochs, unit="epochs", eta_seconds=42.0, updated_at=time.time()
        )
        (folder / "progress.json").write_text(json.dumps(asdict(progress)))


def _weights_of(recipe: Recipe) -> str:
    """Digests of the backbones' weights as the workbench computes them, so that a fake run is found again; invented
    for backbones outside the catalogue."""
    return "+".join(rows()[name].weights_digest if name in rows() else _sha(name) for name in recipe.backbones)


def _photo(digest: str, class_name: str, number: int, per_class: int, stored_bytes: int) -> Photo:
    share = (number + 0.5) / per_class
    return Photo(
        digest=digest,
        file=f"{class_name}/{number:03d}.jpg",
        class_name=class_name,
        split="train" if share < 0.7 else "validation" if share < 0.85 else "test",
        width=768,
        height=512,
        stored_bytes=stored_bytes,
    )


def _counts(photos, class_names) -> dict[str, dict[str, int]]:
    counts = {split: dict.fromkeys(class_names, 0) for split in SPLITS}
    for photo in photos:
        counts[photo.split][photo.class_name] += 1
    return counts


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
