"""The addition of a backbone, one at a time: prepared and tried in a draft, published by one rename, registered."""

import json
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from core.artifacts.parts import publish_backbone, quietly
from core.backbones.added import AddedBackbone, digest_of_files, files_of, from_json
from core.backbones.additions import AdditionProgress, AdditionRequest, Prepared, Report
from core.backbones.values import Backbone
from core.errors import Conflict, GraftError, NotFound
from core.files import atomic
from core.files.folders import AdditionFolder
from core.files.home import added_folder, added_folders, added_record, addition_lock, features_folder
from core.files.locks import acquire, try_acquire
from core.registry import Registry
from core.settings import Settings

ROW = "backbone.json"
"""File of an added backbone with what its outputs depend on beside its weights, so that its digest covers it."""

_LEFT_OUT = ("name", "title", "short", "weights_digest", "weights_bytes", "top1", "top1_source", "licence")
"""Fields of the row that no output depends on."""


def run_addition(
    request: AdditionRequest,
    folder: AdditionFolder,
    *,
    settings: Settings,
    registry: Registry,
    report: Report,
    waiting: Callable[[], None] | None = None,
) -> AddedBackbone:
    """Add the requested backbone. Needs TensorFlow.

    Args:
        folder: of the addition; its draft is removed at the end.
        waiting: called again and again while another addition runs; it may raise to stop.

    Raises:
        GraftError: it cannot be added; nothing was.
    """
    with acquire(addition_lock(settings), waiting=waiting):
        _register_stored(settings, registry)
        refuse_taken(request.name, registry)
        try:
            return _added(request, folder, settings, registry, report)
        finally:
            shutil.rmtree(folder.draft, ignore_errors=True)


def refuse_taken(name: str, registry: Registry) -> None:
    """Raises:
    Conflict: there is an added backbone of this name.
    """
    with suppress(NotFound):
        registry.added_backbone(name)
        raise Conflict(f"There is already a backbone {name!r}. Choose another name, or remove it first.")


def _added(
    request: AdditionRequest, folder: AdditionFolder, settings: Settings, registry: Registry, report: Report
) -> AddedBackbone:
    from core.features.check_photo import checked
    from core.features.preparing import PREPARING

    shutil.rmtree(folder.draft, ignore_errors=True)
    draft = replace(settings, home=folder.draft)  # networks find the files as they will in the real home
    files = added_folder(draft, request.name)
    files.mkdir(parents=True)
    prepared = PREPARING[request.kind](request, files, report)
    backbone = _described(prepared, files)
    report(AdditionProgress(stage="Computing the features of a check photo"))
    notes: list[str] = []
    check = checked(backbone, draft, notes.append)
    report(AdditionProgress(stage="Storing"))
    facts = dict(prepared.facts) | {"check": check.to_json(), "notes": notes, "answers": dict(request.answers)}
    if request.accepted_licence:
        facts["accepted_licence"] = request.accepted_licence
    added = AddedBackbone(backbone=backbone, files=files_of(files), added_at=time.time(), facts=facts)
    _publish(added, files, draft, settings, registry)
    return added


def _described(prepared: Prepared, files: Path) -> Backbone:
    """The row with the digest of all files, among them one with the row itself."""
    row = {name: value for name, value in asdict(prepared.backbone).items() if name not in _LEFT_OUT}
    (files / ROW).write_text(json.dumps(row, sort_keys=True, indent=1))
    listed = files_of(files)
    return replace(
        prepared.backbone,
        weights_digest=digest_of_files(listed),
        weights_bytes=sum(file.bytes for file in listed),
    )


def _publish(added: AddedBackbone, files: Path, draft: Settings, settings: Settings, registry: Registry) -> None:
    """The record, then the folder by one rename, then the row: ``recover`` finishes what a kill interrupts."""
    target = added_folder(settings, added.backbone.name)
    atomic.write_json(added_record(settings, added.backbone.name), asdict(added))
    atomic.publish(files, target)
    registry.add_backbone(added)
    quietly(lambda: publish_backbone(settings, registry, added.backbone.name))
    exported = features_folder(draft) / "engines"
    if exported.is_dir():  # the engine of the check photo need not be exported again
        engines = features_folder(settings) / "engines"
        engines.mkdir(parents=True, exist_ok=True)
        for path in sorted(exported.glob("[!.]*"), reverse=True):  # a .tflite before the .json that announces it
            path.replace(engines / path.name)


def recover(settings: Settings, registry: Registry) -> None:
    """Register backbones that are only on disk: their addition was killed, or the registry is new."""
    if not added_folders(settings) or (lock := try_acquire(addition_lock(settings))) is None:
        return
    with lock:
        _register_stored(settings, registry)


def _register_stored(settings: Settings, registry: Registry) -> None:
    stored = [folder.name for folder in added_folders(settings)]
    known = {added.backbone.name for added in registry.added_backbones()} if stored else set()
    for name in stored:
        if name not in known:
            with suppress(
                OSError, ValueError, KeyError, TypeError, AttributeError, GraftError
            ):  # not a backbone of Graft
                registry.add_backbone(from_json(json.loads(added_record(settings, name).read_text())))
