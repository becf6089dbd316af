"""REST returns what the command line prints, and does what it does."""

import json
from base64 import b64decode, b64encode
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from core.exports.formats import Format
from core.files.home import run_folder
from core.files.uploads import AnnouncedFile, begin_upload, write_part
from core.jobs.background_imports import import_jobs
from core.runs.values import Cancel, Status
from core.workbench import Workbench
from core.workbench.forecasts import machine
from tests.factories import make_forecast
from tests.fake_engine import a_photo
from tests.photo_files import archive, classes
from tests.tiny_lite import give_network


@pytest.fixture
def printed(call):
    """What a command prints with ``--json``, as a value."""
    return lambda *arguments: call(*arguments)


def test_every_get_is_what_the_command_prints(reader, printed, filled, finished, bench: Workbench):
    took = {"machine": machine(), "measured_seconds": 30.0, "measured_at": 1.0}
    bench.registry.add_forecasts([make_forecast(run, **took) for run in finished[:2]])
    bench.set_alias(finished[0], "champion", "the best", "me")
    one, two = finished[:2]
    pairs = {
        "/datasets": ("datasets",),
        "/datasets/flowers": ("datasets", "flowers"),
        "/datasets/flowers/aliases": ("alias", "flowers"),
        "/datasets/flowers/shortlist": ("shortlist", "flowers", "--last"),
        "/collections": ("collections",),
        "/datasets/flowers/combination": ("combine", "flowers"),
        "/datasets/flowers/combination?most_ms=9&most_mb=40": (
            "combine", "flowers", "--most-ms", "9", "--most-mb", "40",
        ),
        "/datasets/flowers/search": ("search", "flowers", "--last"),
        "/runs": ("runs",),
        "/runs?dataset=flowers&search=lite0&limit=2&offset=1": (
            "runs", "--dataset", "flowers", "--search", "lite0", "--limit", "2", "--offset", "1",
        ),
        "/runs?starred=true&tag=baseline&archived=true": ("runs", "--starred", "--tag", "baseline", "--archived"),
        f"/runs/{one}": ("show", one),
        "/runs/flowers@champion": ("show", "flowers@champion"),
        "/models": ("models",),
        "/models?dataset=flowers": ("models", "--dataset", "flowers"),
        f"/compare?runs={one}&runs={two}": ("compare", one, two),
        f"/compare?runs={','.join(finished)}": ("compare", *finished),
        "/backbones/efficientnet_lite0": ("backbones", "show", "efficientnet_lite0"),
        "/queue": ("queue",),
        "/forecasts": ("forecasts",),
        "/forecasts?limit=1": ("forecasts", "--limit", "1"),
    }  # fmt: skip
    for path, command in pairs.items():
        answer = reader.get(path)
        assert answer.status_code == 200, (path, answer.text)
        assert answer.json() == json.loads(json.dumps(printed(*command))), path
    assert reader.get("/backbones").json() == json.loads(json.dumps(printed("backbones")))


def test_machines_are_those_of_the_command_with_their_slots(reader, printed, home):
    told, also = reader.get("/machines").json(), printed("machines")
    assert told.keys() == also.keys() and told["launcher"] == also["launcher"]
    one, same = told["machines"][0], also["machines"][0]
    assert one.keys() == same.keys() and (one["name"], one["slots"]) == (same["name"], same["slots"])


def test_health_has_the_checks_of_doctor(reader, home):
    checks = {check["name"]: check for check in reader.get("/health").json()["checks"]}
    assert checks["Registry"]["good"] and {"Python", "Supervisor"} <= set(checks)


def test_an_explanation_is_what_the_command_prints_with_its_pictures(
    client_of, finished, explaining, call, client_photo, tmp_path
):
    path, content = client_photo
    predictor = client_of("predict")
    address = f"/models/{finished[0]}/explanations"
    form = predictor.post(address, files={"photo": ("a.jpg", content)}, data={"class_name": "rose"})
    assert form.status_code == 200, form.text
    told = call("explain", "--model", finished[0], str(path), "--class", "rose", "-o", str(tmp_path / "why.png"))
    other = ("seconds", "file", "pictures")
    assert {key: value for key, value in form.json().items() if key not in other} == {
        key: value for key, value in told.items() if key not in other
    }
    assert form.json()["class_name"] == "rose" and form.json()["file"] == "a.jpg"
    files = [Path(name).read_bytes() for name in told["pictures"]]
    assert [b64decode(picture) for picture in form.json()["pictures"]] == files and len(files) == 2
    assert files[0].startswith(b"\x89PNG")
    photo = {"name": "b.jpg", "data": b64encode(content).decode()}
    json_form = predictor.post(address, json={"photo": photo})
    assert (json_form.json()["class_name"], json_form.json()["file"]) == ("daisy", "b.jpg")
    assert client_of("read").post(address, json={"photo": photo}).status_code == 403


