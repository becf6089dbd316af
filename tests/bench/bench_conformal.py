"""Do prediction sets and the novelty threshold keep their promise on real photos?

    python -m tests.bench.bench_conformal [--per-class 200] [--halves 20]

A logistic regression on frozen features is trained on half of the photos. The other half is held back and split into
halves 20 times at random: one is what validation photos are in Graft (the sets and the threshold are fitted on it), the
other one is new. How many of m new photos have their true class in the set is beta-binomial after a fit on n photos
(Angelopoulos and Bates 2021, section 3.3), because the n photos are drawn too; the binomial band, which counts only the
new photos, is the narrower one. Sets that are fitted once are checked by the binomial band on 20 random halves of the
other photos. The bench fails where one of the 20 is outside its 99 % band.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from scipy.stats import betabinom, binom

from core.datasets import DEMO_ARCHIVE
from core.models.conformal import SetPredictor
from core.models.heads.solvers import fit_solver
from core.models.neighbours import FeatureColumns, distances
from core.models.novelty import fit_threshold, novelty_of
from core.recipes.hyperparameters import Solver
from core.settings import Settings
from tests.bench.bench_heads import features_of_archive
from tests.bench.homes import CLOTHING
from tests.bench.measuring import BACKBONE

CONFIDENCES = (0.9, 0.95)
WITHIN = 0.99


def parts(labels: np.ndarray, fractions: tuple[float, ...], seed: int) -> list[np.ndarray]:
    """Row numbers of random parts of these sizes."""
    order = np.random.default_rng(seed).permutation(len(labels))
    return np.split(order, (np.cumsum(fractions)[:-1] * len(order)).round().astype(int))


def halves(count: int, many: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    for seed in range(many):
        order = np.random.default_rng(seed).permutation(count)
        yield order[: count // 2], order[count // 2 :]


def own_fit(probabilities: np.ndarray, labels: np.ndarray, confidence: float, many: int) -> bool:
    """Each half is fitted on the other one: the band counts both."""
    found, sizes, per_class = [], [], []
    for fitted, new in halves(len(labels), many):
        predictor = SetPredictor(probabilities[fitted], labels[fitted])
        sets = predictor.sets(probabilities[new], confidence)
        found.append(int(sets[np.arange(len(new)), labels[new]].sum()))
        sizes.append(sets.sum(axis=1).mean())
        each = predictor.sets(probabilities[new], confidence, by_class=True)[np.arange(len(new)), labels[new]]
        per_class.append([each[labels[new] == label].mean() for label in np.unique(labels)])
    n, m = len(labels) // 2, len(labels) - len(labels) // 2
    left_out = int((n + 1) * (1 - confidence) + 1e-9)
    exact, plain = betabinom(m, n + 1 - left_out, left_out).interval(WITHIN), binom(m, confidence).interval(WITHIN)
    inside = [sum(low <= one <= high for one in found) for low, high in (exact, plain)]
    print(
        f"  {100 * confidence:.0f} %, fitted on {n} photos, {m} new: {100 * np.mean(found) / m:.2f} % on average "
        f"({100 * min(found) / m:.1f} to {100 * max(found) / m:.1f}), {np.mean(sizes):.2f} classes a set; "
        f"{inside[0]} of {many} in the beta-binomial band, {inside[1]} in the binomial one; by class "
        f"{100 * np.mean(per_class):.1f} %, worst class {100 * np.min(np.mean(per_class, axis=0)):.1f} %"
    )
    return inside[0] == many


def one_fit(probabilities: np.ndarray, labels: np.ndarray, confidence: float, many: int) -> bool:
    """Fitted once, on the first half; halves of the second one are new."""
    fitted, rest = next(halves(len(labels), 1))
    sets = SetPredictor(probabilities[fitted], labels[fitted]).sets(probabilities[rest], confidence)
    right = sets[np.arange(len(rest)), labels[rest]]
    m = len(rest) // 2
    low, high = binom(m, confidence).interval(WITHIN)
    found = [int(right[some].sum()) for some, _ in halves(len(rest), many)]
    inside = sum(low <= one <= high for one in found)
    print(f"  {100 * confidence:.0f} %, fitted once, halves of {m} photos: {inside} of {many} in the binomial band")
    return inside == many


def alarms(features: np.ndarray, train: np.ndarray, held: np.ndarray, other: np.ndarray, many: int) -> None:
    """False alarms among new photos of the same kind, and photos of another kind that are found."""
    columns = [FeatureColumns(features[train])]
    ordinary, unusual = (novelty_of(distances([rows], columns)) for rows in (features[held], other))
    found = []
    for fitted, new in halves(len(held), many):
        threshold = fit_threshold(ordinary[fitted])
        if threshold.threshold is None:
            print(f"  {threshold.problem}")
            return
        found.append([(rows > threshold.threshold).mean() for rows in (ordinary[new], unusual)])
    false, true = np.mean(found, axis=0)
    print(
        f"  unlike training: {100 * false:.2f} % false alarms (promised: at most "
        f"{100 * (threshold.false_alarms or 0):.2f} %), {100 * true:.0f} % of photos of the other archive found"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_conformal")
    parser.add_argument("--per-class", type=int, default=200, help="photos of a class of clothing")
    parser.add_argument("--halves", type=int, default=20)
    options = parser.parse_args()
    archives: dict[str, tuple[Path, int]] = {"demo": (DEMO_ARCHIVE, 10**6)}
    if CLOTHING.exists():
        archives["clothing"] = (CLOTHING, options.per_class)
    with TemporaryDirectory() as home:
        data = {
            name: features_of_archive(archive, BACKBONE, Settings(home=Path(home)), most)
            for name, (archive, most) in archives.items()
        }
    kept = True
    for name, (features, labels) in data.items():
        train, chosen, held = parts(labels, (0.4, 0.1, 0.5), seed=0)
        model = fit_solver(Solver.LOGISTIC_REGRESSION, features[train], labels[train], features[chosen], labels[chosen])
        probabilities = np.asarray(model.probabilities(features[held]), np.float64)
        accuracy = (probabilities.argmax(axis=1) == labels[held]).mean()
        print(f"{name}: {len(held)} held-back photos, accuracy {100 * accuracy:.1f} %", flush=True)
        for confidence in CONFIDENCES:
            kept &= own_fit(probabilities, labels[held], confidence, options.halves)
            kept &= one_fit(probabilities, labels[held], confidence, options.halves)
        others = [rows for other, (rows, _) in data.items() if other != name]
        if others:
            alarms(features, train, held, others[0], options.halves)
    if not kept:
        sys.exit("A half is outside its band.")


if __name__ == "__main__":
    main()
