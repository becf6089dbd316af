"""Heads on frozen features against scikit-learn: ``python -m tests.bench.bench_heads [NETWORK ...] [--splits 10]``.

The reference is scikit-learn's logistic regression on raw and on standardised features, C chosen by the validation
accuracy from a wide path; of the two scalings the one that is more accurate on average. Against it: the suggested head
of feature extraction, that of 0.6.0, and the suggested solver, all on the features of the photos themselves (one view)
and for the same random splits. A difference is one of test accuracies, with an interval for splits that overlap
(Nadeau and Bengio 2003).

``--cross-validate`` instead prints the accuracy of the suggested head and solver in 5-fold cross-validation of the demo
photos, with every network that needs no download: each photo is a test photo once, and another fifth of the photos
chooses the best epoch and C.
"""

import argparse
import math
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZipFile

import numpy as np

from core.backbones import catalogue
from core.datasets import DEMO_ARCHIVE
from core.recipes.defaults import suggest_hyperparameters
from core.recipes.hyperparameters import Hyperparameters, Solver
from core.runs.metrics import wilson_interval
from core.settings import Settings
from tests.bench.homes import CLOTHING

FOLDS = 5
NETWORKS = ("efficientnet_lite0", "efficientnet_lite2", "mobilenet_v1", "squeezenet")
WIDE_PATH = 10.0 ** np.arange(-4, 2.1, 0.5)
TEST_FRACTION = 0.15


@dataclass(frozen=True, kw_only=True)
class Fold:
    """Features (n, d) and labels (n,) of a random split, by split."""

    train: np.ndarray
    train_labels: np.ndarray
    validation: np.ndarray
    validation_labels: np.ndarray
    test: np.ndarray
    test_labels: np.ndarray

    def accuracy(self, probabilities: np.ndarray) -> float:
        return float((probabilities.argmax(axis=1) == self.test_labels).mean())


def features_of_archive(archive: Path, network: str, settings: Settings, per_class: int) -> tuple:
    """(features (n, d), labels (n,)) of the first photos of every class, by the engine that runs use."""
    from core.backbones import get
    from core.datasets.decoding.fit import pixels
    from core.features.engines import engine_file
    from core.features.litert import LiteRTEngine

    backbone, taken = get(network), {}
    with ZipFile(archive) as file:
        for name in sorted(file.namelist()):
            if name.lower().endswith((".jpg", ".jpeg")):
                taken.setdefault(name.split("/")[-2], []).append(name)
        kept = [(label, name) for label, one in enumerate(sorted(taken)) for name in taken[one][:per_class]]
        photos = [file.read(name) for _, name in kept]
    engine = LiteRTEngine.for_many(engine_file(backbone, settings).path)
    with ThreadPoolExecutor(engine.workers) as pool:
        rows = list(pool.map(lambda photo: engine(pixels(photo, backbone.input_size)[None])[0], photos))
    return np.stack(rows), np.array([label for label, _ in kept])


def fold_of(features: np.ndarray, labels: np.ndarray, seed: int) -> Fold:
    """A random split by class: 70 % training, 15 % validation, 15 % test."""
    rng = np.random.default_rng(seed)
    parts: dict[str, list[int]] = {"test": [], "validation": [], "train": []}
    for label in np.unique(labels):
        rows = rng.permutation(np.flatnonzero(labels == label))
        size = round(TEST_FRACTION * len(rows))
        for name, some in zip(parts, np.split(rows, [size, 2 * size]), strict=True):
            parts[name] += some.tolist()
    arrays = {name: features[rows] for name, rows in parts.items()}
    return Fold(**arrays, **{f"{name}_labels": labels[rows] for name, rows in parts.items()})