def test_what_cannot_be_explained_is_one_sentence(client_of, finished, explaining, client_photo):
    _, content = client_photo
    predictor = client_of("predict")
    address = f"/models/{finished[0]}/explanations"
    two = predictor.post(address, files=[("photo", ("a.jpg", content)), ("photo", ("b.jpg", content))])
    assert two.status_code == 413 and two.json()["detail"].startswith("An explanation is of one photo.")
    for answer, status, detail in (
        (predictor.post(address, files={"photos": ("a.jpg", content)}), 422, "fields photo and class_name"),
        (predictor.post(address, data={"class_name": "rose"}, files={}), 415, "Send photo as multipart/form-data"),
        (predictor.post(address, files={"photo": ("a.txt", b"a text")}), 422, "a.txt cannot be explained: it is"),
        (predictor.post(address, json={"photo": {"data": "!"}}), 422, "this is no base64"),
        (predictor.post(address, json={}), 422, "photo: field required"),
        (
            predictor.post(address, files={"photo": ("a.jpg", content)}, data={"class_name": "cat"}),
            422,
            "knows no class 'cat'",
        ),
        (predictor.post("/models/nothing/explanations", files={"photo": ("a.jpg", content)}), 404, "no model"),
    ):
        assert answer.status_code == status and detail in answer.json()["detail"], answer.text


def test_predictions_are_what_the_command_prints(client_of, predicting, printed, tmp_path, client_photo):
    path, content = client_photo
    predictor = client_of("predict")
    form = predictor.post(
        f"/models/{predicting}/predict",
        files=[("photos", (str(path), content, "image/png"))],
        data={"top": "2", "confidence": "0.9"},
    )
    told = printed("predict", "--model", predicting, str(path), "--top", "2", "--confidence", "0.9")
    assert form.status_code == 200 and _without_times(form.json()) == _without_times(told)
    assert form.json()["photos"][0]["answers"][0]["predictions"][0]["class_name"] == "light"


@pytest.fixture
def client_photo(tmp_path):
    path = tmp_path / "photo.png"
    path.write_bytes(a_photo(255))
    return path, path.read_bytes()


def _without_times(found: dict) -> dict:
    for photo in found["photos"]:
        for one in photo["answers"]:
            one["milliseconds"] = None
    return found


# --- imports ---


def test_photos_on_the_server_are_imported_as_the_command_imports_them(trainer, imports_now, printed):
    started = trainer.post("/datasets", json={"path": "demo", "name": "flowers", "seed": 3})
    assert started.status_code == 202
    found = trainer.get(f"/{started.headers['location']}").json()
    assert found["state"] == "done" and found["question"] is None and found["progress"] is None
    told = printed("import", "demo", "--name", "flowers", "--seed", "3")
    assert told["already_there"] and told["dataset"] == found["dataset"]["dataset"]
    changing = {"already_there", "message", "seconds"}
    assert {k: v for k, v in found["dataset"].items() if k not in changing} == {
        k: v for k, v in told.items() if k not in changing
    }
    assert [one["import"] for one in trainer.get("/imports").json()["imports"]] == [found["import"]]
    assert trainer.delete(f"/imports/{found['import']}").status_code == 200
    assert trainer.get("/imports").json() == {"imports": []}
    assert trainer.get(f"/imports/{found['import']}").status_code == 404


