"""Heat maps of real photos: ``python -m tests.bench.bench_explain [TEST_PHOTOS]``.

Models on shipped backbones are trained on a part of the photos. For each: the deletion test over test photos (the
hottest fifth hidden, and the same shape elsewhere), the time of a heat map in a warm process, and the time until the
first one, with the start of the process. The figures are in docs/decisions/0020-heat-maps.md.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

from core import jobs
from core.explaining.values import DeletionTest
from core.recipes.hyperparameters import Hyperparameters, Solver
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Run
from core.workbench import Workbench
from tests.bench.homes import open_home, part_of, photos_for_benches, run_all

PER_CLASS = 30
FEW = Hyperparameters(epochs=10)
KNN = Hyperparameters(solver=Solver.K_NEAREST_NEIGHBOURS)
LITE0, MOBILENET, SQUEEZENET = "efficientnet_lite0", "mobilenet_v1", "squeezenet"
RECIPES = [
    Recipe(backbone=LITE0, hyperparameters=FEW),
    Recipe(backbone=MOBILENET, hyperparameters=FEW),
    Recipe(backbone=SQUEEZENET, hyperparameters=FEW),
    Recipe(backbone=MOBILENET, pattern=Pattern.MULTI_LAYER_PROBE),
    Recipe(backbone=MOBILENET, pattern=Pattern.STANDALONE_EXTRACTOR, hyperparameters=KNN),
    Recipe(backbone=LITE0, pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=(MOBILENET,), hyperparameters=FEW),
]
RESAMPLES = 2000


def main(photos: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        given = photos_for_benches()
        bench = open_home(
            folder, given if given == "demo" else part_of(Path(given), Path(folder, "part.zip"), PER_CLASS)
        )
        runs, _ = run_all(bench, RECIPES)
        for run in runs:
            _measure(bench, run, photos)
        bench.explaining.close()
        jobs.stop_supervisor(bench.settings)


def _measure(bench: Workbench, run: Run, photos: int) -> None:
    found = bench.registry.photos(run.dataset_id, split="test")
    chosen = [found[number] for number in np.random.default_rng(0).permutation(len(found))[:photos]]
    bench.explaining.close()
    tests: list[DeletionTest] = []
    seconds = []
    for photo in chosen:
        stored = bench.stored_photo(run.dataset_id, photo)
        begin = time.perf_counter()
        explanation = bench.explain(run.id, (photo.file, stored))
        seconds.append(time.perf_counter() - begin)
        tests += [member.test for member in explanation.members if member.test]
    differences = np.array([one.elsewhere - one.hottest for one in tests])
    low, high = _interval(differences)
    whole, hottest, elsewhere = (
        100 * np.mean([getattr(one, name) for one in tests]) for name in ("whole", "hottest", "elsewhere")
    )
    print(
        f"{run.name}: {len(tests)} photos, probability {whole:.0f} %, hottest fifth hidden {hottest:.0f} %, another "
        f"{elsewhere:.0f} %; difference {100 * differences.mean():.0f} points ({100 * low:.0f} to {100 * high:.0f}), "
        f"above 0 for {100 * (differences > 0).mean():.0f} % of the photos; {median(seconds[2:]):.2f} s a heat map "
        f"(slowest {max(seconds[2:]):.2f} s, wanted under 3), {seconds[0]:.1f} s with the start of the process",
        flush=True,
    )


def _interval(values: np.ndarray) -> tuple[float, float]:
    """95 % of the means of resampled photos."""
    means = np.random.default_rng(0).choice(values, (RESAMPLES, len(values))).mean(axis=1)
    return float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 60)
