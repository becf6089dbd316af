"""Makes one export of a finished run: written in a draft, checked, published by one rename.

Needs TensorFlow, except for a bundle.
"""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.artifacts.parts import publish_export, quietly
from core.errors import InvalidInput, Unavailable
from core.exports import bundle, takeaway
from core.exports.checking import check, refusal
from core.exports.formats import FORMATS, Format
from core.exports.model_card import card_source, card_text
from core.exports.record import ExportCheck, ExportRecord, state_of
from core.files import atomic
from core.files.here import model_here
from core.files.home import export_draft, run_folder, undeleted
from core.models.inference.model_files import CALIBRATION, read_model
from core.registry import Registry
from core.runs.values import Model, Run
from core.settings import Settings

if TYPE_CHECKING:
    from core.exports.assembling import PhotoInput

Report = Callable[[str], None]
"""Told what is done now; it may raise ``Cancelled``."""


def make_export(run_id: str, format: Format, *, settings: Settings, registry: Registry, report: Report) -> ExportRecord:
    """Exports the model of a run to one format, and replaces an export of that format.

    Returns:
        The record that was published, with ``refused`` where the format has no form for this model, or differs too
        much: then nothing else is in its folder.

    Raises:
        NotFound: there is no such model, or it was deleted meanwhile.
    """
    begin = time.monotonic()
    run, model = registry.run(run_id), registry.model(run_id)
    draft = export_draft(settings, run.id, format)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    try:
        try:
            record = _made(run, model, format, draft, settings, registry, report)
        except (Unavailable, InvalidInput) as error:
            record = ExportRecord(run_id=run.id, format=format, model=state_of(model), refused=str(error))
        if record.refused:
            shutil.rmtree(draft)
            draft.mkdir()
        record = _finished(record, draft, time.monotonic() - begin)
        with undeleted(settings, run.id):
            registry.model(run.id)  # its weights may have been deleted meanwhile
            run_folder(settings, run.id).exports.mkdir(exist_ok=True)
            _publish(draft, run_folder(settings, run.id).export(format))
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    quietly(lambda: publish_export(settings, registry, run, format))
    return record


def _made(
    run: Run, model: Model, format: Format, draft: Path, settings: Settings, registry: Registry, report: Report
) -> ExportRecord:
    if format is Format.BUNDLE:
        report("Packing")
        bundle.write_bundle(draft / FORMATS[format].file, run, model, registry, settings)
        return ExportRecord(run_id=run.id, format=format, model=state_of(model), file=FORMATS[format].file)
    report("Assembling")
    inputs, file = _written(run, model, format, draft, settings, registry, report)
    dataset = registry.dataset(run.dataset_id)
    takeaway.write_beside(
        draft,
        format,
        class_names=dataset.class_names,
        inputs=[(one.name, one.size, str(one.fit)) for one in inputs],
        grey_bits=dataset.grey_bits,
        graph=file == takeaway.GRAPH,
    )
    report("Checking against the stored test predictions")
    temperature = float((model.card.get(CALIBRATION) or {}).get("temperature", 1.0))
    checked = check(
        draft, run_id=run.id, dataset_id=dataset.id, class_names=dataset.class_names, temperature=temperature,
        settings=settings,
    )  # fmt: skip
    refused = refusal(format, checked)
    if not refused:
        _describe(draft, file, format, run, model, inputs, checked, settings, registry)
    return ExportRecord(run_id=run.id, format=format, model=state_of(model), file=file, check=checked, refused=refused)


def _written(
    run: Run, model: Model, format: Format, draft: Path, settings: Settings, registry: Registry, report: Report
) -> "tuple[tuple[PhotoInput, ...], str]":
    """The inputs of the written model, and its file.

    Raises:
        Unavailable, InvalidInput: it has no form in this format.
    """
    from core.exports import assembling, graph_files, writing  # they import TensorFlow, which a bundle does not need

    try:
        found = assembling.assembled(run, model, registry, settings)
    except InvalidInput:
        if format not in graph_files.SUFFIXES or model.card.get("answer") is None:
            raise
        report("Converting heads")
        files = read_model(model_here(settings, run.id))
        return graph_files.write_graph(files, draft, format), takeaway.GRAPH
    report(f"Writing {FORMATS[format].title}")
    writing.write(format, found, draft)
    return found.inputs, FORMATS[format].file


def _describe(
    draft: Path,
    file: str,
    format: Format,
    run: Run,
    model: Model,
    inputs: "tuple[PhotoInput, ...]",
    checked: ExportCheck,
    settings: Settings,
    registry: Registry,
) -> None:
    words = (
        ["`pixels` uint8 (1, height, width, 3), RGB, of any size"]
        if format is Format.LITERT_PIXELS
        else [f"`{one.name}` float32 (n, {one.size}, {one.size}, 3), RGB 0 to 255, fit {one.fit}" for one in inputs]
    )
    text = card_text(card_source(run, model, registry, settings), format, checked, words, file)
    (draft / "README.md").write_text(text, encoding="utf-8")
    takeaway.write_sums(draft)


def _finished(record: ExportRecord, draft: Path, seconds: float) -> ExportRecord:
    total = sum(path.stat().st_size for path in draft.rglob("*") if path.is_file())
    record = ExportRecord(**{**vars(record), "bytes": total, "seconds": seconds, "created_at": time.time()})
    record.write(draft)
    return record


def _publish(draft: Path, target: Path) -> None:
    for folder, _, files in os.walk(draft):
        atomic.sync(*(Path(folder) / name for name in files))
    atomic.publish(draft, target)