def test_an_archive_is_the_body_of_a_request_and_nothing_of_it_stays(trainer, imports_now, tmp_path, settings):
    path = archive(tmp_path / "photos.zip", classes(cat=12, dog=12))
    started = trainer.post(
        "/datasets?name=pets", content=path.read_bytes(), headers={"Content-Type": "application/zip"}
    )
    assert started.status_code == 202, started.text
    found = trainer.get(f"/imports/{started.json()['import']}").json()
    assert found["state"] == "done" and found["dataset"]["classes"] == {"cat": 12, "dog": 12}
    assert found["name"] == "pets" and trainer.get("/datasets/pets").json()["name"] == "pets"
    assert list((settings.home / "uploads").glob("body-*")) == []


def test_an_upload_that_has_arrived_becomes_a_dataset_and_nothing_of_it_stays(trainer, imports_now, tmp_path, settings):
    content = archive(tmp_path / "pets.zip", classes(cat=12, dog=12)).read_bytes()
    announced = AnnouncedFile(owner="", name="pets of mine.zip", size=len(content))
    mine = begin_upload(settings, announced)
    other = begin_upload(settings, replace(announced, owner="ada"))
    early = trainer.post("/datasets", json={"upload": mine.id})
    assert early.status_code == 409 and f"0 of {len(content)} bytes have arrived" in early.json()["detail"]
    for upload in (mine, other):
        with write_part(upload, 0, checked=False) as part:
            part.append(content)
            part.keep()
    assert trainer.post("/datasets", json={"upload": other.id}).status_code == 404
    started = trainer.post("/datasets", json={"upload": mine.id})
    assert started.status_code == 202, started.text
    found = trainer.get(f"/imports/{started.json()['import']}").json()
    assert found["state"] == "done" and found["dataset"]["classes"] == {"cat": 12, "dog": 12}
    assert trainer.get("/datasets/pets of mine").json()["name"] == "pets of mine"
    assert [path.name for path in (settings.home / "uploads").glob("upload-*")] == [other.folder.path.name]


def test_an_ambiguous_archive_asks_and_takes_the_answer(trainer, imports_now, tmp_path):
    files = classes("europe/", cat=8, dog=8) | classes("asia/", first=50, cat=8, dog=8)
    path = archive(tmp_path / "photos.zip", files)
    body = {"content": path.read_bytes(), "headers": {"Content-Type": "application/zip"}}
    job = trainer.post("/datasets?name=pets", **body).json()["import"]
    found = trainer.get(f"/imports/{job}").json()
    assert found["state"] == "question" and found["dataset"] is None
    layouts = [one["id"] for one in found["question"]["layouts"]]
    assert len(layouts) > 1 and "samples" not in found["question"]["layouts"][0]
    wrong = trainer.post(f"/imports/{job}/answer", json={"layout": "none of them"})
    assert wrong.status_code == 422 and layouts[0] in wrong.json()["detail"]
    assert trainer.post(f"/imports/{job}/answer", json={"layout": layouts[0]}).status_code == 202
    done = trainer.get(f"/imports/{job}").json()
    assert done["state"] == "done" and done["dataset"]["accepted"] == 32
    again = trainer.post(f"/imports/{job}/answer", json={"layout": layouts[0]})
    assert again.status_code == 409 and "no question" in again.json()["detail"]


