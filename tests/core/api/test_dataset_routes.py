"""REST advises on datasets, and makes and deletes them, as the commands do."""

import json

import pytest

from core.runs.values import Status


def test_a_dataset_goes_with_its_runs_unless_one_runs(trainer, filled, bench):
    assert trainer.delete("/datasets/flowers?dry_run=true").json()["runs"] == len(filled.runs)
    refused = trainer.delete("/datasets/flowers")
    assert refused.status_code == 409 and "Cancel what is running" in refused.json()["detail"]
    (run,) = filled.with_status(Status.RUNNING)
    bench.registry.end(run.id, run.attempt, Status.KILLED)
    assert trainer.delete("/datasets/flowers").json()["datasets"] == 1
    assert trainer.get("/datasets").json() == {"datasets": []}


def test_a_shortlist_is_made_in_the_background(trainer, printed, filled, monkeypatch):
    started = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: started.append(arguments))
    answer = trainer.post("/datasets/flowers/shortlist", json={"minutes": 5})
    assert answer.status_code == 202 and len(started) == 1 and answer.json()["shortlist"] is None
    assert json.loads(started[0][1].request.read_text())["question"] == {"minutes": 5.0}
    assert trainer.post("/datasets/flowers/shortlist").status_code == 202
    assert trainer.post("/datasets/flowers/shortlist", json={"minutes": 0}).status_code == 422
    assert trainer.post("/datasets/nothing/shortlist").status_code == 404


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("flowers/combination?most_ms=-1", 422, "most_ms must be a positive number of milliseconds"),
        ("flowers/combination?most_mb=nan", 422, "most_mb must be a positive number of megabytes"),
        ("flowers/combination?most_ms=quick", 422, "most_ms"),
        ("flowers/combination?most_ms=1", 422, "No run fits into 1.0 ms"),
        ("nothing/combination", 404, "There is no dataset"),
    ],
)
def test_a_budget_that_cannot_be_met_is_one_sentence(reader, filled, query, status, words):
    answer = reader.get(f"/datasets/{query}")
    assert answer.status_code == status and words in answer.text


def test_a_search_is_started_and_stopped(trainer, printed, filled, monkeypatch):
    started = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: started.append(arguments))
    answer = trainer.post("/datasets/flowers/search", json={"minutes": 5, "trials": 3})
    assert answer.status_code == 202 and len(started) == 1 and answer.json()["best"] is None
    folder = started[0][1]
    assert json.loads(folder.request.read_text())["question"] == {"minutes": 5.0, "trials": 3}
    assert trainer.delete("/datasets/flowers/search").status_code == 202 and folder.cancel.exists()
    assert trainer.post("/datasets/flowers/search", json={"minutes": 0}).status_code == 422
    refused = trainer.post("/datasets/flowers/search", json={"go_on": True})
    assert refused.status_code == 404 and "no search of flowers to go on with" in refused.text
    assert trainer.post("/datasets/nothing/search").status_code == 404


def test_a_collection_is_planned_and_made_as_the_command_does(trainer, client_of, printed, filled):
    address, chosen = "/datasets/flowers/collections", {"classes": ["rose", "tulip"], "most": 10}
    planned = trainer.post(address, json=chosen | {"dry_run": True})
    told = printed("collections", "flowers", "--class", "rose", "tulip", "--most", "10", "--dry-run")
    assert planned.status_code == 200 and planned.json() == json.loads(json.dumps(told))
    assert trainer.get("/collections").json()["collections"] == []
    assert trainer.post(address, json=chosen).status_code == 422, "it needs a name"
    assert trainer.post(address, json=chosen | {"without": ["leaks"]}).status_code == 422
    assert client_of("read").post(address, json=chosen | {"name": "two"}).status_code == 403
    made = trainer.post(address, json=chosen | {"name": "two"})
    assert made.status_code == 201 and made.json()["made"] and made.json()["classes"] == {"rose": 10, "tulip": 10}
    assert trainer.get("/collections").json() == json.loads(json.dumps(printed("collections")))
    assert trainer.post(address, json=chosen | {"name": "two"}).json()["made"] is False
