"""What to label next: accuracy by the number of labelled photos, ``python -m tests.bench.bench_label_next [HOME]``.

Of the training photos a few of each class are labelled at the start; the others are taken for photos without a class.
They are labelled in batches in three orders: that of ``core.advising.label_order`` with the margins of a linear head on
stored features, which is fitted again after every batch; by the margin alone; and at random. After every batch a linear
head is fitted on what is labelled and measured on all validation and test photos, which no order has seen. Several
seeds draw other first photos; the three orders of a seed begin with the same. Printed: mean accuracy of each order, and
the mean and standard deviation over the seeds of its difference from random order, in points.

HOME as in ``bench_shortlist``, but with all photos; ``GRAFT_BENCH_BACKBONE`` names the backbone (efficientnet_lite0).
The clothing photos, or what ``GRAFT_BENCH_PHOTOS`` names. Features of 3,781 photos take about 80 s on two cores, the
orders five to thirteen minutes (busy machine).
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.bench.homes import open_home, photos_for_benches

SEEDS = range(10)
FIRST = 5
"""Labelled photos of each class at the start."""
BATCHES = 6


def main(home: str | None = None) -> None:
    if home is None:
        with tempfile.TemporaryDirectory() as folder:
            main(folder)
        return
    from core.backbones import get
    from core.settings import Settings
    from core.workbench import Workbench

    path = Path(home)
    known = (path / "datasets").exists()
    bench = Workbench.open(Settings(home=path)) if known else open_home(path, photos_for_benches())
    dataset = bench.registry.datasets()[-1]
    backbone = get(os.environ.get("GRAFT_BENCH_BACKBONE", "efficientnet_lite0"))
    rows, labels = features(bench, dataset, backbone)
    batch = 50 if len(labels["train"]) > 1000 else 10
    print(f"{dataset.name}: {dataset.split_sizes}, {backbone.title}, {FIRST} photos of a class, then {batch} at a time")
    started = time.monotonic()
    found = {name: np.array([accuracies(rows, labels, name, seed, batch) for seed in SEEDS]) for name in ORDERS}
    sizes = [FIRST * len(dataset.class_names) + number * batch for number in range(BATCHES + 1)]
    print(f"{'labelled':22}" + "".join(f"{size:>13}" for size in sizes))
    for name, values in found.items():
        points = 100 * (values - found["at random"])
        spread = points.std(axis=0, ddof=1)
        print(f"{name:22}" + "".join(f"{100 * value:12.1f}%" for value in values.mean(axis=0)))
        if name != "at random":
            shown = "".join(f"{mean:+7.1f} ±{sd:4.1f}" for mean, sd in zip(points.mean(axis=0), spread, strict=True))
            print(f"{'  minus random, points':22} {shown}")
            mean = points[:, 1:].mean(axis=1)
            print(f"  mean over the batches {mean.mean():+.2f} (seeds {mean.min():+.2f} to {mean.max():+.2f})")
    print(f"{time.monotonic() - started:.0f} s for {len(SEEDS)} seeds")


def features(bench, dataset, backbone) -> tuple[dict, dict]:
    """Rows of length 1 and labels of the training photos, and of validation and test photos together."""
    from core.curation.folds import unit_rows
    from core.features.compute import features_of

    number = {name: label for label, name in enumerate(dataset.class_names)}
    rows, labels = {}, {}
    for split in ("train", "validation", "test"):
        photos = bench.registry.photos(dataset.id, split=split)
        found = features_of(photos, dataset=dataset, backbone=backbone, settings=bench.settings)
        rows[split] = unit_rows(found.array)
        labels[split] = np.array([number[photo.class_name] for photo in photos])
    return (
        {"train": rows["train"], "rest": np.concatenate([rows["validation"], rows["test"]])},
        {"train": labels["train"], "rest": np.concatenate([labels["validation"], labels["test"]])},
    )


def accuracies(rows: dict, labels: dict, name: str, seed: int, batch: int) -> list[float]:
    """Before the first batch and after each."""
    draw, classes = np.random.default_rng(seed), int(labels["train"].max()) + 1
    own = [np.flatnonzero(labels["train"] == label) for label in range(classes)]
    labelled = np.concatenate([draw.choice(photos, min(FIRST, len(photos) - 1), replace=False) for photos in own])
    found = [accuracy(rows, labels, labelled, classes)]
    for _ in range(BATCHES):
        rest = np.setdiff1d(np.arange(len(labels["train"])), labelled)
        labelled = np.concatenate([labelled, rest[ORDERS[name](rows, labels, labelled, rest, batch, draw)]])
        found.append(accuracy(rows, labels, labelled, classes))
    return found


def accuracy(rows: dict, labels: dict, labelled: np.ndarray, classes: int) -> float:
    from core.curation.folds import linear_head

    present, weights, offsets = linear_head(rows["train"][labelled], labels["train"][labelled], classes)
    named = present[(rows["rest"] @ weights + offsets).argmax(axis=1)]
    return float((named == labels["rest"]).mean())


def margins(rows: dict, labels: dict, labelled: np.ndarray, rest: np.ndarray) -> np.ndarray:
    from core.advising.label_order import margins_of
    from core.curation.folds import head_probabilities

    train, classes = rows["train"], int(labels["train"].max()) + 1
    return margins_of(head_probabilities(train[labelled], labels["train"][labelled], classes, train[rest]))


def by_order(rows, labels, labelled, rest, batch, _draw) -> np.ndarray:
    from core.advising.label_order import label_steps

    train = rows["train"]
    return label_steps(margins(rows, labels, labelled, rest), train[rest], train[labelled], batch).chosen


def by_margin(rows, labels, labelled, rest, batch, _draw) -> np.ndarray:
    return np.argsort(margins(rows, labels, labelled, rest), kind="stable")[:batch]


def at_random(_rows, _labels, _labelled, rest, batch, draw) -> np.ndarray:
    return draw.choice(len(rest), min(batch, len(rest)), replace=False)


ORDERS = {"at random": at_random, "by core label next": by_order, "by the margin alone": by_margin}


if __name__ == "__main__":
    main(*sys.argv[1:])