@pytest.mark.parametrize(
    ("path", "options", "status", "words"),
    [
        ("/datasets", {"content": b"PK", "headers": {"Content-Type": "application/zip"}}, 422, "Name the dataset"),
        ("/datasets?name=a", {"content": b"", "headers": {"Content-Type": "application/zip"}}, 422, "1 byte"),
        ("/datasets?name=a", {"content": iter([b""]), "headers": {"Content-Type": "application/zip"}}, 422, "is empty"),
        ("/datasets?name=a", {"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, "text/plain"),
        ("/datasets", {"json": {}}, 422, "send either path or upload"),
        ("/datasets", {"json": {"path": "demo", "colour": 1}}, 422, "colour: extra inputs"),
        (
            "/datasets",
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
            422,
            "The body is no valid JSON.",
        ),
        ("/datasets", {"json": {"path": "demo", "name": " "}}, 422, "name"),
    ],
)
def test_what_is_no_import_is_refused_and_leaves_nothing(trainer, settings, path, options, status, words):
    answer = trainer.post(path, **options)
    assert answer.status_code == status and words in answer.json()["detail"], answer.text
    assert list((settings.home / "uploads").glob("*")) == []


def test_what_is_no_archive_ends_as_a_failed_import(trainer, imports_now, settings):
    headers = {"Content-Type": "application/octet-stream"}
    job = trainer.post("/datasets?name=a", content=b"this is a text", headers=headers).json()["import"]
    found = trainer.get(f"/imports/{job}").json()
    assert found["state"] == "failed" and "ZIP" in found["message"] and found["dataset"] is None
    assert trainer.delete(f"/imports/{job}").json()["state"] == "failed"
    assert import_jobs(settings) == [] and list((settings.home / "uploads").glob("*")) == []


# --- training ---

ASKED = {"dataset": "flowers", "backbone": ["efficientnet_lite0"], "epochs": 3, "set": {"seed": 7, "normalize": True}}


def test_a_plan_is_what_the_command_plans_and_launches_nothing(trainer, printed, filled, bench):
    before = len(bench.registry.runs())
    answer = trainer.post("/runs", json=ASKED | {"dry_run": True})
    assert answer.status_code == 200
    command = ("train", "--dataset", "flowers", "--backbone", "efficientnet_lite0", "--epochs", "3")
    told = printed(*command, "--set", "seed=7", "normalize=true", "--dry-run")
    assert _without_estimates(answer.json()) == _without_estimates(told)
    assert len(bench.registry.runs()) == before


def _without_estimates(found: dict) -> dict:
    """Free memory and disk are those of the moment."""
    for row in found["runs"]:
        row["concerns"] = []
    return found | {"concerns": []}


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


# --- deleting, aliases ---


def test_weights_go_and_the_record_stays(trainer, finished):
    gone = trainer.delete(f"/runs/{finished[0]}?weights=true").json()
    assert gone["kind"] == "model" and gone["models"] == 1
    assert trainer.get(f"/runs/{finished[0]}").json()["model"] is None


def test_a_dataset_goes_with_its_runs_unless_one_runs(trainer, filled, bench):
    assert trainer.delete("/datasets/flowers?dry_run=true").json()["runs"] == len(filled.runs)
    refused = trainer.delete("/datasets/flowers")
    assert refused.status_code == 409 and "Cancel what is running" in refused.json()["detail"]
    (run,) = filled.with_status(Status.RUNNING)
    bench.registry.end(run.id, run.attempt, Status.KILLED)
    assert trainer.delete("/datasets/flowers").json()["datasets"] == 1
    assert trainer.get("/datasets").json() == {"datasets": []}


def test_an_alias_is_set_with_the_name_of_the_token_and_dropped(trainer, finished, printed):
    answer = trainer.put("/datasets/flowers/aliases/champion", json={"run": finished[1], "why": "smaller"})
    assert answer.json()["aliases"] == {"champion": finished[1]}
    assert answer.json() == printed("alias", "flowers")
    assert answer.json()["history"][0]["who"].startswith("token train-")
    assert trainer.delete("/datasets/flowers/aliases/champion").json()["aliases"] == {}
    for path, status in (("/datasets/flowers/aliases/Two words", 422), ("/datasets/roses/aliases/champion", 404)):
        assert trainer.put(path, json={"run": finished[1]}).status_code == status


# --- smaller models, exports ---


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


def test_exports_are_listed_started_and_taken(client_of, trainer, finished, bench: Workbench, monkeypatch):
    started = []
    monkeypatch.setattr("core.exports.background.start_export", lambda *what, **how: started.append(what))
    path = f"/models/{finished[0]}/exports"
    states = {row["format"]: row["state"] for row in client_of("read").get(path).json()["exports"]}
    assert set(states) == set(Format) and states["onnx"] == "none"
    assert trainer.post(f"{path}/onnx").status_code == 202 and started == [(finished[0], Format.ONNX)]
    assert trainer.post(f"{path}/onyx").status_code == 422
    missing = trainer.get(f"{path}/onnx/file")
    assert missing.status_code == 404 and "Export it first" in missing.json()["detail"]
    assert client_of("read").get(f"{path}/onnx/file").status_code == 403
    monkeypatch.setattr(
        Workbench, "export_download", lambda self, run, format: (f"{run}-{format}.zip", BytesIO(b"content"))
    )
    taken = client_of("predict").get(f"{path}/onnx/file")
    assert taken.content == b"content" and taken.headers["content-length"] == "7"
    assert f"{finished[0]}-onnx.zip" in taken.headers["content-disposition"]


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
