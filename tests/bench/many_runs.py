"""A home of the largest supported size: 10,000 runs and 1,000,000 epochs on one dataset, created in seconds.

``python -m tests.bench.many_runs HOME [RUNS [EPOCHS]]`` creates one to browse. Rows are inserted in bulk, with the
values that trainers would have written. Only test photos have files, with about forty different images; only the most
accurate runs have predictions (``test.npz``) and a model on disk, because pages open these first.
"""

import json
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from sqlalchemy import insert, update

from core.datasets.decoding.photos import STORED_SIDE
from core.datasets.values import Dataset
from core.files.home import dataset_folder, registry_file, run_folder
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.registry.runs import run_row
from core.registry.schema import costs, epochs, evaluations, models, row_of, runs
from core.runs.colours import PLACES
from core.runs.metrics import evaluate
from core.runs.values import Evaluation, Run, Status
from core.settings import Settings
from core.workbench import Workbench
from tests.factories import make_cost, make_dataset, make_model, make_photos, make_run, tiny_jpeg, write_model

CLASS_NAMES = ("dress", "hat", "longsleeve", "outwear", "pants", "shirt", "shoes", "shorts", "skirt", "t-shirt")
PHOTOS_PER_CLASS = 250
"""37 of which are test photos, as in the clothing dataset."""
REPETITIONS = 5
PATTERNS = (
    Pattern.INTEGRATED_EXTRACTOR, Pattern.FINE_TUNING, Pattern.STANDALONE_EXTRACTOR, Pattern.WEIGHT_INITIALIZATION,
)  # fmt: skip
BACKBONES = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
TAGS = ("baseline", "sweep", "night", "to show")
_PART = 500
"""Runs of one bulk insert."""


@dataclass(frozen=True)
class _Test:
    """The test photos: how hard each one is, its label, its digest."""

    digests: tuple[str, ...]
    labels: np.ndarray
    hardness: np.ndarray

    def probabilities(self, ability: float, generator: np.random.Generator) -> np.ndarray:
        """(n, classes) float32; most runs misclassify hard photos, so that predictions agree as real ones do."""
        n = len(self.labels)
        margin = 3 * (ability - self.hardness + generator.normal(0, 0.12, n))
        scores = generator.normal(0, 0.5, (n, len(CLASS_NAMES)))
        scores[np.arange(n), self.labels] += 1.2 + 3 * margin
        exponents = np.exp(scores)
        return (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float32)


def fill_many(registry: Registry, settings: Settings, count: int = 10_000, epochs_each: int = 100, files: int = 20):
    """Puts one dataset with ``count`` runs of ``epochs_each`` epochs into the registry; returns the dataset.

    Of fifty runs, one failed and one was stopped; every recipe is there five times. The ``files`` most accurate runs
    and the recommended one have their predictions and a model (which Keras cannot load) on disk.
    """
    photos = make_photos(CLASS_NAMES, PHOTOS_PER_CLASS)
    dataset = make_dataset(photos, id="d-manyruns", name="clothing")
    registry.add_dataset(dataset, photos)
    test = _test_photos(dataset, photos)
    best: list[tuple[float, int]] = []
    for start in range(0, count, _PART):
        numbers = range(start, min(start + _PART, count))
        made = {number: _results(test, number) for number in numbers if _status(number) is Status.FINISHED}
        best = sorted([*best, *((made[n].accuracy, n) for n in made)], reverse=True)[:files]
        _insert(registry, dataset, numbers, made, epochs_each)
    _write_photos(dataset_folder(settings, dataset.id).path / "photos", test)
    for number in {number for _, number in best} | _recommended(settings, dataset, count):
        _write_run(registry, settings, dataset, test, number)
    return dataset


def _recommended(settings: Settings, dataset: Dataset, count: int) -> set[int]:
    """The number of the run that Models shows first."""
    bench = Workbench.open(settings)
    found = bench.verdict(dataset.id)
    bench.registry.close()
    if found is None:
        return set()
    return {number for number in range(count) if _run(number, dataset).id == found.recommended.run_id}


def _write_photos(folder: Path, test: _Test) -> None:
    folder.mkdir(parents=True)
    kinds = [[tiny_jpeg(label, number, STORED_SIDE) for number in range(4)] for label in range(len(CLASS_NAMES))]
    for place, (digest, label) in enumerate(zip(test.digests, test.labels, strict=True)):
        (folder / f"{digest}.jpg").write_bytes(kinds[label][place % 4])


def _write_run(registry: Registry, settings: Settings, dataset: Dataset, test: _Test, number: int) -> None:
    run = _run(number, dataset)
    folder = run_folder(settings, run.id).path
    folder.mkdir(parents=True)
    np.savez(folder / "test.npz", digests=test.digests, labels=test.labels, probabilities=_answers(test, number))
    model, _ = write_model(folder / "model", make_model(run), make_cost(), dataset, _results(test, number))
    values = {"card": model.card, "sha256": model.sha256, "size_bytes": model.size_bytes}
    with registry.writing() as connection:
        connection.execute(update(models).where(models.c.run_id == run.id).values(values))


