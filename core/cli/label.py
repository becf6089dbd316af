"""``label``: photos without a class, which to label next, their labels, and the version with them."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable, Sequence
from pathlib import Path

from core.advising.label_process import added_sentence
from core.advising.labelling import Stage, add_photos, make_order
from core.cli.datasets import ProgressPrinter
from core.cli.verbs import Result, Verbs, add_verb, table
from core.curation.labelled import label_photos, set_aside
from core.curation.versions import apply_decisions
from core.datasets.names import quoted
from core.datasets.pool import FoldersAsked, pool_photos
from core.datasets.progress import ImportProgress
from core.datasets.values import Dataset
from core.errors import InvalidInput, NotFound
from core.files.here import dataset_here
from core.files.home import check_lock
from core.files.locks import acquire
from core.jobs.imports import bytes_of_source
from core.jobs.quota import require_quota
from core.output.datasets import dataset_row
from core.output.labelling import added_json, order_json, pool_json
from core.settings import Settings
from core.text.units import count, listed, percent
from core.workbench import Workbench

ACTIONS = ("show", "add", "next", "set", "make")
NO_MODEL = "none"
"""In place of a run: a linear head."""
_LEAST_DIGEST = 8


def add_verbs(verbs: Verbs) -> None:
    help_ = "label photos without a class: add them, order them, label them, make a version with them"
    verb = add_verb(verbs, "label", label, label_text, help_)
    verb.add_argument("action", choices=ACTIONS)
    verb.add_argument("dataset", metavar="DATASET", help="id, name or name:version")
    verb.add_argument("what", nargs="*", metavar="FOLDER|ZIP|PHOTO=CLASS", help="photos to add; labels to set")
    verb.add_argument("--flat", action="store_true", help="add: the folders of the photos mean nothing")
    verb.add_argument(
        "--model", metavar="RUN", help=f"next: by the model of this run, or {NO_MODEL}; the recommended run by default"
    )
    verb.add_argument("--count", type=int, default=20, metavar="N", help="next: so many photos")
    verb.add_argument("--new-class", action="store_true", help="set: a class may be new")
    verb.add_argument("--validation", action="store_true", help="make: draw validation photos from the labelled too")


def label(options: Namespace) -> Result:
    bench = Workbench.open()
    dataset = bench.registry.dataset(options.dataset)
    if options.what and options.action not in ("add", "set"):
        raise InvalidInput(f"label {options.action} takes a dataset alone. Received: {quoted(options.what[0])}")
    if options.action == "add":
        return _add(bench, dataset, options)
    if options.action == "next":
        return _next(bench, dataset, options)
    if options.action == "set":
        return _set(dataset, options, bench.settings)
    if options.action == "make":
        made = apply_decisions(dataset, registry=bench.registry, settings=bench.settings, validation=options.validation)
        return dataset_row(bench, made) | {"made": made.notes[-1]}, True
    return pool_json(dataset, bench.settings), True


def _add(bench: Workbench, dataset: Dataset, options: Namespace) -> Result:
    if len(options.what) != 1:
        raise InvalidInput("Name one folder or archive of photos: python -m core label add DATASET FOLDER|ZIP")
    source = Path(options.what[0]).expanduser()
    adds = bytes_of_source(source)
    require_quota(bench.settings, bench.registry, owner=dataset.owner, adds=adds, begun="added")

    def add(report: Stage) -> dict:
        part = add_photos(
            dataset, source, registry=bench.registry, settings=bench.settings, report=report, flat=options.flat
        )
        return added_json(dataset, part, bench.settings)

    try:
        return _with_progress(options, add), True
    except FoldersAsked as question:
        raise InvalidInput(f"{question} That is: --flat") from None


def _next(bench: Workbench, dataset: Dataset, options: Namespace) -> Result:
    if options.count < 1:
        raise InvalidInput(f"--count must be 1 or more. Received: {options.count}")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    run_id = "" if options.model == NO_MODEL else options.model or bench.model_to_label_with(dataset.id)

    def order(report: Stage) -> dict:
        with acquire(check_lock(bench.settings), waiting=lambda: report("Waiting for a check", 0, 0)):
            made = make_order(dataset, registry=bench.registry, settings=bench.settings, report=report, run_id=run_id)
        return order_json(dataset, made, bench.settings, options.count)

    return _with_progress(options, order), True


def _with_progress(options: Namespace, work: Callable[[Stage], dict]) -> dict:
    printer = None if options.json or not sys.stderr.isatty() else ProgressPrinter()

    def report(stage: str, done: int, total: int) -> None:
        if printer:
            printer(ImportProgress(stage=stage, done=done, total=total))

    try:
        return work(report)
    finally:
        if printer:
            printer.close()


def _set(dataset: Dataset, options: Namespace, settings: Settings) -> Result:
    if not options.what:
        raise InvalidInput("Name labels: python -m core label set DATASET PHOTO=CLASS ... (PHOTO= excludes a photo)")
    photos = {digest: one.file for digest, one in pool_photos(dataset_here(settings, dataset.id)).items()}
    labels, without = {}, []
    for text in options.what:
        name, separator, wanted = text.rpartition("=")
        if not separator:
            raise InvalidInput(f"A label is PHOTO=CLASS. Received: {quoted(text)}")
        digest = _photo(dataset, name, photos)
        if wanted.strip():
            labels[digest] = wanted
        else:
            without.append(digest)
    kept = label_photos(dataset, labels, settings=settings, new_class=options.new_class) if labels else {}
    if without:
        set_aside(dataset, without, settings=settings)
    said = {photos[digest]: name for digest, name in kept.items()} | {photos[digest]: None for digest in without}
    return pool_json(dataset, settings) | {"set": said}, True


def _photo(dataset: Dataset, name: str, photos: dict[str, str]) -> str:
    """The digest of the photo of the pool with this file name, or whose digest begins like this."""
    found = [digest for digest, file in photos.items() if file == name]
    found = found or [digest for digest, file in photos.items() if file.rpartition("/")[2] == name]
    if not found and len(name) >= _LEAST_DIGEST:
        found = [digest for digest in photos if digest.startswith(name)]
    if not found:
        raise NotFound(f"{quoted(dataset.name)} has no photo without a class that is called {quoted(name)}.")
    if len(found) > 1:
        digests = listed([one[:12] for one in found], 4)
        raise InvalidInput(f"{len(found)} photos are called {quoted(name)}. Name one by its digest: {digests}")
    return found[0]


def label_text(result: dict) -> str:
    if "made" in result:
        return f"{result['name']} (version {result['version']}, {result['dataset']}): {result['made']}"
    lines = [f"{result['name']}:{result['version']}: {_counts(result)}"]
    if "added" in result:
        lines.insert(0, added_sentence(len(result["added"]), len(result["left_out"])))
    lines += [f"  left out {one['file']}: {one['reason']}" for one in result.get("left_out", [])]
    if "photos" in result:
        lines += [f"By {result['by']}.", table(_HEADER, [_cells(one) for one in result["photos"]])]
    if "set" in result:
        lines += [f"  {file}: {name or 'excluded'}" for file, name in result["set"].items()]
    return "\n".join(lines)


_HEADER = ("photo", "digest", "probably", "probability", "margin", "nearest labelled photo", "similarity")


def _cells(one: dict) -> Sequence[str]:
    near = f"{one['nearest_file']} ({one['nearest_class']})" if one["nearest"] else "-"
    margin, similarity = f"{one['margin']:.2f}", f"{one['similarity']:.2f}"
    return one["file"], one["digest"][:12], one["suggested"], percent(one["probability"]), margin, near, similarity


def _counts(result: dict) -> str:
    labelled = [f"{number} {name}" for name, number in result["labelled"].items()]
    parts = [f"{count(result['unlabelled'], 'photo')} without a class"]
    parts += [f"labelled so far: {listed(labelled, 8)}"] if labelled else []
    parts += [f"{result['excluded']} excluded"] if result["excluded"] else []
    return "; ".join(parts) + "."