def cross_folds(features: np.ndarray, labels: np.ndarray) -> list[Fold]:
    """``FOLDS`` folds by class: a fifth for the test, another fifth for validation, the rest for training."""
    place = np.zeros(len(labels), int)
    for label in np.unique(labels):
        rows = np.random.default_rng(0).permutation(np.flatnonzero(labels == label))
        place[rows] = np.arange(len(rows)) % FOLDS
    folds = []
    for fold in range(FOLDS):
        parts = {"test": place == fold, "validation": place == (fold + 1) % FOLDS}
        parts["train"] = ~(parts["test"] | parts["validation"])
        arrays = {name: features[rows] for name, rows in parts.items()}
        folds.append(Fold(**arrays, **{f"{name}_labels": labels[rows] for name, rows in parts.items()}))
    return folds


def reference(fold: Fold, standardised: bool) -> float:
    """Test accuracy of scikit-learn's logistic regression with the C of the highest validation accuracy, of equals the
    one of the smallest loss."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import log_loss

    mean, spread = fold.train.mean(axis=0), fold.train.std(axis=0) + 1e-9
    train, validation, test = (
        (rows - mean) / spread if standardised else rows for rows in (fold.train, fold.validation, fold.test)
    )
    model = LogisticRegression(max_iter=1000, tol=1e-5, warm_start=True)
    best, accuracy = (-math.inf, -math.inf), 0.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "did not converge" of the largest C
        for c in WIDE_PATH:
            found = model.set_params(C=c).fit(train, fold.train_labels).predict_proba(validation)
            right = float((found.argmax(axis=1) == fold.validation_labels).mean())
            score = (right, -log_loss(fold.validation_labels, found, labels=model.classes_))
            if score > best:
                best, accuracy = score, fold.accuracy(model.predict_proba(test))
    return accuracy


def suggested(fold: Fold, seed: int) -> Hyperparameters:
    """The defaults for these training photos, with one view."""
    classes = len(np.unique(fold.train_labels))
    return replace(suggest_hyperparameters(train_photos=len(fold.train), classes=classes), views=1, seed=seed)


def of_060(hp: Hyperparameters) -> Hyperparameters:
    """The head that 0.6.0 suggested."""
    return replace(hp, learning_rate=3e-3, normalize=False, zero_head=False)


def trained_head(fold: Fold, hp: Hyperparameters) -> float:
    """Test accuracy of a head, trained by the trainer's own code; the weights of the best epoch."""
    from core.recipes.program import GRADIENT, TOP, Part, Program, Stage
    from core.training import devices, heads
    from core.training.feeds import Vectors
    from core.training.fitting import Trainer, TrainingData, probabilities_of
    from core.training.trainable import TrainableModel

    classes = int(fold.train_labels.max()) + 1
    inputs = (Part(source="network", cut=TOP),)
    stage = Stage(name="head", first_epoch=1, last_epoch=hp.epochs, inputs=inputs, learning_rate=hp.learning_rate)
    trainable = TrainableModel(
        Program(inputs=inputs, head=GRADIENT, stages=(stage,)),
        hp,
        blocks=(),
        make_network=lambda: None,
        make_head=lambda: heads.build_head(fold.train.shape[1], classes, hp, fold.train),
        strategy=devices.one_device(),
    )
    model = trainable.compiled(stage, math.ceil(len(fold.train) / hp.batch_size), in_memory=True)
    data = TrainingData(
        views={0: Vectors(fold.train)},
        labels=fold.train_labels,
        validation=Vectors(fold.validation),
        validation_labels=fold.validation_labels,
        classes=classes,
    )
    trainer, least = Trainer(model, data, hp, passes=trainable.passes), math.inf
    for number in range(1, hp.epochs + 1):
        loss = trainer.run_epoch(number, 1).val_loss
        if loss < least:
            least, weights = loss, trainable.head.get_weights()
    trainable.head.set_weights(weights)
    return fold.accuracy(probabilities_of(trainable.head, Vectors(fold.test)))


