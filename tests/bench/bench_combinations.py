"""How good the advice on combinations is: ``python -m tests.bench.bench_combinations [HOME]``.

Ten splits of a dataset's photos (the clothing photos where they are there, else the demo photos) into training,
validation and test photos. In each, 30 runs: heads on stored features of five backbones at two cuts (logistic
regression with two strengths, linear discriminant analysis). ``core.advising.ensembles`` chooses by the validation
photos within several budgets; times of the networks are measured with one photo, sizes are those of their files. What
it chose is compared on the test photos by McNemar's exact test with the most accurate single run on the validation
photos within the same budget, and with the single run that turned out most accurate on the test photos, which nobody
can know before. Printed: in how many seeds it was significantly worse or better (p < 0.05, each seed by itself).

HOME as in ``bench_shortlist``; features that are missing there are computed.
"""

import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tests.bench.bench_shortlist import opened

SEEDS = range(10)
BACKBONES = ("squeezenet", "mobilenet_v1", "efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
SHARES = (0.45, 0.20)
"""Of the photos, for training and for validation; the others test."""
SIGNIFICANCE = 0.05


def main(home: str | None = None) -> None:
    if home is None:
        with tempfile.TemporaryDirectory() as folder:
            main(folder)
        return
    warnings.filterwarnings("ignore", category=UserWarning)
    library = Library.of(*opened(Path(home)))
    slowest = max(library.milliseconds.values())
    budgets = {
        "any": {},
        f"{1.6 * slowest:.0f} ms": {"most_ms": 1.6 * slowest},
        f"{1.05 * slowest:.0f} ms": {"most_ms": 1.05 * slowest},
        f"{0.7 * slowest:.0f} ms": {"most_ms": 0.7 * slowest},
        "25 MB": {"most_mb": 25.0},
    }
    found: dict[str, list[Outcome]] = {name: [] for name in budgets}
    for seed in SEEDS:
        runs = SeededRuns.of(library, seed)
        for name, limits in budgets.items():
            found[name].append(outcome(runs, limits))
            print(f"seed {seed}, {name}: {found[name][-1]}", flush=True)
    for name, outcomes in found.items():
        summarise(name, outcomes)
    summarise("all budgets", [one for outcomes in found.values() for one in outcomes])


@dataclass(frozen=True)
class Library:
    """Features (n, d) of all photos by backbone and cut, and what each backbone costs."""

    labels: np.ndarray
    classes: int
    features: dict[tuple[str, str], np.ndarray]
    milliseconds: dict[str, float]
    size_bytes: dict[str, int]

    @classmethod
    def of(cls, bench, dataset) -> "Library":
        from core.backbones import get
        from core.datasets.values import SPLITS
        from core.features.compute import features_of
        from core.features.engines import engine_path, open_engine

        by_split = [bench.registry.photos(dataset.id, split=split) for split in SPLITS]
        features, milliseconds, size_bytes = {}, {}, {}
        for name in BACKBONES:
            backbone = get(name)
            cuts = (f"{backbone.blocks[-2]}.pool", "top")
            shared = {"dataset": dataset, "backbone": backbone, "settings": bench.settings}
            for photos in by_split:
                features_of(photos, cut="+".join(cuts), **shared)
            for cut in cuts:
                parts = [np.asarray(features_of(photos, cut=cut, **shared).array, np.float32) for photos in by_split]
                rows = np.concatenate(parts)
                features[name, cut] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
            path = engine_path(backbone, bench.settings, "+".join(cuts))
            milliseconds[name] = one_photo(open_engine(path), backbone.input_size)
            size_bytes[name] = path.stat().st_size
            print(f"{backbone.title}: {milliseconds[name]:.1f} ms a photo, {size_bytes[name] / 1e6:.1f} MB", flush=True)
        names = [photo.class_name for photos in by_split for photo in photos]
        labels = np.array([dataset.class_names.index(name) for name in names])
        return cls(labels, len(dataset.class_names), features, milliseconds, size_bytes)


def one_photo(engine, size: int) -> float:
    """Milliseconds of a network alone, the fastest of 60, since other programs may run."""
    photo = np.random.default_rng(0).integers(0, 256, (1, size, size, 3), dtype=np.uint8)
    found = []
    for _ in range(61):
        begin = time.perf_counter()
        engine(photo)
        found.append(1000 * (time.perf_counter() - begin))
    return min(found[1:])


@dataclass(frozen=True)
class SeededRuns:
    """Runs of one split, with what they predict for validation photos (in ``runs``) and for test photos."""

    runs: tuple
    test: dict[str, np.ndarray]
    validation_labels: np.ndarray
    test_labels: np.ndarray

    @classmethod
    def of(cls, library: Library, seed: int) -> "SeededRuns":
        from core.advising.ensembles import CombinableRun

        order, n = np.random.default_rng(seed).permutation(len(library.labels)), len(library.labels)
        first, second = int(SHARES[0] * n), int(sum(SHARES) * n)
        train, validation, test = order[:first], order[first:second], order[second:]
        validation = validation[np.argsort(library.labels[validation], kind="stable")]  # as a dataset orders them
        runs, tested = [], {}
        for (backbone, cut), rows in library.features.items():
            for head, probabilities in heads(rows, library.labels, train, library.classes):
                name = f"{backbone} {cut} {head}"
                head_bytes = 4 * (rows.shape[1] + 1) * library.classes
                runs.append(
                    CombinableRun(
                        run_id=name,
                        name=name,
                        probabilities=probabilities[validation],
                        milliseconds=library.milliseconds[backbone],
                        files={backbone: library.size_bytes[backbone], name: head_bytes},
                        networks=frozenset([backbone]),
                    )
                )
                tested[name] = probabilities[test]
        return cls(tuple(runs), tested, library.labels[validation], library.labels[test])


def heads(rows: np.ndarray, labels: np.ndarray, train: np.ndarray, classes: int) -> Iterator[tuple[str, np.ndarray]]:
    """(n, classes) probabilities of heads that were fitted on the training photos."""
    from sklearn.linear_model import LogisticRegression

    from core.curation.folds import linear_head

    for strength in (10.0, 300.0):
        fitted = LogisticRegression(C=strength, max_iter=200).fit(rows[train], labels[train])
        found = np.zeros((len(rows), classes))
        found[:, fitted.classes_] = fitted.predict_proba(rows)
        yield f"C={strength:g}", found
    present, weights, offsets = linear_head(rows[train], labels[train], classes)
    scores = rows @ weights + offsets
    exponents = np.exp(scores - scores.max(axis=1, keepdims=True))
    found = np.zeros((len(rows), classes))
    found[:, present] = exponents / exponents.sum(axis=1, keepdims=True)
    yield "discriminant", found


@dataclass(frozen=True)
class Outcome:
    """Differences in accuracy on the test photos, in points, with the p-values: against the single run that validation
    chose, and against the one that is the most accurate on the test photos."""

    kind: str
    members: int
    chosen: float
    p_chosen: float
    most: float
    p_most: float
    optimism: float

    def __str__(self) -> str:
        return (
            f"{self.kind} of {self.members}: {self.chosen:+.1f} points (p = {self.p_chosen:.3f}) against the single "
            f"run, {self.most:+.1f} (p = {self.p_most:.3f}) against the most accurate on the test photos; validation "
            f"{self.optimism:+.1f} above test"
        )


def outcome(seeded: SeededRuns, limits: dict[str, float]) -> Outcome:
    from core.advising.combining import CombinationAdvice
    from core.advising.ensembles import CombinationBudget, best_offers

    budget, labels = CombinationBudget(**limits), seeded.test_labels
    offers = best_offers(seeded.runs, seeded.validation_labels, budget)
    single = offers.pop(None)
    advice = CombinationAdvice(
        dataset_id="", budget=budget, single=single, others=tuple(offers.values()),
        names={}, runs=len(seeded.runs), too_large=0, photos=len(seeded.validation_labels),
    )  # fmt: skip
    right = predicted(seeded, advice.chosen) == labels
    alone = {
        run.run_id: seeded.test[run.run_id].argmax(axis=1) == labels
        for run in seeded.runs
        if budget.holds(run.milliseconds, run.size_bytes)
    }
    chosen, most = alone[single.run_ids[0]], max(alone.values(), key=lambda one: one.sum())
    return Outcome(
        kind=str(advice.chosen.cascade or "run"),
        members=len(advice.chosen.run_ids),
        chosen=100 * (right.mean() - chosen.mean()),
        p_chosen=p_value(right, chosen),
        most=100 * (right.mean() - most.mean()),
        p_most=p_value(right, most),
        optimism=100 * (advice.chosen.accuracy - right.mean()),
    )


def predicted(seeded: SeededRuns, offer) -> np.ndarray:
    """The classes of the test photos, as the run that is launched computes them."""
    from core.models.cascades.thresholds import combined
    from core.recipes.patterns import Cascade

    rows = [seeded.test[run_id] for run_id in offer.run_ids]
    if offer.cascade is not Cascade.CONFIDENCE:
        return np.mean(rows, axis=0).argmax(axis=1)
    return combined(rows[0], rows[1], offer.threshold)[0].argmax(axis=1)


def p_value(ours: np.ndarray, theirs: np.ndarray) -> float:
    from core.comparison.statistics import mcnemar

    return mcnemar(int((ours & ~theirs).sum()), int((theirs & ~ours).sum()))


def summarise(name: str, outcomes: list[Outcome]) -> None:
    kinds = ", ".join(
        f"{sum(one.kind == kind for one in outcomes)} {kind}" for kind in ("run", "ensemble", "confidence")
    )
    against = [
        ("the single run that validation chose", [(one.chosen, one.p_chosen) for one in outcomes]),
        ("the most accurate run on the test photos", [(one.most, one.p_most) for one in outcomes]),
    ]
    print(f"== {name}: {len(outcomes)} seeds ({kinds}), validation {np.mean([one.optimism for one in outcomes]):+.1f}")
    for rival, values in against:
        worse = sum(difference < 0 and p < SIGNIFICANCE for difference, p in values)
        better = sum(difference > 0 and p < SIGNIFICANCE for difference, p in values)
        mean = np.mean([difference for difference, _ in values])
        print(f"   against {rival}: significantly worse {worse}, better {better}, mean {mean:+.2f} points", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
