"""``export`` and ``import-model``: a model as files for elsewhere, and a bundle from another Graft."""

import sys
import time
from argparse import Namespace
from pathlib import Path

from core.cli.verbs import Result, Verbs, add_verb
from core.exports.background import ExportState
from core.exports.formats import Format, format_of
from core.output.exports import export_row, imported_row
from core.text.units import percent, size
from core.workbench import Workbench

POLL_SECONDS = 0.5


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "export", export, export_text, "write a model in other formats, checked, to take it home")
    verb.add_argument("model", metavar="MODEL", help="run, model or DATASET@ALIAS")
    verb.add_argument(
        "--format", required=True, nargs="+", metavar="F", help=f"one or more of: {', '.join(Format)}", dest="formats"
    )
    verb.add_argument("-o", "--output", metavar="DIR", help="copy the files there; else they stay in Graft's home")
    verb = add_verb(verbs, "import-model", import_model, import_model_text, "add the model of a bundle as a run")
    verb.add_argument("bundle", metavar="BUNDLE", help="a bundle.zip that Graft exported")


def export(options: Namespace) -> Result:
    workbench = Workbench.open()
    formats = list(dict.fromkeys(format_of(name) for name in options.formats))
    rows = []
    for format in formats:
        state = workbench.export(options.model, format)
        while state.is_active:
            time.sleep(POLL_SECONDS)
            state = workbench.export_state(options.model, format)
        rows.append(_row(workbench, options, state))
    for row in rows:
        if row["refused"]:
            print(f"{row['title']}: {row['refused']}", file=sys.stderr)
    return {"exports": rows}, not any(row["refused"] for row in rows)


def _row(workbench: Workbench, options: Namespace, state: ExportState) -> dict:
    if state.state != "ready":
        return export_row(state, None)
    if options.output is None:
        return export_row(state, workbench.exported(options.model, state.format))
    return export_row(state, workbench.take_export(options.model, state.format, Path(options.output)))


def export_text(result: dict) -> str:
    return "\n".join(_line(row) for row in result["exports"] if not row["refused"])


def _line(row: dict) -> str:
    if not row["check"]:
        return f"{row['title']}: {row['folder']} ({size(row['bytes'])})"
    check = row["check"]
    return (
        f"{row['title']}: {row['folder']} ({size(row['bytes'])}); on {check['photos']} of {check['of']} test photos "
        f"the largest difference from the stored predictions is {check['difference']:.1e}, same class on "
        f"{percent(check['agreement'])}"
    )


def import_model(options: Namespace) -> Result:
    workbench = Workbench.open()
    run = workbench.import_model(options.bundle)
    dataset = workbench.registry.dataset(run.dataset_id)
    return imported_row(run, dataset), True


def import_model_text(result: dict) -> str:
    accuracy = percent(result["test_accuracy"])
    return f"{result['name']} ({result['run']}) of {result['dataset_name']}: test accuracy {accuracy}."