def solved(fold: Fold) -> float:
    """Test accuracy of the suggested solver."""
    from core.models.heads.solvers import fit_solver

    data = (fold.train, fold.train_labels, fold.validation, fold.validation_labels)
    return fold.accuracy(fit_solver(Solver.LOGISTIC_REGRESSION, *data, full_search=True).probabilities(fold.test))


@dataclass(frozen=True, kw_only=True)
class PairedDifference:
    """Mean of the differences of accuracies over splits, and the ends of its 95 % interval."""

    mean: float
    low: float
    high: float


def difference(ours: np.ndarray, reference: np.ndarray) -> PairedDifference:
    """Over splits of the same photos: the variance is enlarged by test / training photos (Nadeau and Bengio 2003)."""
    from scipy.stats import t

    apart, splits = ours - reference, len(ours)
    overlap = TEST_FRACTION / (1 - 2 * TEST_FRACTION)
    half = t.ppf(0.975, splits - 1) * apart.std(ddof=1) * math.sqrt(1 / splits + overlap)
    return PairedDifference(mean=apart.mean(), low=apart.mean() - half, high=apart.mean() + half)


def references(folds: list[Fold]) -> np.ndarray:
    """Of the two scalings the one that is more accurate on average: its accuracy for every split."""
    found = [np.array([reference(fold, standardised) for fold in folds]) for standardised in (False, True)]
    return max(found, key=lambda one: float(one.mean()))


WAYS: dict[str, Callable[[Fold, int], float]] = {
    "suggested head": lambda fold, seed: trained_head(fold, suggested(fold, seed)),
    "head of 0.6.0": lambda fold, seed: trained_head(fold, of_060(suggested(fold, seed))),
    "solver": lambda fold, seed: solved(fold),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_heads")
    parser.add_argument("networks", nargs="*", default=NETWORKS)
    parser.add_argument("--splits", type=int, default=10)
    parser.add_argument("--per-class", type=int, default=60, help="photos of a class of clothing")
    parser.add_argument("--cross-validate", action="store_true", help="the demo photos with every network")
    options = parser.parse_args()
    if options.cross_validate:
        _cross_validate()
    else:
        _compare(options.networks, options.splits, options.per_class)


def _compare(networks: Sequence[str], splits: int, per_class: int) -> None:
    archives = {"demo": (DEMO_ARCHIVE, 10**6), "clothing": (CLOTHING, per_class)}
    with TemporaryDirectory() as home:
        for network in networks:
            for name, (archive, most) in archives.items():
                if archive.exists():
                    found = features_of_archive(archive, network, Settings(home=Path(home)), most)
                    _print(f"{network}, {name}", [fold_of(*found, seed) for seed in range(splits)])


def _cross_validate() -> None:
    with TemporaryDirectory() as home:
        for network in (row.name for row in catalogue() if row.source.startswith(("package:", "shipped:"))):
            features, labels = features_of_archive(DEMO_ARCHIVE, network, Settings(home=Path(home)), 10**6)
            folds = cross_folds(features, labels)
            weights = [len(fold.test) for fold in folds]
            for name in ("suggested head", "solver"):
                right = np.average([WAYS[name](fold, seed) for seed, fold in enumerate(folds)], weights=weights)
                low, high = wilson_interval(round(float(right) * len(labels)), len(labels))
                print(f"{network}, {name}: {right:.3f} ({low:.3f} to {high:.3f}) of {len(labels)} photos", flush=True)


def _print(title: str, folds: list[Fold]) -> None:
    expected = references(folds)
    print(f"{title}: reference {expected.mean():.3f}", flush=True)
    for name, way in WAYS.items():
        found = np.array([way(fold, seed) for seed, fold in enumerate(folds)])
        one = difference(found, expected)
        print(f"  {name:15} {found.mean():.3f}, {one.mean:+.3f} ({one.low:+.3f} to {one.high:+.3f})", flush=True)


if __name__ == "__main__":
    main()
