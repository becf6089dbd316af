"""The tables of ``docs/results.md``: backbones x input sizes x patterns, for every backbone that needs no download.

    python -m tests.bench.results HOME NAME demo
    python -m tests.bench.results HOME NAME ../shared/data/clothing.zip --only classifier integrated_extractor

Launches everything on one dataset of ``HOME`` (created when it does not exist; a second call continues an interrupted
one), waits, and writes the section NAME of ``docs/results.md``. The extractors and fine-tuning are trained at the
backbone's own input size and at the suggested larger one. Hyperparameters are the defaults, except for fewer epochs of
the two patterns that train the whole network, which are slow on a CPU; the table names them. What is best is chosen by
the accuracy on the validation photos; the test photos only measure it.
"""

import argparse
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from core import jobs
from core.backbones import catalogue, get
from core.backbones.inputs import larger_size
from core.comparison.paired import paired
from core.comparison.race import validation_accuracies
from core.datasets.values import Dataset
from core.recipes.hyperparameters import Hyperparameters, Solver
from core.recipes.labels import OFFERED, choice_title
from core.recipes.patterns import OF_A_BACKBONE, Cascade, Pattern
from core.recipes.recipe import Recipe
from core.runs.predictions import read_predictions
from core.runs.values import Run, Status
from core.settings import Settings
from core.text.units import count, duration, percent
from core.workbench import Workbench
from tests.bench.homes import part_of
from tests.choices import cascade, launch

BACKBONES = tuple(row.name for row in catalogue() if row.source.startswith(("package:", "shipped:")))
AT_TWO_SIZES = (Pattern.STANDALONE_EXTRACTOR, Pattern.INTEGRATED_EXTRACTOR, Pattern.FINE_TUNING)
PAGE = Path(__file__).parents[2] / "docs" / "results.md"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.results", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("name", help="of the dataset and of the section")
    parser.add_argument("photos", help="an archive, or: demo")
    parser.add_argument("--per-class", type=int, default=0, help="training photos of a class; 0 for all")
    parser.add_argument("--epochs", type=int, nargs=2, default=(5, 10), metavar=("INITIALISED", "SCRATCH"))
    parser.add_argument("--only", nargs="+", choices=[str(pattern) for pattern in OFFERED], default=list(OFFERED))
    options = parser.parse_args(arguments)
    bench = Workbench.open(Settings(home=options.home))
    dataset = _dataset(bench, options)
    begin = time.perf_counter()
    runs = _trained(bench, dataset, options)
    print(f"{count(len(runs), 'run')} after {duration(time.perf_counter() - begin)}", flush=True)
    _write(options.name, _section(bench, dataset, runs, options))
    jobs.stop_supervisor(bench.settings)


def _dataset(bench: Workbench, options: argparse.Namespace) -> Dataset:
    photos = options.photos
    if options.per_class:
        photos = part_of(Path(photos), options.home / "part.zip", options.per_class)
    return bench.import_photos(photos, options.name)[0]


def _trained(bench: Workbench, dataset: Dataset, options: argparse.Namespace) -> list[Run]:
    """Single models first, then the combinations of finished runs."""
    singles = [recipe for recipe in _singles(bench, dataset, options) if recipe.pattern in options.only]
    runs = _launched(bench, dataset, singles)
    if Pattern.CASCADE in options.only:
        runs += _launched(bench, dataset, list(_cascades(bench, dataset, runs)))
    return runs


def _singles(bench: Workbench, dataset: Dataset, options: argparse.Namespace) -> Iterator[Recipe]:
    for pattern in OF_A_BACKBONE:
        for backbone in BACKBONES:
            for size in (0, larger_size(get(backbone)) or 0) if pattern in AT_TWO_SIZES else (0,):
                numbers = _numbers(bench, dataset, pattern, backbone, options)
                for solver in _solvers(pattern, size, numbers):
                    chosen = replace(numbers, solver=solver, input_size=size)
                    yield Recipe(backbone=backbone, pattern=pattern, hyperparameters=chosen)


