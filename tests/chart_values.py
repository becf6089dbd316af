"""Values for the tests of charts: small enough to check by hand, or very large."""

from types import SimpleNamespace

import numpy as np

from core.advising.growth import ClassGrowth, ForecastOfPhotos, Growth, LearningCurve, PowerLaw
from core.charts.styles import MOST_EMPHASISED, RunStyle, run_style
from core.comparison.curves import Curve
from core.comparison.table import leaderboard
from core.datasets.values import Dataset, Photo
from core.recipes.differences import differing
from core.runs.metrics import evaluate
from core.runs.predictions import Predictions
from core.runs.values import Epoch, Evaluation
from tests.comparison_values import a_cost, a_run

EVIL = "<b>x</b> & <a href='javascript:alert(1)'>y</a>"


def a_dataset(**photos) -> Dataset:
    """``a_dataset(rose=(8, 1, 2))``: photos in training, validation and test."""
    splits = ("train", "validation", "test")
    return Dataset(
        id="d-1",
        name="flowers",
        version=1,
        digest="d",
        class_names=tuple(sorted(photos)),
        counts={split: {name: counts[place] for name, counts in photos.items()} for place, split in enumerate(splits)},
        split_given=False,
        seed=0,
        size_bytes=1,
        created_at=0.0,
        seconds=0.0,
    )


def a_growth(title="EfficientNet-Lite0") -> Growth:
    """Two backbones, classes ``title`` and tulip."""
    law = PowerLaw(a=1.0, b=0.5, c=0.05)

    def forecast(factor: float) -> ForecastOfPhotos:
        photos = round(100 * factor)
        accuracy = law.accuracy(photos)
        return ForecastOfPhotos(
            factor=factor, photos=photos, accuracy=accuracy, low=accuracy - 0.02 * factor, high=accuracy + 0.01 * factor
        )

    classes = tuple(
        ClassGrowth(class_name=name, photos=50, validation=20, recall=recall, gain=gain, share=share)
        for name, recall, gain, share in ((title, 0.7, 0.1, 0.8), ("tulip", 0.9, 0.02, 0.2))
    )
    curves = tuple(
        LearningCurve(
            title=name,
            size=224,
            photos=(25, 50, 100),
            accuracies=(0.75, 0.81, 0.85 - less),
            law=law,
            forecasts=tuple(map(forecast, (1.5, 2.0, 4.0))),
            band=tuple(map(forecast, (0.25, 1.0, 2.0))),
            classes=classes,
        )
        for name, less in ((title, 0.0), ("MobileNet", 0.02))
    )
    return Growth(dataset_id="d-1", curves=curves, photos=100, validation=40, seconds=1.0)


def a_photo(width, height, digest="p") -> Photo:
    return Photo(
        digest=digest, file="f.jpg", class_name="rose", split="train", width=width, height=height, stored_bytes=1
    )


class _Styles(dict[str, RunStyle]):
    def __missing__(self, run_id: str) -> RunStyle:
        self[run_id] = run_style(len(self), emphasised=len(self) < MOST_EMPHASISED)
        return self[run_id]


def looks() -> dict[str, RunStyle]:
    """Styles of any runs, by their ids, in the order in which they are looked up."""
    return _Styles()


def an_epoch(number, value=0.5, **changes) -> Epoch:
    values = {"loss": 1.0, "accuracy": value, "val_loss": 1.0 / number, "val_accuracy": value, "seconds": 2.0}
    return Epoch(number=number, attempt=1, **values | changes)


def a_curve(values, *, run_id="r-1", metric="val_accuracy", best=None, name="Lite0", **more) -> Curve:
    epochs = tuple(range(1, len(values) + 1))
    return Curve(run_id=run_id, name=name, metric=metric, epochs=epochs, values=tuple(values), best_epoch=best, **more)


def an_evaluation(confusion, class_names=()) -> Evaluation:
    """An evaluation with this confusion matrix; with ``class_names`` also the scores of the classes."""
    if class_names:
        cells = [(true, given) for true, row in enumerate(confusion) for given, n in enumerate(row) for _ in range(n)]
        probabilities = np.eye(len(class_names))[[given for _, given in cells]]
        return evaluate(probabilities, np.array([true for true, _ in cells]), tuple(class_names))
    return Evaluation(
        accuracy=0.5, n=sum(map(sum, confusion)), ci95=(0, 1), loss=1.0, per_class=(), confusion=confusion
    )


CLASSES = (EVIL, "boot", "hat", "shirt")
"""Class names of ``several``; no test photo is a hat."""


def several(runs: int, *, photos: int = 60, epochs: int = 30) -> SimpleNamespace:
    """Runs of one dataset with all values that charts need; their names differ and contain markup."""
    found = [
        a_run(f"r-{n:03}", 0.3 + 0.6 * n / runs, name=f"{EVIL} {n}", epochs=10 + n, backbone=f"b{n % 3}{EVIL}")
        for n in range(runs)
    ]
    costs = {
        run.id: a_cost(5.0 + 3 * place, 1.0 + place, stages={"Loading": 1.0, "Training": 3.0})
        for place, run in enumerate(found)
    }
    rows = leaderboard(found, costs, rate_per_hour=1.0)
    ids = [row.run.id for row in rows]
    names = {row.run.id: row.name for row in rows}
    predictions = {run_id: _predictions(run_id, place, photos) for place, run_id in enumerate(ids)}
    return SimpleNamespace(
        runs=found,
        costs=costs,
        rows=rows,
        ids=ids,
        names=names,
        predictions=predictions,
        evaluations={run_id: evaluate(one.probabilities, one.labels, CLASSES) for run_id, one in predictions.items()},
        differing=differing({row.run.id: row.run.recipe for row in rows}),
        epochs={run_id: [an_epoch(number) for number in range(1, epochs + 1)] for run_id in ids},
        curves=[_learned(row.run.id, row.name, place, epochs) for place, row in enumerate(rows)],
    )


def _predictions(run_id: str, seed: int, photos: int) -> Predictions:
    draw = np.random.default_rng(seed)
    labels = np.array([0, 1, 3])[np.arange(photos) % 3]
    scores = draw.normal(size=(photos, len(CLASSES))) + 1.5 * np.eye(len(CLASSES))[labels]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    digests = tuple(f"p{number}" for number in range(photos))
    return Predictions(run_id=run_id, digests=digests, labels=labels, probabilities=probabilities)


def _learned(run_id: str, name: str, place: int, epochs: int) -> Curve:
    values = 1 - 1 / (2 + np.arange(epochs) + place)
    return a_curve(
        values.tolist(),
        run_id=run_id,
        name=name,
        best=epochs // 2 + 1,
        training=tuple((values + 0.01).tolist()),
        seconds=tuple((np.arange(1, epochs + 1) * (1.0 + place)).tolist()),
        before=5.0,
    )


def a_map(photos: int = 40, classes: int = 4, wrong_every: int = 5) -> SimpleNamespace:
    """Like a ``PhotoMap``: every ``wrong_every``-th prediction is the next class."""
    labels = np.arange(photos) % classes
    wrong = np.arange(photos) % wrong_every == 0
    predicted = np.where(wrong, (labels + 1) % classes, labels)
    return SimpleNamespace(
        run_id="r-1",
        digests=tuple(f"p{number}" for number in range(photos)),
        xy=np.stack([np.arange(photos), labels], axis=1).astype(float),
        labels=labels,
        predicted=predicted,
        correct=predicted == labels,
        explained=(0.5, 0.25),
        source="features of Lite0",
    )
