"""``core report``, ``core table``, ``core calibrate``: exports of finished runs, and temperature scaling."""

from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from core.cli.verbs import Result, Verbs, add_runs, add_verb, add_without
from core.cli.written import add_output, target_file, write_file
from core.curation.flags import Flag, flags_of
from core.text.tables import as_csv, as_parquet
from core.text.units import percent, size
from core.workbench import Workbench

ENDINGS = (".csv", ".parquet")


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "report", report, report_text, "compare runs in one self-contained HTML file")
    add_runs(verb)
    add_without(verb)
    add_output(verb, "an .html file")
    verb = add_verb(verbs, "table", table, table_text, "write a table of a comparison as CSV or Parquet")
    verb.add_argument("table", metavar="TABLE", help="leaderboard, costs, epochs or answers")
    add_runs(verb)
    add_without(verb)
    add_output(verb, "a .csv or .parquet file")
    verb = add_verb(verbs, "calibrate", calibrate, calibrate_text, "fit a temperature to a model's confidence")
    verb.add_argument("run", metavar="RUN")
    verb.add_argument("--undo", action="store_true", help="remove the temperature")


def report(options: Namespace) -> Result:
    target = target_file(options.output, options.force, (".html", ".htm"))
    workbench = Workbench.open()
    ids = [workbench.registry.run(run).id for run in options.runs]
    without = flags_of(options.without)
    content = workbench.report(ids, without=without).encode()
    write_file(target, content)
    result = {"report": str(target), "bytes": len(content), "runs": list(dict.fromkeys(ids))}
    return result | _left_out(workbench, ids, without), True


def report_text(result: dict) -> str:
    return " ".join([f"{result['report']} ({size(result['bytes'])})", *_about(result)])


def _left_out(workbench: Workbench, runs: Sequence[str], without: Sequence[Flag]) -> dict[str, Any]:
    """Which test photos the output is about, where photos are left out."""
    subset = workbench.comparison(runs, without=without).subset
    return {} if subset is None else {"subset": subset.to_json()}


def _about(result: dict) -> list[str]:
    return [result["subset"]["sentence"]] if "subset" in result else []


def table(options: Namespace) -> Result:
    target = target_file(options.output, options.force, ENDINGS)
    workbench, without = Workbench.open(), flags_of(options.without)
    rows = workbench.table(options.table, options.runs, without=without)
    write_file(target, as_parquet(rows) if target.suffix.lower() == ".parquet" else as_csv(rows).encode())
    result = {"table": options.table, "file": str(target), "rows": len(rows), "bytes": target.stat().st_size}
    return result | _left_out(workbench, options.runs, without), True


def table_text(result: dict) -> str:
    written = f"{result['rows']} rows were written to {result['file']} ({size(result['bytes'])})."
    return " ".join([written, *_about(result)])


def calibrate(options: Namespace) -> Result:
    workbench = Workbench.open()
    run = workbench.registry.run(options.run)
    if options.undo:
        workbench.uncalibrate(run.id)
        return {"run": run.id, "calibration": None}, True
    fitted = workbench.calibrate(run.id)
    return {"run": run.id, "calibration": asdict(fitted), "caution": fitted.caution}, True


def calibrate_text(result: dict) -> str:
    found = result["calibration"]
    if found is None:
        return f"{result['run']} predicts without a temperature again."
    lines = [f"{result['run']}: temperature {found['temperature']:.3f}, fitted on {found['photos']} validation photos"]
    lines += [_before_and_after(found, split) for split in ("validation", "test")]
    return "\n".join([*lines, *([f"  {result['caution']}"] if result["caution"] else [])])


def _before_and_after(found: Mapping[str, Any], split: str) -> str:
    if found[f"{split}_ece_before"] is None:
        return f"  {split}: its predictions were deleted"
    ece, loss = ([found[f"{split}_{name}_{word}"] for word in ("before", "after")] for name in ("ece", "loss"))
    return (
        f"  {split}: calibration error {percent(ece[0])} -> {percent(ece[1])}, log-loss {loss[0]:.3f} -> {loss[1]:.3f}"
    )