def _numbers(
    bench: Workbench, dataset: Dataset, pattern: Pattern, backbone: str, options: argparse.Namespace
) -> Hyperparameters:
    numbers = bench.defaults(dataset.id, pattern, backbone)
    initialised, scratch = options.epochs
    epochs = {Pattern.WEIGHT_INITIALIZATION: initialised, Pattern.FROM_SCRATCH: scratch}
    if pattern in epochs:
        return replace(numbers, epochs=epochs[pattern], views=epochs[pattern])
    return numbers


def _solvers(pattern: Pattern, size: int, numbers: Hyperparameters) -> tuple[Solver, ...]:
    """All at the own size; at the larger one the suggested one only."""
    return tuple(Solver) if pattern is Pattern.STANDALONE_EXTRACTOR and not size else (numbers.solver,)


def _cascades(bench: Workbench, dataset: Dataset, runs: list[Run]) -> Iterator[Recipe]:
    """Fusions at the own sizes, stacking on the direct classifier, and combinations of runs of one pattern."""

    def of(pattern: Pattern, size: int) -> dict[str, str]:
        """Ids of runs by backbone; ``size`` 1 stands for the larger ones."""
        kept = [run for run in runs if run.recipe.pattern is pattern]
        return {
            run.recipe.backbone: run.id for run in kept if bool(run.recipe.hyperparameters.input_size) == bool(size)
        }

    heads, classifiers = of(Pattern.INTEGRATED_EXTRACTOR, 0), of(Pattern.CLASSIFIER, 0)
    for pair in combinations(BACKBONES, 2):
        yield cascade(bench, dataset.id, Cascade.FUSION, pair)
    yield cascade(bench, dataset.id, Cascade.FUSION, BACKBONES)
    for backbone in BACKBONES:
        yield cascade(bench, dataset.id, Cascade.STACKING, (backbone, classifiers[backbone]))
    cheapest_first = sorted(BACKBONES, key=lambda name: get(name).multiply_adds)
    for pair in combinations([heads[name] for name in cheapest_first], 2):
        yield cascade(bench, dataset.id, Cascade.CONFIDENCE, pair)
    for pattern in (Pattern.INTEGRATED_EXTRACTOR, Pattern.FINE_TUNING):
        for size in (0, 1):
            if members := list(of(pattern, size).values()):
                yield cascade(bench, dataset.id, Cascade.ENSEMBLE, members)


def _launched(bench: Workbench, dataset: Dataset, recipes: list[Recipe]) -> list[Run]:
    ids = [run.id for _, run in launch(bench, dataset.id, recipes)]
    while open_ := [run_id for run_id in ids if not bench.registry.run(run_id).status.ended]:
        jobs.ensure_supervisor(bench.settings)
        print(f"{time.strftime('%H:%M:%S')} {len(ids) - len(open_)} of {len(ids)} runs have ended", flush=True)
        time.sleep(15)
    runs = [bench.registry.run(run_id) for run_id in ids]
    for run in (run for run in runs if run.status is not Status.FINISHED):
        print(f"{run.id} {run.name}: {run.status} {run.reason}", file=sys.stderr)
    return [run for run in runs if run.status is Status.FINISHED]


def _section(bench: Workbench, dataset: Dataset, runs: list[Run], options: argparse.Namespace) -> str:
    sizes = dataset.split_sizes
    singles = [run for run in runs if run.recipe.pattern is not Pattern.CASCADE]
    cascades = [run for run in runs if run.recipe.pattern is Pattern.CASCADE]
    costs = bench.registry.costs([run.id for run in runs])
    return "\n".join(
        [
            f"{count(len(dataset.class_names), 'class', 'classes')}; {sizes['train']} training, {sizes['validation']} "
            f"validation and {sizes['test']} test photos. Made by `{_command(options)}`.",
            "",
            "Test accuracy with its 95 % interval:",
            "",
            *_table(singles, lambda run: percent(run.test_accuracy, (run.test_low, run.test_high))),
            "",
            "Seconds of CPU that training takes alone:",
            "",
            *_table(singles, lambda run: f"{costs[run.id].alone_cpu_seconds:.0f}"),
            "",
            "| cascade | test accuracy (95 %) | CPU alone |",
            "|---|---:|---:|",
            *(
                f"| {run.name} | {percent(run.test_accuracy, (run.test_low, run.test_high))} "
                f"| {duration(costs[run.id].alone_cpu_seconds)} |"
                for run in cascades
            ),
            "",
            *_best(bench, singles, runs),
        ]
    )


