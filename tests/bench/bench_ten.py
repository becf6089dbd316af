"""Cost of ten recipes: ``python -m tests.bench.bench_ten``.

Ten integrated extractors that differ in their head, launched together in an empty home, against the first of them
alone in another empty home: from the launch to the last end, process start, export and features included.
"""

import tempfile
from dataclasses import replace

from core import jobs
from tests.bench.homes import open_home, photos_for_benches, run_all
from tests.bench.measuring import BACKBONE


def main() -> None:
    from core.recipes.recipe import Recipe

    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as ten:
        alone, together = (open_home(home, photos_for_benches()) for home in (one, ten))
        usual = alone.defaults(alone.registry.datasets()[0].id)
        heads = [
            replace(usual, learning_rate=rate, hidden_units=units)
            for units in (0, 128)
            for rate in (3e-3, 1e-3, 5e-4, 2e-3, 1e-2)
        ]
        recipes = [Recipe(backbone=BACKBONE, hyperparameters=numbers) for numbers in heads]
        _, first = run_all(alone, recipes[:1])
        jobs.stop_supervisor(alone.settings)
        runs, all_ten = run_all(together, recipes)
        jobs.stop_supervisor(together.settings)
    accuracies = ", ".join(f"{100 * run.test_accuracy:.1f} %" for run in runs)
    print(f"{usual.epochs} epochs, {usual.views} views; test accuracy of the ten: {accuracies}")
    print(f"the first recipe alone: {first:.1f} s; ten recipes together: {all_ten:.1f} s")
    print(f"ten recipes / the first alone: ratio = {all_ten / first:.2f}x (wanted: at most 1.3)")


if __name__ == "__main__":
    main()
