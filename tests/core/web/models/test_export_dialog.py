"""The dialog *Take it home*: every state of an export, and what can be done about it."""

import pytest

from core.exports.background import ExportState
from core.exports.formats import Format
from core.exports.record import ExportCheck, ExportRecord, state_of
from core.files.home import dataset_folder, run_folder
from core.web.models.export_dialog import told
from core.workbench.exports import ExportOffer
from tests.pages.conftest import (  # noqa: F401  (fixtures)
    bench,
    components_known,
    filled,
    no_autodiscovery,
    settings,
    started,
    text_of,
    visit,
)

CHECK = ExportCheck(photos=30, of=40, difference=2.5e-7, agreement=1.0)


def record(**changes) -> ExportRecord:
    values = {"run_id": "r-one", "format": Format.ONNX, "model": "x", "bytes": 14_000_000, "check": CHECK}
    return ExportRecord(**values | changes)


def offer(state: str, impossible: str = "", **more) -> ExportOffer:
    return ExportOffer(state=ExportState(format=Format.ONNX, state=state, **more), impossible=impossible)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (offer("none"), ""),
        (offer("running", stage="Writing ONNX"), "Writing ONNX …"),
        (offer("waiting", stage="Waiting for another export"), "Waiting for another export …"),
        (offer("refused", message="It differs by *0.2*."), r"It differs by \*0\.2\*\."),
        (offer("failed", message="No space."), r"No space\."),
        (offer("outdated", record=record()), "was calibrated since"),
        (offer("ready", record=record()), "14 MB. On 30 of 40 test photos the largest difference"),
        (offer("ready", record=record(check=None)), "with the SHA-256 of every file"),
        (offer("none", impossible="It has an ONNX network."), ""),
    ],
)  # fmt: skip
def test_every_state_is_told(given, said):
    assert said in told(given) and bool(told(given)) == bool(said)


@pytest.fixture
def jobs(monkeypatch) -> list:
    found: list = []
    monkeypatch.setattr("core.exports.background.start_process", lambda *arguments: found.append(arguments))
    return found


def opened(model):
    at = visit("models")
    return at.button(key=f"model.export.{model.id}").click().run()


def test_a_click_prepares_and_what_is_ready_is_downloaded(bench, filled, jobs):  # noqa: F811
    model = bench.registry.models()[0]
    folder = run_folder(bench.settings, model.run_id).export("onnx")
    folder.mkdir(parents=True)
    record(run_id=model.run_id, model=state_of(model)).write(folder)
    at = opened(model)
    assert not at.exception and "0.00000025" in text_of(at).replace("\\", "")
    assert [button.proto.label for button in at.get("download_button")] == ["Download"]
    at.button(key="export.bundle.prepare").click().run()
    assert not at.exception and [job[1].job_id for job in jobs] == [f"{model.run_id}.bundle"]


def test_what_has_no_form_is_grey_with_the_reason(bench, filled, jobs):  # noqa: F811
    model = bench.registry.models()[0]
    for path in dataset_folder(bench.settings, model.dataset_id).photos.glob("*.jpg"):
        path.unlink()
    at = opened(model)
    refused = [button for button in at.button if button.label == "Not offered"]
    assert len(refused) == 5 and all(button.disabled for button in refused)
    assert "test photos are not in this home" in text_of(at).replace("\\", "")
    assert not at.button(key="export.bundle.prepare").disabled