def _table(runs: list[Run], cell: Callable[[Run], str]) -> Iterator[str]:
    """A row for every backbone and size, a column for every way of using it."""
    ways = list(dict.fromkeys(_way(run) for run in runs))
    yield f"| backbone | input | {' | '.join(ways)} |"
    yield f"|---|---:|{'---:|' * len(ways)}"
    places: dict[tuple[str, int], dict[str, str]] = {}
    for run in runs:
        backbone = get(run.recipe.backbone)
        size = run.recipe.hyperparameters.input_size or backbone.input_size
        places.setdefault((backbone.short_title, size), {})[_way(run)] = cell(run)
    for (backbone, size), cells in sorted(places.items(), key=lambda one: _order(*one[0])):
        yield f"| {backbone} | {size} px | {' | '.join(cells.get(way, '') for way in ways)} |"


def _order(title: str, size: int) -> tuple[int, int]:
    return [get(name).short_title for name in BACKBONES].index(title), size


def _way(run: Run) -> str:
    """The pattern, with the solver or the number of epochs where the default was not used."""
    numbers = run.recipe.hyperparameters
    if run.recipe.pattern is Pattern.STANDALONE_EXTRACTOR:
        return choice_title("solver", str(numbers.solver))
    if run.recipe.pattern in (Pattern.WEIGHT_INITIALIZATION, Pattern.FROM_SCRATCH):
        return f"{choice_title('pattern', str(run.recipe.pattern))} ({count(numbers.epochs, 'epoch')})"
    return choice_title("pattern", str(run.recipe.pattern))


def _best(bench: Workbench, singles: list[Run], runs: list[Run]) -> Iterator[str]:
    """The best by validation photos of single models and of all, beside the first head at its own size."""
    reached = validation_accuracies(runs, bench.settings)
    reached |= bench.registry.validation_accuracies([run.id for run in runs])
    first = next(run for run in runs if run.recipe.pattern is Pattern.INTEGRATED_EXTRACTOR)
    for title, among in (("single model", singles), ("of everything", runs)):
        best = max((run for run in among if run.id in reached), key=lambda run: reached[run.id])
        there = percent(best.test_accuracy, (best.test_low, best.test_high))
        yield (
            f"Best {title} by the validation photos: **{best.name}**, {percent(reached[best.id])} there and {there} of "
            f"the test photos{_against(bench, best, first)}."
        )
        yield ""


def _against(bench: Workbench, best: Run, first: Run) -> str:
    if best.id == first.id:
        return ""
    found = paired(*(read_predictions(run.id, "test", bench.settings) for run in (best, first)))
    return (
        f"; {100 * found.difference:+.1f} points ({100 * found.low:+.1f} to {100 * found.high:+.1f}) against "
        f"{first.name}, p = {found.p_value:.3f}"
    )


def _command(options: argparse.Namespace) -> str:
    part = f" --per-class {options.per_class}" if options.per_class else ""
    epochs = f" --epochs {options.epochs[0]} {options.epochs[1]}"
    only = "" if len(options.only) == len(OFFERED) else f" --only {' '.join(options.only)}"
    return f"python -m tests.bench.results HOME {options.name} {options.photos}{part}{epochs}{only}"


def _write(name: str, section: str) -> None:
    """Writes the section between its marks; the text around it is edited by hand."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    block = f"{begin}\n{section}\n{end}"
    text = PAGE.read_text()
    if begin in text:
        text = re.sub(f"{re.escape(begin)}.*?{re.escape(end)}", lambda _: block, text, flags=re.DOTALL)
    else:
        text = f"{text.rstrip()}\n\n## {name}\n\n{block}\n"
    PAGE.write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:])
