"""Exports in the background: one process each, with a status that is right however it ends."""

import pytest

from core.errors import Conflict, NotFound, Unavailable
from core.exports import background
from core.exports.background import cancel_export, export_state, export_states, start_export
from core.exports.formats import Format
from core.exports.record import ExportRecord, state_of
from core.files.home import export_draft, export_job, exports_lock, run_folder
from core.files.locks import acquire


@pytest.fixture
def model(registry, run):
    return registry.model(run.id)


@pytest.fixture
def started(monkeypatch):
    """Processes that were not started."""
    found = []
    monkeypatch.setattr(background, "start_process", lambda *arguments: found.append(arguments))
    return found


def record(model, **changes) -> ExportRecord:
    return ExportRecord(run_id=model.run_id, format=Format.ONNX, model=state_of(model), **changes)


def publish(settings, model, **changes) -> None:
    folder = run_folder(settings, model.run_id).export("onnx")
    folder.mkdir(parents=True, exist_ok=True)
    record(model, **changes).write(folder)


def making(monkeypatch, make) -> None:
    monkeypatch.setattr("core.exports.making.make_export", make)


def state(settings, model) -> str:
    return export_state(model, Format.ONNX, settings=settings).state


def test_before_anything_every_format_is_none(model, settings):
    assert {one.state for one in export_states(model, settings=settings)} == {"none"}


def test_ready_refused_and_outdated_are_told_apart(model, settings):
    publish(settings, model)
    assert state(settings, model) == "ready"
    publish(settings, model, refused="It differs.")
    found = export_state(model, Format.ONNX, settings=settings)
    assert (found.state, found.message) == ("refused", "It differs.")
    publish(settings, model)
    model.card["calibration"] = {"temperature": 2.0, "model_sha256": model.sha256}
    assert state(settings, model) == "outdated"


def test_an_export_runs_is_done_and_leaves_no_job(model, settings, started, monkeypatch):
    start_export(model.run_id, Format.ONNX, settings=settings)
    ((module, folder, *_),) = started
    assert (module, folder.job_id) == ("core.exports.background", f"{model.run_id}.onnx")
    making(monkeypatch, lambda run_id, format, **_: publish(settings, model))
    with acquire(folder.alive_lock):
        assert state(settings, model) == "running"
        background._background(folder.job_id, settings)
    assert state(settings, model) == "ready" and not folder.path.exists()


def test_a_second_start_is_refused_and_a_killed_export_says_so(model, settings, started):
    start_export(model.run_id, Format.ONNX, settings=settings)
    with acquire(export_job(settings, model.run_id, "onnx").alive_lock), pytest.raises(Conflict, match="already"):
        start_export(model.run_id, Format.ONNX, settings=settings)
    found = export_state(model, Format.ONNX, settings=settings)
    assert found.state == "failed" and "was killed before it was done" in found.message
    start_export(model.run_id, Format.ONNX, settings=settings)
    assert len(started) == 2


def test_what_fails_says_why(model, settings, started, monkeypatch):
    def fails(*_, **__):
        raise Unavailable("The disk is on fire.")

    making(monkeypatch, fails)
    start_export(model.run_id, Format.ONNX, settings=settings)
    background._background(f"{model.run_id}.onnx", settings)
    found = export_state(model, Format.ONNX, settings=settings)
    assert (found.state, found.message) == ("failed", "The disk is on fire.")


def test_a_cancelled_export_leaves_the_earlier_one(model, settings, started, monkeypatch):
    publish(settings, model)
    start_export(model.run_id, Format.ONNX, settings=settings)
    cancel_export(settings, model.run_id, Format.ONNX)
    making(monkeypatch, lambda *_, report, **__: report("Assembling"))
    background._background(f"{model.run_id}.onnx", settings)
    assert state(settings, model) == "ready"


def test_one_export_at_a_time(model, settings, monkeypatch, started):
    start_export(model.run_id, Format.ONNX, settings=settings)
    folder = export_job(settings, model.run_id, "onnx")
    seen = []

    def look() -> bool:
        seen.append(export_state(model, Format.ONNX, settings=settings))
        return len(seen) > 1

    with acquire(exports_lock(settings)), acquire(folder.alive_lock):
        background._background(folder.job_id, settings, look)
    assert seen[-1].state in ("waiting", "running") and seen[-1].stage in ("Waiting for another export", "")


def test_what_a_killed_export_had_written_is_deleted_unless_one_runs(settings, model):
    draft = export_draft(settings, model.run_id, "onnx")
    draft.mkdir()
    with acquire(exports_lock(settings)):
        background.recover(settings)
    assert draft.exists()
    background.recover(settings)
    assert not draft.exists()


def test_a_deleted_run_cannot_be_exported(settings, model):
    with pytest.raises(NotFound):
        start_export("r-gone", Format.ONNX, settings=settings)
