"""REST plans, launches, ends, shrinks and deletes runs as the commands do."""

import pytest

from core.files.home import run_folder
from core.runs.values import Cancel, Status
from core.workbench import Workbench
from tests.tiny_lite import give_network

ASKED = {"dataset": "flowers", "backbone": ["efficientnet_lite0"], "epochs": 3, "set": {"seed": 7, "normalize": True}}


def _without_estimates(found: dict) -> dict:
    """Free memory and disk are those of the moment."""
    for row in found["runs"]:
        row["concerns"] = []
    return found | {"concerns": []}


def test_a_plan_is_what_the_command_plans_and_launches_nothing(trainer, printed, filled, bench):
    before = len(bench.registry.runs())
    answer = trainer.post("/runs", json=ASKED | {"dry_run": True})
    assert answer.status_code == 200
    command = ("train", "--dataset", "flowers", "--backbone", "efficientnet_lite0", "--epochs", "3")
    told = printed(*command, "--set", "seed=7", "normalize=true", "--dry-run")
    assert _without_estimates(answer.json()) == _without_estimates(told)
    assert len(bench.registry.runs()) == before


def test_a_launch_is_queued_once_cancelled_resumed_and_deleted(trainer, quiet, filled, bench):
    launched = trainer.post("/runs", json=ASKED)
    assert launched.status_code == 201
    (row,) = launched.json()["runs"]
    assert row["decision"] == "new" and row["status"] == "SCHEDULED"
    assert bench.registry.run(row["run"]).recipe.hyperparameters.seed == 7
    assert trainer.post("/runs", json=ASKED).json()["runs"][0]["decision"] == "reused"
    address = f"/runs/{row['run']}"
    assert trainer.post(f"{address}/cancel").json()["status"] == "KILLED"
    assert trainer.post(f"{address}/cancel").status_code == 409
    assert trainer.post(f"{address}/resume").json()["status"] == "SCHEDULED"
    preview = trainer.delete(f"{address}?dry_run=true").json()
    assert preview["dry_run"] and preview["runs"] == 1 and trainer.get(address).status_code == 200
    gone = trainer.delete(address).json()
    assert not gone["dry_run"] and gone["deleted"] == row["run"] and trainer.get(address).status_code == 404
    entries = {entry.action: entry.detail for entry in bench.registry.log_entries()}
    assert {"api_launch", "api_cancel", "api_resume", "api_delete"} <= set(entries)
    assert entries["api_delete"]["by"].startswith("token train-")


def test_a_running_run_may_finish_its_epoch(trainer, quiet, filled, bench):
    (run,) = filled.with_status(Status.RUNNING)
    answer = trainer.post(f"/runs/{run.id}/cancel", json={"after_epoch": True})
    assert answer.status_code == 202 and answer.json()["status"] == "RUNNING"
    assert bench.registry.cancel_requested(run.id) is Cancel.AFTER_EPOCH


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"backbone": []}, 422, "backbone is missing"),
        ({"dataset": "roses"}, 404, "roses"),
        ({"pattern": ["unknown"]}, 422, "pattern.0"),
        ({"set": {"epoch": 3}}, 422, "epoch"),
        ({"epochs": 0}, 422, "epochs=0"),
        ({"repeat": 1000}, 409, "confirmed: true"),
        ({"preset": "quick"}, 422, "Leave out backbone"),
        ({"depth": [-1]}, 422, "depth takes a number of blocks"),
        ({"needs": ["disk=3"]}, 422, "needs takes gpu, gpu=KIND"),
        ({"needs": ["memory=900000"]}, 422, "It needs 900 TB of memory; the largest machine has"),
    ],
)
def test_what_cannot_be_launched_is_one_sentence(trainer, quiet, filled, bench, asked, status, words):
    before = len(bench.registry.runs())
    answer = trainer.post("/runs", json=ASKED | asked)
    assert answer.status_code == status and words in answer.json()["detail"], answer.text
    assert len(bench.registry.runs()) == before


def test_a_body_that_is_no_json_is_one_sentence(trainer):
    answer = trainer.post("/runs", content=b"{", headers={"Content-Type": "application/json"})
    assert answer.status_code == 422 and answer.json()["detail"] == "The body is no valid JSON."


def test_weights_go_and_the_record_stays(trainer, finished):
    gone = trainer.delete(f"/runs/{finished[0]}?weights=true").json()
    assert gone["kind"] == "model" and gone["models"] == 1
    assert trainer.get(f"/runs/{finished[0]}").json()["model"] is None


@pytest.fixture
def shrinkable(settings, filled, finished) -> str:
    """A finished run whose model can be quantized."""
    give_network(run_folder(settings, finished[0]).model, classes=len(filled.dataset.class_names))
    return finished[0]


def test_smaller_models_are_planned_then_launched(trainer, shrinkable, quiet, bench: Workbench):
    before = len(bench.registry.runs())
    asked = {"precision": ["int8"], "into": ["squeezenet"]}
    planned = trainer.post(f"/runs/{shrinkable}/shrink", json=asked | {"dry_run": True})
    assert planned.status_code == 200 and len(bench.registry.runs()) == before
    assert [row["pattern"] for row in planned.json()["runs"]] == ["quantization", "distillation"]
    launched = trainer.post(f"/runs/{shrinkable}/shrink", json=asked)
    assert launched.status_code == 201 and len(bench.registry.runs()) == before + 2
    assert [row["status"] for row in launched.json()["runs"]] == ["SCHEDULED", "SCHEDULED"]
    assert trainer.get(f"/runs/{shrinkable}/smaller?most_loss=2").json()["models"] == []
    assert trainer.get(f"/runs/{shrinkable}/smaller?most_loss=0").status_code == 422


def test_a_precision_that_there_is_not_is_refused(trainer, shrinkable, quiet):
    answer = trainer.post(f"/runs/{shrinkable}/shrink", json={"precision": ["int4"]})
    assert answer.status_code == 422 and "precision" in answer.json()["detail"]
