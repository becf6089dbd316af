"""The table of ``docs/results.md``: every pattern with every backbone that needs no download, measured.

    python -m tests.bench.results HOME NAME demo
    python -m tests.bench.results HOME NAME ../shared/data/clothing.zip --per-class 60

Launches everything on one dataset of ``HOME`` (created when it does not exist; a second call continues an interrupted
one), waits, and writes the section NAME of ``docs/results.md``. Hyperparameters are the defaults, except for fewer
epochs of the two patterns that train the whole network, which are slow on a CPU; the table names them.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from core import jobs
from core.backbones import catalogue, get
from core.datasets.values import Dataset
from core.recipes.recipe import Cascade, Pattern, Recipe, Solver
from core.runs.values import Run, Status
from core.settings import Settings
from core.text.units import count, duration, percent
from core.workbench import Workbench
from tests.bench.homes import part_of
from tests.choices import cascade, launch

BACKBONES = tuple(row.name for row in catalogue() if row.source.startswith(("package:", "shipped:")))
PAGE = Path(__file__).parents[2] / "docs" / "results.md"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.results", description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("name", help="of the dataset and of the section")
    parser.add_argument("photos", help="an archive, or: demo")
    parser.add_argument("--per-class", type=int, default=0, help="training photos of a class; 0 for all")
    parser.add_argument("--epochs", type=int, nargs=2, default=(5, 10), metavar=("INITIALISED", "SCRATCH"))
    parser.add_argument("--only", nargs="+", choices=[str(pattern) for pattern in Pattern], default=list(Pattern))
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
    initialised, scratch = options.epochs
    epochs = {Pattern.WEIGHT_INITIALIZATION: initialised, Pattern.FROM_SCRATCH: scratch}
    for pattern in (pattern for pattern in Pattern if pattern is not Pattern.CASCADE):
        for backbone in BACKBONES:
            numbers = bench.defaults(dataset.id, pattern, backbone)
            if pattern in epochs:
                numbers = replace(numbers, epochs=epochs[pattern], views=epochs[pattern])
            for solver in Solver if pattern is Pattern.STANDALONE_EXTRACTOR else (numbers.solver,):
                yield Recipe(backbone=backbone, pattern=pattern, hyperparameters=replace(numbers, solver=solver))


def _cascades(bench: Workbench, dataset: Dataset, runs: list[Run]) -> Iterator[Recipe]:
    def of(pattern: Pattern, backbone: str) -> str:
        return next(r.id for r in runs if r.recipe.pattern is pattern and r.recipe.backbone == backbone)

    frozen = [of(Pattern.INTEGRATED_EXTRACTOR, backbone) for backbone in BACKBONES]
    for pair in combinations(BACKBONES, 2):
        yield cascade(bench, dataset.id, Cascade.FUSION, pair)
    for backbone in BACKBONES:
        yield cascade(bench, dataset.id, Cascade.STACKING, (backbone, of(Pattern.CLASSIFIER, backbone)))
    cheapest_first = sorted(BACKBONES, key=lambda name: get(name).multiply_adds)
    for pair in combinations([of(Pattern.INTEGRATED_EXTRACTOR, name) for name in cheapest_first], 2):
        yield cascade(bench, dataset.id, Cascade.CONFIDENCE, pair)
    yield cascade(bench, dataset.id, Cascade.ENSEMBLE, frozen)
    yield cascade(bench, dataset.id, Cascade.ENSEMBLE, [of(Pattern.FINE_TUNING, backbone) for backbone in BACKBONES])


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
    costs = bench.registry.costs([run.id for run in runs])
    sizes = dataset.split_sizes
    lines = [
        f"{count(len(dataset.class_names), 'class', 'classes')}; {sizes['train']} training, {sizes['validation']} "
        f"validation and {sizes['test']} test photos. Made by `{_command(options)}`.",
        "",
        "| pattern | run | epochs | test accuracy (95 %) | paid | alone | CPU alone | ms a photo | trained numbers |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for run in runs:
        cost = costs[run.id]
        accuracy = percent(run.test_accuracy, (run.test_low, run.test_high))
        speed = "not measured" if cost.ms_per_photo is None else f"{cost.ms_per_photo:.1f}"
        lines.append(
            f"| {str(run.recipe.pattern).replace('_', ' ')} | {run.name} | {run.epochs_done or '-'} | {accuracy} "
            f"| {duration(cost.wall_seconds)} | {duration(cost.alone_wall_seconds)} "
            f"| {duration(cost.alone_cpu_seconds)} | {speed} "
            f"| {cost.parameters_trainable:,} |"
        )
    return "\n".join(lines)


def _command(options: argparse.Namespace) -> str:
    part = f" --per-class {options.per_class}" if options.per_class else ""
    epochs = f" --epochs {options.epochs[0]} {options.epochs[1]}"
    return f"python -m tests.bench.results HOME {options.name} {options.photos}{part}{epochs}"


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
