"""The verbs that take more than one step, for REST and MCP alike; they return what the command line prints."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from core.advising.background import shortlist_state, start_shortlist
from core.advising.combining import advise_combination
from core.advising.ensembles import checked_budget
from core.advising.values import checked_question
from core.curation.collection import PhotoFilter, collected, make_collection
from core.curation.flags import flags_of
from core.datasets.names import dataset_name
from core.errors import Conflict, InvalidInput, NotFound
from core.explaining.framing import overlay
from core.exports.formats import format_of
from core.files.uploads import find_upload, remove_upload
from core.jobs.background_imports import ImportJob, answer_import, dismiss_import, import_jobs, start_import
from core.output.aliases import aliases_json
from core.output.collections import collection_json, planned_json
from core.output.combinations import combination_json
from core.output.comparisons import compared_json
from core.output.deletions import deletion_json
from core.output.explanations import explanation_row
from core.output.exports import offer_row
from core.output.health import checks_json
from core.output.imports import import_row
from core.output.plans import launch_json, plan_json, planned_row
from core.output.predictions import photo_row
from core.output.runs import run_row, runs_json
from core.output.searches import search_json
from core.output.shortlists import shortlist_json
from core.output.smaller import shrink_json
from core.people.acting import acting
from core.planning.capacity import many_runs
from core.planning.decide import Decision
from core.planning.needs import needs_of
from core.planning.options import RecipeOptions, choice_of
from core.recipes.hyperparameters import Precision
from core.registry.search import RunQuery
from core.runs.values import Run
from core.searching.search_process import search_status, start_search, stop_search
from core.searching.values import checked_search
from core.serving.photos import NamedPhoto
from core.workbench import Workbench
from core.workbench.health import examine

_SEPARATE = ("set", "map", "prompt")
"""Options that are mappings in a request and NAME=VALUE on the command line."""


# --- reading ---


def list_runs(
    bench: Workbench,
    *,
    dataset: str | None = None,
    search: str = "",
    tag: Sequence[str] = (),
    starred: bool = False,
    archived: bool = False,
    limit: int | None = None,
    offset: int = 0,
) -> dict:
    """``core runs`` with its options."""
    dataset_id = bench.registry.dataset(dataset).id if dataset else None
    query = RunQuery(
        dataset_id=dataset_id, text=search, statuses=(), tags=tuple(tag), starred=starred, archived=archived
    )
    return runs_json(bench, query, limit=limit, offset=offset)


def compare(bench: Workbench, runs: Sequence[str], without: str = "") -> dict:
    """``core compare``; a name may be several, separated by commas; ``without``: as the option of this name."""
    named = [name.strip() for text in runs for name in text.split(",") if name.strip()]
    if not named:
        raise InvalidInput("Name the runs to compare: runs=RUN&runs=RUN")
    return compared_json(bench, named, flags_of(without))


def shortlist(bench: Workbench, dataset: str) -> dict:
    """``core shortlist DATASET --last``, with the state of the one that is made."""
    found = bench.registry.dataset(dataset)
    return shortlist_json(found, bench.registry, shortlist_state(found.id, settings=bench.settings))


def collection(
    bench: Workbench,
    dataset: str,
    *,
    name: str | None,
    classes: Sequence[str] = (),
    files: str = "",
    smallest: int = 0,
    without: Sequence[str] = (),
    most: int = 0,
    dry_run: bool = False,
) -> dict:
    """``core collections DATASET`` with its options."""
    found = bench.registry.dataset(dataset)
    chosen = PhotoFilter(
        classes=tuple(dict.fromkeys(classes)),
        files=files,
        smallest=smallest,
        without=tuple(dict.fromkeys(without)),
        most=most,
    )
    if dry_run:
        return planned_json(found, chosen, collected(found, chosen, registry=bench.registry, settings=bench.settings))
    if not name:
        raise InvalidInput("Name the collection.")
    made, new = make_collection(found, name, chosen, registry=bench.registry, settings=bench.settings)
    return collection_json(bench, made) | {"made": new}


def begin_shortlist(bench: Workbench, dataset: str, *, minutes: float | None) -> dict:
    """Start ``core shortlist`` in the background."""
    found, question = bench.registry.dataset(dataset), checked_question(minutes)
    start_shortlist(found.id, question, settings=bench.settings, registry=bench.registry)
    return shortlist(bench, found.id)


def combination(bench: Workbench, dataset: str, *, most_ms: float | None, most_mb: float | None) -> dict:
    """``core combine DATASET`` without its launch."""
    found, budget = bench.registry.dataset(dataset), checked_budget(most_ms, most_mb)
    advice = advise_combination(found, budget, registry=bench.registry, settings=bench.settings)
    return combination_json(found, advice, bench.registry) | {"launched": None}


def search(bench: Workbench, dataset: str) -> dict:
    """``core search DATASET --last``."""
    found = bench.registry.dataset(dataset)
    return search_json(found, search_status(found.id, settings=bench.settings), bench.registry)


def begin_search(bench: Workbench, dataset: str, *, minutes: float, trials: int | None, go_on: bool) -> dict:
    """Start ``core search`` in the background; one that runs is left alone."""
    found, question = bench.registry.dataset(dataset), checked_search(minutes, trials)
    start_search(found.id, question, settings=bench.settings, registry=bench.registry, go_on=go_on)
    return search(bench, found.id)


def end_search(bench: Workbench, dataset: str) -> dict:
    """Ask a search to stop, as ``core search DATASET --stop``; nothing happens where none runs."""
    found = bench.registry.dataset(dataset)
    stop_search(bench.settings, found.id)
    return search(bench, found.id)


def health(bench: Workbench) -> dict:
    """``core doctor``."""
    return checks_json(examine(bench.settings, bench.registry))


# --- predicting ---


def predict(
    bench: Workbench, models: Sequence[str], photos: Sequence[NamedPhoto], *, top: int, confidence: float
) -> dict:
    """``core predict``.

    Raises:
        UnusablePhotos: none of the files is a photo.
    """
    rows = [photo_row(one) for one in bench.predict(models, photos, top=top, confidence=confidence)]
    if rows and all(row["problem"] for row in rows):
        raise UnusablePhotos(rows)
    return {"photos": rows}


class UnusablePhotos(InvalidInput):
    """No file of a request is a photo; ``rows`` has all of them with their problems."""

    def __init__(self, rows: Sequence[dict]) -> None:
        first = f"{rows[0]['file']}: {rows[0]['problem']}"
        super().__init__(first if len(rows) == 1 else f"None of {len(rows):,} files can be used. {first}")
        self.rows = list(rows)


@dataclass(frozen=True, kw_only=True)
class Illustrated:
    """A result with pictures of this kind."""

    result: dict
    pictures: tuple[bytes, ...]
    media_type: str = "image/png"


def explain(bench: Workbench, model: str, photo: NamedPhoto, *, class_name: str | None) -> Illustrated:
    """``core explain``: where the model saw what speaks for a class.

    Raises:
        NotFound: there is no such model. InvalidInput: there is no such class, or the file is no photo.
        Unavailable: a file of the model is missing, or the process that computes failed.
    """
    found = bench.explain(model, photo, class_name=class_name)
    pictures = (overlay(found.jpeg, heat) for member in found.members for heat in member.maps)
    return Illustrated(result=explanation_row(found) | {"file": photo[0]}, pictures=tuple(pictures))


# --- importing ---


def begin_import(bench: Workbench, source: str, **options: Any) -> dict:
    """Start an import in the background; ``options`` of ``start_import``."""
    return find_import(bench, start_import(source, settings=bench.settings, **options))


def import_photos(bench: Workbench, *, path: str | None, upload: str | None, **options: Any) -> dict:
    """Start an import of a path on the server, or of an upload that has arrived, which belongs to the import then.

    Raises:
        NotFound: there is no such upload of the acting person. Conflict: it has not arrived as a whole.
    """
    if upload is None:
        return begin_import(bench, path or "", **options)
    found = find_upload(bench.settings, upload, acting().name)
    if not found.complete:
        raise Conflict(f"{found.received} of {found.announced.size} bytes have arrived. Send the rest first.")
    options["name"] = options.get("name") or dataset_name(None, Path(found.announced.name))
    started = begin_import(bench, str(found.content), own_source=True, **options)
    remove_upload(found.folder)
    return started


def list_imports(bench: Workbench) -> dict:
    """All imports that were not dismissed, the newest first."""
    return {"imports": [import_row(bench, job) for job in import_jobs(bench.settings)]}


def find_import(bench: Workbench, job_id: str) -> dict:
    """One import.

    Raises:
        NotFound: it was dismissed, or never was.
    """
    return import_row(bench, _import(bench, job_id))


def answer(bench: Workbench, job_id: str, *, layout: str | None, encoding: str | None) -> dict:
    """Continue an import that asked how the upload is read.

    Raises:
        Conflict: it has no question. InvalidInput: the layout is none of the question's.
    """
    job = _import(bench, job_id)
    if job.question is None:
        raise Conflict(f"Import {job_id} has no question to answer; it is {job.state}.")
    known = [one.id for one in job.question.layouts]
    if layout is not None and layout not in known:
        raise InvalidInput(f"The layout must be one of: {', '.join(known)}. Received: {layout[:80]!r}")
    answer_import(bench.settings, job_id, layout=layout, encoding=encoding)
    return find_import(bench, job_id)


def end_import(bench: Workbench, job_id: str) -> dict:
    """Cancel an import that runs, or forget one that has ended; returns it as it was."""
    found = find_import(bench, job_id)
    dismiss_import(bench.settings, job_id)
    return found


def _import(bench: Workbench, job_id: str) -> ImportJob:
    job = next((job for job in import_jobs(bench.settings) if job.id == job_id), None)
    if job is None:
        raise NotFound(f"There is no import {job_id[:80]!r}. It may have been dismissed.")
    return job


# --- training ---


def launch(bench: Workbench, request: Mapping[str, Any], *, who: str) -> dict:
    """``core train``, or its plan with ``dry_run``.

    Args:
        request: the members of ``LaunchRequest``. who: for the audit log, as in the verbs below.

    Raises:
        InvalidInput: nothing of it can be launched. Conflict: these are very many runs, and ``confirmed`` is not set.
    """
    choice, dataset = choice_of(_options(request)), bench.registry.dataset(request["dataset"])
    needs = needs_of(request["needs"], mark="")
    concern = many_runs(len(bench.recipes(dataset.id, choice)))
    if concern is not None and not request["confirmed"] and not request["dry_run"]:
        raise Conflict(f"{concern.sentence} Nothing was launched; send confirmed: true to confirm.")
    plan = bench.grid_plan(dataset.id, choice)
    if not plan.launchable:
        raise InvalidInput(plan.refused[0].because)
    leaks = {"leaks": bench.leak_note(dataset.id)}
    if request["dry_run"]:
        return plan_json(plan) | leaks
    launched = bench.launch_grid(plan, priority=request["priority"], needs=needs)
    _log(bench, who, "launch", {"runs": [run.id for _, run in launched]})
    rows = [planned_row(one, run.id) | {"status": str(run.status)} for one, run in launched]
    rows += [planned_row(one, None) for one in plan.plans if one.decision is Decision.REFUSED]
    return launch_json(plan, rows) | leaks


def smaller(bench: Workbench, run: str, *, most_loss: float) -> dict:
    """The finished smaller models of a run, each tested against it. ``most_loss``: in points."""
    source = _source(bench, run)
    return shrink_json(source, [], bench.smaller_models(source.id, most_loss / 100))


def shrink(
    bench: Workbench, run: str, *, precision: Sequence[Precision] | None, into: Sequence[str], dry_run: bool, who: str
) -> dict:
    """``core shrink --no-wait``, or its plan with ``dry_run``."""
    source = _source(bench, run)
    precisions = tuple(precision) if precision is not None else () if into else tuple(Precision)
    if dry_run:
        return plan_json(bench.shrink_plan(source.id, precisions, into))
    launched = bench.shrink(source.id, precisions, into)
    _log(bench, who, "shrink", {"runs": [run.id for _, run in launched]})
    return shrink_json(source, launched, bench.smaller_models(source.id))


def _source(bench: Workbench, reference: str) -> Run:
    """The run of a model by run, model, or DATASET@ALIAS."""
    return bench.registry.run(bench.registry.model(reference).run_id)


# --- exports ---


def list_exports(bench: Workbench, model: str) -> dict:
    """Every format of a model, with the state of its export."""
    source = _source(bench, model)
    offers = bench.export_offers(source.id)
    return {"run": source.id, "exports": [offer_row(one.state, one.impossible) for one in offers]}


def export(bench: Workbench, model: str, format: str, *, who: str) -> dict:
    """Start the export of a model where it is not there, and return its state.

    Raises:
        InvalidInput: there is no such format, or the model has no form in it.
    """
    source = _source(bench, model)
    state = bench.export(source.id, format_of(format))
    _log(bench, who, "export", {"run": source.id, "format": format})
    return offer_row(state, "")


def exported(bench: Workbench, model: str, format: str, *, who: str) -> tuple[str, IO[bytes]]:
    """File name and open file of a finished export; the caller closes it.

    Raises:
        NotFound: it was not exported. Unavailable: the export was refused, failed, or is outdated.
    """
    source = _source(bench, model)
    found = bench.export_download(source.id, format_of(format))
    _log(bench, who, "export_download", {"run": source.id, "format": format})
    return found


def _options(request: Mapping[str, Any]) -> RecipeOptions:
    typed = {name: [f"{key}={_text(value)}" for key, value in request[name].items()] for name in _SEPARATE}
    lists = {name: [str(one) for one in request[name]] for name in ("depth", "size")}
    return RecipeOptions.of({**request, **typed, **lists, "mark": ""})


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def cancel(bench: Workbench, run: str, *, after_epoch: bool, who: str) -> dict:
    """Ask a run to stop; its status tells when it has."""
    found = bench.cancel(run, now=not after_epoch)
    _log(bench, who, "cancel", {"run": found.id})
    return run_row(found)


def resume(bench: Workbench, run: str, *, who: str) -> dict:
    """``core resume``."""
    found = bench.resume(run)
    _log(bench, who, "resume", {"run": found.id})
    return run_row(found)


def _log(bench: Workbench, who: str, action: str, detail: dict[str, Any]) -> None:
    """In the audit log, beside what the action itself writes there."""
    bench.registry.log(f"api_{action}", detail | {"by": who})


# --- deleting, aliases ---


def delete_run(bench: Workbench, run: str, *, weights: bool, dry_run: bool, who: str) -> dict:
    """``core delete RUN``; ``weights``: only its model and checkpoints."""
    act: Callable = bench.delete_weights if weights else bench.delete_runs
    impact = bench.preview_deletion([run], weights_only=weights) if dry_run else act([run])
    if not dry_run:
        _log(bench, who, "delete", {"run": run, "weights": weights})
    return deletion_json("model" if weights else "run", [run], impact, dry_run=dry_run)


def delete_dataset(bench: Workbench, dataset: str, *, dry_run: bool, who: str) -> dict:
    """``core delete --dataset D``."""
    impact = bench.preview_deletion(dataset=dataset) if dry_run else bench.delete_dataset(dataset)
    if not dry_run:
        _log(bench, who, "delete", {"dataset": dataset})
    return deletion_json("dataset", [dataset], impact, dry_run=dry_run)


def list_aliases(bench: Workbench, dataset: str) -> dict:
    """``core alias DATASET``."""
    return aliases_json(bench, bench.registry.dataset(dataset))


def set_alias(bench: Workbench, dataset: str, alias: str, *, run: str, why: str, who: str) -> dict:
    """``core alias DATASET --set RUN``.

    Raises:
        InvalidInput: the run is of another dataset.
    """
    found, chosen = bench.registry.dataset(dataset), bench.registry.run(run)
    if chosen.dataset_id != found.id:
        raise InvalidInput(f"Run {chosen.id} is not of {found.name} version {found.version}. Choose one that is.")
    bench.set_alias(chosen.id, alias, why, who)
    return aliases_json(bench, found)


def drop_alias(bench: Workbench, dataset: str, alias: str, *, who: str) -> dict:
    """``core alias DATASET --drop``."""
    found = bench.registry.dataset(dataset)
    bench.drop_alias(found.id, alias, who=who)
    return aliases_json(bench, found)
