"""``search``: the best recipe within a budget of training time."""

import sys
import time
from argparse import Namespace
from typing import TextIO

from core.cli.verbs import Result, Verbs, add_verb, table
from core.datasets.values import Dataset
from core.errors import Conflict, NotFound
from core.output.searches import best_sentence, left_out_sentence, search_json, trial_text, validation_text
from core.searching.search_process import search_status, start_search, stop_search
from core.searching.values import SearchStatus, SearchTrial, checked_search
from core.text.units import duration
from core.workbench import Workbench

MINUTES = 30.0
POLL_SECONDS = 1.0


def add_verbs(verbs: Verbs) -> None:
    verb = add_verb(verbs, "search", search, search_text, "search over recipes for the best within a budget")
    verb.add_argument("dataset", metavar="DATASET", help="id, name or name:version")
    verb.add_argument("--minutes", type=float, default=MINUTES, help=f"of training time ({MINUTES:g})")
    verb.add_argument("--trials", type=int, help="recipes at most")
    verb.add_argument(
        "--go-on", action="store_true", help="keep the trials of the last one, and spend this in addition"
    )
    verb.add_argument("--last", action="store_true", help="show how far the last one is; start nothing")
    verb.add_argument("--stop", action="store_true", help="stop the one that runs; it can go on")


def search(options: Namespace) -> Result:
    bench = Workbench.open()
    dataset = bench.registry.dataset(options.dataset)
    status = search_status(dataset.id, settings=bench.settings)
    if options.last:
        return search_json(dataset, status, bench.registry), True
    if options.stop:
        if not status.is_active:
            raise NotFound(f"No search of {dataset.name} runs, so there is nothing to stop.")
        stop_search(bench.settings, dataset.id)
        return search_json(dataset, _followed(dataset, bench, None), bench.registry), True
    if status.is_active:
        raise Conflict(f"A search of {dataset.name} runs. --last shows how far it is, --stop stops it.")
    question = checked_search(options.minutes, options.trials, ("--minutes", "--trials"))
    start_search(dataset.id, question, settings=bench.settings, registry=bench.registry, go_on=options.go_on)
    status = _followed(dataset, bench, None if options.json else sys.stderr)
    return search_json(dataset, status, bench.registry), status.state == "ready"


def _followed(dataset: Dataset, bench: Workbench, stream: TextIO | None) -> SearchStatus:
    """Until the search has ended; a line for every trial that has. Ctrl-C leaves it in the background."""
    told = 0
    while True:
        status = search_status(dataset.id, settings=bench.settings)
        ended = [one for one in status.trials if one.state.ended]
        for one in ended[told:] if stream else ():
            print(" ".join(map(str, _row(one, dataset.split_sizes["validation"]))), file=stream, flush=True)
        told = len(ended)
        if not status.is_active:
            return status
        time.sleep(POLL_SECONDS)


def _row(one: SearchTrial, photos: int) -> tuple[object, ...]:
    validation, spent = validation_text(one.accuracy, photos), "free" if one.reused else duration(one.seconds)
    return one.number, one.name, validation, spent, one.proposed, trial_text(one)


def search_text(result: dict) -> str:
    lines = [f"{result['name']}:{result['version']}: {result['summary']}"]
    if result["state"] == "none":
        return f"{lines[0]} Start it: python -m core search {result['name']} --minutes {MINUTES:g}"
    status = SearchStatus.from_json(result["status"])
    header = ("", "recipe", "validation photos", "training", "proposed by", "")
    rows = [_row(one, result["validation_photos"]) for one in status.trials]
    lines += ["", table(header, rows), ""] if rows else []
    if status.left_out:
        lines.append(left_out_sentence(status))
    if status.best:
        lines += [best_sentence(status.best, result["validation_photos"]), result["optimism"]]
    return "\n".join(lines)
