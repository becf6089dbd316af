"""How well half of the photos forecast all of them: ``python -m tests.bench.bench_learning_curve [HOME [SPLITS]]``.

For every backbone and input size of the shortlist's grid whose features HOME has (all of them without HOME), and for
SPLITS (10) splits of the photos into training, validation and other photos of the sizes that the dataset has: the power
law is fitted to probes of nested samples of half of the training photos, and its forecast for all of them is compared
with the accuracy of a probe that is fitted on all of them, on the same validation photos. The first split is that of
the dataset.

How good can a forecast be? Printed beside it: an oracle that knows what twice the photos give this backbone on average
over all splits, on all photos outside of the training photos, and adds that to the accuracy of the half; and how often
the difference of two models is within the limit by the chance of drawing the validation photos alone, where both are
known (from the share of photos that one of them gets right and the other does not; normal approximation). HOME as in
``bench_shortlist``.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np

from tests.bench.bench_shortlist import opened

SPLITS = 10
WANTED = 1.5
"""Points between forecast and accuracy."""


def main(home: str | None = None, splits: str = str(SPLITS)) -> None:
    if home is None:
        with tempfile.TemporaryDirectory() as folder:
            main(folder, splits)
        return
    bench, dataset = opened(Path(home))
    print(f"{dataset.name}: {dataset.split_sizes}")
    found = []
    for title, photos in backbones(bench, dataset):
        for number in range(int(splits)):
            found.append(photos.forecast(title, number))
            print(f"{title}, split {number}: {found[-1]}", flush=True)
    summarise(found)


@dataclass(frozen=True, kw_only=True)
class Compared:
    """A forecast from half of the training photos, and what came.

    Args:
        forecast, low, high: accuracy, 0..1. half, whole: right or not, on the validation photos and then on all others.
    """

    backbone: str
    forecast: float
    low: float
    high: float
    half: np.ndarray
    whole: np.ndarray
    validation: int

    @property
    def came(self) -> float:
        return float(self.whole[: self.validation].mean())

    def __str__(self) -> str:
        low, high = 100 * self.low, 100 * self.high
        return f"{100 * self.forecast:.1f} ({low:.1f} to {high:.1f}), was {100 * self.came:.1f}"


@dataclass(frozen=True, kw_only=True)
class Photos:
    """Features (n, d) and labels of all photos in the order of their splits; ``sizes``: training and validation."""

    rows: np.ndarray
    labels: np.ndarray
    digests: np.ndarray
    classes: int
    sizes: tuple[int, int]

    def forecast(self, backbone: str, number: int) -> Compared:
        from core.advising.growing import REPETITIONS, SHARES
        from core.advising.growth import curve_of

        train, others = self._split(number)
        whole, (_, validation) = len(train), self.sizes
        first = self._nested(train, number)[: whole // 2]
        sizes = [round(share * len(first)) for share in SHARES]
        orders = [self._nested(first, seed) for seed in range(REPETITIONS)]
        right = np.array([[self._right(order[:size], others) for size in sizes[:-1]] for order in orders])
        half = self._right(first, others)
        right = np.concatenate([right, np.tile(half, (len(orders), 1, 1))], axis=1)
        _, (found,) = curve_of(right[..., :validation], sizes, (whole / len(first),))
        return Compared(
            backbone=backbone,
            forecast=found.accuracy,
            low=found.low,
            high=found.high,
            half=half,
            whole=self._right(train, others),
            validation=validation,
        )

    def _split(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of the training photos, and of the validation photos followed by all others."""
        everything = np.arange(len(self.rows))
        train, _ = self.sizes
        if number == 0:
            return everything[:train], everything[train:]
        order = self._nested(everything, 1000 + number)
        return order[:train], np.random.default_rng(number).permutation(order[train:])

    def _nested(self, among: np.ndarray, seed: int) -> np.ndarray:
        """As ``core.advising.samples.nested``, of numbers of photos."""
        from types import SimpleNamespace

        from core.advising.samples import nested

        photos = [
            SimpleNamespace(digest=self.digests[one], class_name=str(self.labels[one]), number=one) for one in among
        ]
        return np.array([one.number for one in nested(photos, seed)])

    def _right(self, inside: np.ndarray, others: np.ndarray) -> np.ndarray:
        from core.advising.probes import ProbeData, right_by_probe

        return right_by_probe(
            ProbeData(
                train=(self.rows[inside],),
                labels=self.labels[inside],
                validation=(self.rows[others],),
                validation_labels=self.labels[others],
                classes=self.classes,
            )
        )


def backbones(bench, dataset) -> Iterator[tuple[str, Photos]]:
    """Those whose features are there; all of them where none are."""
    from core.advising.candidates import contenders_of
    from core.datasets.values import SPLITS as NAMES
    from core.features.compute import features_of
    from core.features.store import is_stored, key_of

    known = [one.backbone for one in contenders_of(dataset, bench.registry, bench.settings)]
    there = [
        one for one in known if all(is_stored(key_of(dataset, one, split), bench.settings) for split in NAMES)
    ] or known
    number = {name: label for label, name in enumerate(dataset.class_names)}
    photos = [bench.registry.photos(dataset.id, split=split) for split in NAMES]
    for backbone in there:
        rows = [features_of(own, dataset=dataset, backbone=backbone, settings=bench.settings).array for own in photos]
        yield (
            f"{backbone.title} {backbone.input_size} px",
            Photos(
                rows=np.concatenate([np.asarray(own, np.float32) for own in rows]),
                labels=np.array([number[photo.class_name] for own in photos for photo in own]),
                digests=np.array([photo.digest for own in photos for photo in own]),
                classes=len(number),
                sizes=(len(photos[0]), len(photos[1])),
            ),
        )


def summarise(found: list[Compared]) -> None:
    gains = defaultdict(list)
    for one in found:
        gains[one.backbone].append(one.whole.mean() - one.half.mean())
    came = np.array([one.came for one in found])
    half = np.array([one.half[: one.validation].mean() for one in found])
    known = half + [np.mean(gains[one.backbone]) for one in found]
    _said("forecast", np.array([one.forecast for one in found]) - came)
    _said("as accurate as the half", half - came)
    _said("oracle", known - came)
    inside = np.mean([one.low <= one.came <= one.high for one in found])
    changed = np.array([(one.half != one.whole).mean() for one in found])
    deviation = 100 * np.sqrt(np.mean([share / one.validation for share, one in zip(changed, found, strict=True)]))
    chance = 2 * NormalDist().cdf(WANTED / deviation) - 1
    print(
        f"inside of the 80 % band in {inside:.0%}; mean gain {100 * np.mean(np.concatenate(list(gains.values()))):.1f}"
    )
    print(
        f"{changed.mean():.1%} of the photos are right with one of half and whole only: by the validation photos alone "
        f"a known difference is within {WANTED} points in {chance:.0%} (standard deviation {deviation:.2f} points)"
    )


def _said(name: str, off: np.ndarray) -> None:
    points = 100 * off
    print(
        f"== {name}: within {WANTED} points in {(np.abs(points) <= WANTED).mean():.0%} of {len(points)}, mean "
        f"{points.mean():+.2f}, root mean square {np.sqrt((points**2).mean()):.2f}, largest {np.abs(points).max():.1f}"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
