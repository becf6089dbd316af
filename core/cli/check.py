"""``check``: label errors, near-copies and odd photos of a dataset."""

import sys
from argparse import Namespace

from core.cli.datasets import ProgressPrinter
from core.cli.verbs import Result, Verbs, add_verb, table
from core.curation.checking import check_dataset
from core.curation.values import CopyGroup, Findings
from core.datasets.progress import ImportProgress
from core.files.home import check_lock
from core.files.locks import acquire
from core.output.curation import findings_json
from core.text.units import percent
from core.workbench import Workbench

SHOWN = 20
"""Rows of each table of the text."""


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "check", check, check_text, "find label errors, near-copies and odd photos of a dataset")
    verb.add_argument("dataset", metavar="DATASET", help="id, name or name:version")


def check(options: Namespace) -> Result:
    bench = Workbench.open()
    dataset = bench.registry.dataset(options.dataset)
    printer = None if options.json or not sys.stderr.isatty() else ProgressPrinter()

    def report(stage: str, done: int, total: int) -> None:
        if printer:
            printer(ImportProgress(stage=stage, done=done, total=total))

    try:
        with acquire(check_lock(bench.settings), waiting=lambda: report("Waiting for another check", 0, 0)):
            found = check_dataset(dataset, registry=bench.registry, settings=bench.settings, report=report)
    finally:
        if printer:
            printer.close()
    return findings_json(dataset, found), True


def check_text(result: dict) -> str:
    found = Findings.from_json(result["findings"])
    lines = [f"{result['name']}:{result['version']}: {result['summary']}"]
    if found.accuracy is not None:
        lines.append(
            f"Labels were compared with a linear head on {found.title}, which names the given class of "
            f"{percent(found.accuracy)} of the photos that it was not fitted on."
        )
    lines += found.notes
    lines += _part(
        "Likely label errors",
        ("photo", "split", "class", "suggested", "probability of class", "of suggested"),
        [
            (one.file, one.split, one.class_name, one.suggested, percent(one.given), percent(one.confidence))
            for one in found.labels
        ],
    )
    lines += _part(
        "Groups of near-copies",
        ("problem", "photos", "files"),
        [(_problem(one), str(len(one.photos)), _files(one)) for one in found.copies],
    )
    lines += _part(
        "Odd photos",
        ("photo", "why"),
        [(one.file, ", ".join(f"{name} ({why})" for name, why in one.reasons.items())) for one in found.odd],
    )
    return "\n".join(lines)


def _part(title: str, header: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    """A heading and the first rows; nothing where there are none."""
    if not rows:
        return []
    more = [f"and {len(rows) - SHOWN} more: --json has all"] if len(rows) > SHOWN else []
    return ["", f"{title}: {len(rows)}", table(header, rows[:SHOWN]), *more]


def _problem(group: CopyGroup) -> str:
    return ", ".join(["across splits (leak)"] * group.is_leak + ["across classes"] * group.is_conflict) or "-"


def _files(group: CopyGroup) -> str:
    return ", ".join(photo.file for photo in group.photos[:3])
