"""``shortlist``: which recipes are worth training on a dataset, before anything is trained."""

import os
import sys
from argparse import Namespace

from core.advising.background import shortlist_state
from core.advising.making import stored_shortlist
from core.advising.values import NeighbourScore, Shortlist, checked_question
from core.cli.datasets import ProgressPrinter
from core.cli.verbs import Result, Verbs, add_verb, table
from core.datasets.progress import ImportProgress
from core.files.home import advice_lock
from core.files.locks import acquire
from core.output.shortlists import neighbours_sentence, shortlist_json
from core.text.units import percent, points, rough_duration
from core.workbench import Workbench

SHOWN = 12
"""Candidates of the text."""


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "shortlist", shortlist, shortlist_text, "which recipes are worth training on a dataset")
    verb.add_argument("dataset", metavar="DATASET", help="id, name or name:version")
    verb.add_argument("--minutes", type=float, help="that training them may take, by Graft's estimate")
    verb.add_argument("--last", action="store_true", help="show the newest one again, with its regret; compute nothing")


def shortlist(options: Namespace) -> Result:
    bench = Workbench.open()
    dataset = bench.registry.dataset(options.dataset)
    if options.last:
        state = shortlist_state(dataset.id, settings=bench.settings)
        return shortlist_json(dataset, bench.registry, state), True
    question = checked_question(options.minutes, "--minutes")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    printer = None if options.json or not sys.stderr.isatty() else ProgressPrinter()

    def report(stage: str, done: int, total: int, _neighbours: NeighbourScore | None = None) -> None:
        if printer:
            printer(ImportProgress(stage=stage, done=done, total=total))

    try:
        with acquire(advice_lock(bench.settings), waiting=lambda: report("Waiting for another shortlist", 0, 0)):
            stored_shortlist(dataset, question, registry=bench.registry, settings=bench.settings, report=report)
    finally:
        if printer:
            printer.close()
    return shortlist_json(dataset, bench.registry), True


def shortlist_text(result: dict) -> str:
    lines = [f"{result['name']}:{result['version']}: {result['summary']}"]
    if result["shortlist"] is None:
        return f"{lines[0]} Make it: python -m core shortlist {result['name']}"
    found, regret = Shortlist.from_json(result["shortlist"]), result["regret"]
    lines += filter(None, [neighbours_sentence(found)])
    header = ("", "recipe", "probe on validation photos", "photos", "round", "", "training")
    rows = [
        (
            one.place or "",
            one.name,
            percent(one.accuracy, (one.low, one.high)),
            f"{one.photos} + {one.validation}",
            one.round,
            ", ".join(["published favourite"] * one.favourite + ["not distinguishable from the best"] * one.same),
            rough_duration(60 * one.minutes),
        )
        for one in found.candidates[:SHOWN]
    ]
    more = len(found.candidates) - SHOWN
    lines += ["", table(header, rows), *([f"and {more} more: --json has all"] if more > 0 else []), ""]
    lines += found.notes
    lines.append(regret["verdict"])
    for name, key in (
        ("shortlist", "shortlist"),
        ("highest published accuracy", "by_published"),
        ("most parameters", "by_parameters"),
    ):
        one = regret[key]
        known = "not known" if one["regret"] is None else points(one["regret"])
        lines.append(f"  regret of {name}: {known} ({one['trained']} of {one['named']} trained)")
    return "\n".join(lines)