def _insert(
    registry: Registry, dataset: Dataset, numbers: range, made: Mapping[int, Evaluation], epochs_each: int
) -> None:
    each = [_run(number, dataset) for number in numbers]
    finished = [(number, run) for number, run in zip(numbers, each, strict=True) if number in made]
    with registry.writing() as connection:
        rows = [_run_row(number, run, made.get(number), epochs_each) for number, run in zip(numbers, each, strict=True)]
        connection.execute(insert(runs), rows)
        measured = [{"run_id": run.id, **asdict(made[number])} for number, run in finished]
        connection.execute(insert(evaluations), measured)
        spent = [{"run_id": run.id, **row_of(costs, make_cost(1 + number % 7 / 3))} for number, run in finished]
        connection.execute(insert(costs), spent)
        left = [row_of(models, make_model(run, id=f"m-{number:08x}")) for number, run in finished]
        connection.execute(insert(models), left)
        names = ", ".join(column.name for column in epochs.columns)
        connection.exec_driver_sql(
            f"INSERT INTO epochs ({names}) VALUES ({', '.join('?' * len(epochs.columns))})",
            [row for number, run in zip(numbers, each, strict=True) for row in _curve(number, run.id, epochs_each)],
        )


def _test_photos(dataset: Dataset, photos) -> _Test:
    chosen = [photo for photo in photos if photo.split == "test"]
    labels = np.array([dataset.class_names.index(photo.class_name) for photo in chosen], np.int64)
    return _Test(tuple(p.digest for p in chosen), labels, np.random.default_rng(7).beta(1.3, 3, len(chosen)))


def _answers(test: _Test, number: int) -> np.ndarray:
    ability = 0.25 + 0.5 * np.random.default_rng([1, number // REPETITIONS]).beta(4, 2)
    return test.probabilities(ability, np.random.default_rng([2, number]))


def _results(test: _Test, number: int) -> Evaluation:
    return evaluate(_answers(test, number), test.labels, CLASS_NAMES, test.digests)


def _status(number: int) -> Status:
    return {48: Status.FAILED, 49: Status.KILLED}.get(number % 50, Status.FINISHED)


def _recipe(number: int) -> Recipe:
    which, seed = divmod(number, REPETITIONS)
    pattern, rest = PATTERNS[which % len(PATTERNS)], which // len(PATTERNS)
    backbone, rest = BACKBONES[rest % len(BACKBONES)], rest // len(BACKBONES)
    numbers = Hyperparameters(
        epochs=100 + rest // 1000,
        seed=seed,
        learning_rate=round(10 ** -(1.5 + rest % 20 / 8), 6),
        dropout=round(0.05 * (rest // 20 % 10), 2),
        depth=rest % 3,
        views=1 + rest % 1000,
    )
    return Recipe(backbone=backbone, pattern=pattern, hyperparameters=numbers)


def _run(number: int, dataset: Dataset) -> Run:
    recipe = _recipe(number)
    name = f"{recipe.backbone.replace('_', ' ')} · {recipe.pattern.replace('_', ' ')} · {number}"
    tags = tuple(tag for place, tag in enumerate(TAGS) if number % (3 + 4 * place) == 0)
    organised = {"tags": tags, "starred": number % 97 == 0, "archived": number % 41 == 0, "colour": number % PLACES}
    return make_run(number, id=f"r-{number:08x}", dataset=dataset, recipe=recipe, name=name, **organised)


def _run_row(number: int, run: Run, evaluation: Evaluation | None, epochs_each: int) -> dict:
    figures: dict = {"test_accuracy": None, "test_low": None, "test_high": None, "best_epoch": None}
    if evaluation is not None:
        low, high = evaluation.ci95
        figures = {"test_accuracy": evaluation.accuracy, "test_low": low, "test_high": high}
        figures["best_epoch"] = max(1, epochs_each - number % 9)
    times = {"started_at": run.created_at + 1, "ended_at": run.created_at + 60, "wall_seconds": 58.0}
    life = {"status": _status(number), "attempt": 1, "position": float(number), "epochs_done": epochs_each}
    return run_row(run) | life | times | figures


def _curve(number: int, run_id: str, count: int) -> Iterator[tuple]:
    """Rows of the table of epochs in the order of its columns."""
    place = np.arange(1, count + 1)
    learned = 1 - 0.9**place
    wobble = np.random.default_rng([3, number]).normal(0, 0.01, count)
    accuracy, validation = 0.9 * learned + wobble, 0.85 * learned - wobble
    curves = zip(place.tolist(), (1.2 - learned).tolist(), accuracy.tolist(), validation.tolist(), strict=True)
    for epoch, loss, trained, validated in curves:
        yield run_id, epoch, 1, loss, trained, loss + 0.2, validated, 0.8, None


def main(home: str, count: str = "10000", epochs_each: str = "100") -> None:
    settings, begin = Settings(home=Path(home)), time.perf_counter()
    registry = Registry.open(registry_file(settings))
    dataset = fill_many(registry, settings, int(count), int(epochs_each))
    size = registry_file(settings).stat().st_size
    print(json.dumps({"dataset": dataset.id, "seconds": round(time.perf_counter() - begin, 1), "bytes": size}))


if __name__ == "__main__":
    main(*sys.argv[1:])
