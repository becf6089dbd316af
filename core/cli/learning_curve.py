"""``learning-curve``: whether more photos would help."""

import os
import sys
from argparse import Namespace

from core.advising.growing import grow
from core.advising.growth import Growth
from core.cli.datasets import ProgressPrinter
from core.cli.verbs import Result, Verbs, add_verb, table
from core.datasets.progress import ImportProgress
from core.output.growth import growth_json
from core.text.units import percent
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "learning-curve", learning_curve, curve_text, "whether more photos of a dataset would help")
    verb.add_argument("dataset", metavar="DATASET", help="id, name or name:version")


def learning_curve(options: Namespace) -> Result:
    bench = Workbench.open()
    dataset = bench.registry.dataset(options.dataset)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    printer = None if options.json or not sys.stderr.isatty() else ProgressPrinter()

    def report(stage: str, done: int, total: int) -> None:
        if printer:
            printer(ImportProgress(stage=stage, done=done, total=total))

    try:
        found = grow(dataset, registry=bench.registry, settings=bench.settings, report=report)
    finally:
        if printer:
            printer.close()
    return growth_json(dataset, found), True


def curve_text(result: dict) -> str:
    found = Growth.from_json(result["growth"])
    lines = [f"{result['name']}:{result['version']}: {result['summary']}"]
    if not found.curves:
        return lines[0]
    factors = [one.factor for one in found.curves[0].forecasts]
    header = ("backbone", f"now ({found.photos} photos)", *(f"{factor:g} times, 80 % range" for factor in factors))
    rows = [
        (
            f"{curve.title} {curve.size} px",
            percent(curve.accuracies[-1]),
            *(percent(one.accuracy, (one.low, one.high)) for one in curve.forecasts),
        )
        for curve in found.curves
    ]
    return "\n".join([*lines, "", table(header, rows)])
