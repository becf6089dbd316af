"""``core shrink``: the model of a run in fewer bits, or in a smaller backbone."""

from argparse import Namespace
from collections.abc import Sequence

from core.cli.queue import report_unfinished, wait_for
from core.cli.verbs import Result, Verbs, add_verb, table
from core.comparison.non_inferiority import MOST_LOSS
from core.errors import InvalidInput
from core.output.smaller import shrink_json
from core.recipes.hyperparameters import Precision
from core.runs.values import Status
from core.text.units import milliseconds, percent, size
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(
        verbs, "shrink", shrink, shrink_text, "make the model of a run smaller: fewer bits, or a smaller backbone"
    )
    verb.add_argument("run", metavar="RUN", help="run, model, or DATASET@alias")
    help_ = f"accuracy that may be lost, in points (default {100 * MOST_LOSS:g})"
    verb.add_argument("--most-loss", type=float, default=100 * MOST_LOSS, metavar="POINTS", help=help_)
    verb.add_argument(
        "--precision",
        nargs="+",
        metavar="P",
        help=f"only these: {', '.join(Precision)} (default: all, or none with --into)",
    )
    verb.add_argument(
        "--into", nargs="+", metavar="BACKBONE", help="train these on what the run predicts (distillation)"
    )
    verb.add_argument("--no-wait", action="store_true", help="do not wait for their end")


def shrink(options: Namespace) -> Result:
    workbench = Workbench.open()
    if not 0 < options.most_loss < 100:
        raise InvalidInput(f"--most-loss must be above 0 and below 100 points. Received: {options.most_loss:g}")
    run = workbench.registry.run(workbench.registry.model(options.run).run_id)
    precisions = _precisions(options.precision, () if options.into else tuple(Precision))
    launched = workbench.shrink(run.id, precisions, options.into or ())
    runs = [one for _, one in launched]
    if not options.no_wait:
        runs = wait_for(workbench, [one.id for one in runs])
        report_unfinished(runs)
    models = workbench.smaller_models(run.id, options.most_loss / 100)
    result = shrink_json(run, [(plan, one) for one, (plan, _) in zip(runs, launched, strict=True)], models)
    return result, options.no_wait or all(one.status is Status.FINISHED for one in runs)


def _precisions(names: list[str] | None, usual: Sequence[Precision]) -> list[Precision]:
    unknown = [name for name in names or [] if name not in list(Precision)]
    if unknown:
        raise InvalidInput(f"--precision must be one of: {', '.join(Precision)}. Received: {unknown[0]}")
    return [Precision(name) for name in names or usual]


def shrink_text(result: dict) -> str:
    if not result["models"]:
        return "\n".join(f"{one['run']}  {one['status']}  {one['name']}" for one in result["runs"])
    header = ("run", "made", "size", "before", "photo", "before", "test accuracy")
    lines = [table(header, [_cells(one) for one in result["models"]])]
    lines += [one["test"]["sentence"] for one in result["models"] if one["test"]]
    best = next((one for one in result["models"] if one["run"] == result["recommended"]), None)
    lines.append(f"Use {best['name']}." if best else f"None of them can replace {result['name']} so far.")
    return "\n".join(lines)


def _cells(one: dict) -> tuple[str, ...]:
    return (
        one["run"], one["kind"], size(one["bytes"]), size(one["bytes_before"]), milliseconds(one["milliseconds"]),
        milliseconds(one["milliseconds_before"]), percent(one["accuracy"]),
    )  # fmt: skip
