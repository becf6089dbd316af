"""``forecasts``: what was expected of runs, and what they took."""

from argparse import Namespace

from core.cli.verbs import Result, Verbs, add_verb, table
from core.errors import InvalidInput
from core.output.forecasts import forecasts_json
from core.text.units import duration, rough_range
from core.workbench import Workbench


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "forecasts", forecasts, forecasts_text, "what was expected of runs, and what they took")
    verb.add_argument("--limit", type=int, default=20, metavar="N", help="the N newest")


def forecasts(options: Namespace) -> Result:
    if options.limit < 0:
        raise InvalidInput(f"--limit counts forecasts. Received: {options.limit}")
    return forecasts_json(Workbench.open(), options.limit), True


def forecasts_text(result: dict) -> str:
    rows = [_row(row) for row in result["forecasts"]]
    header = ("run", "name", "expected", "range", "took", "error", "inside")
    lines = [table(header, rows), ""] if rows else []
    return "\n".join([*lines, result["summary"]])


def _row(row: dict) -> tuple[str, ...]:
    seconds = row["seconds"]
    return (
        row["run"],
        row["name"],
        duration(seconds["expected"]),
        rough_range(seconds["low"], seconds["high"]) + ("" if row["band_from"] else " (estimate)"),
        duration(seconds["measured"]),
        f"{100 * seconds['error']:+.0f} %",
        "yes" if row["inside"] else "no",
    )
