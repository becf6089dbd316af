"""REST predicts, explains, exports and names models as the commands do."""

import threading
from base64 import b64decode, b64encode
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import pytest

from core.api import verbs
from core.api.model_routes import PREDICTIONS_AT_ONCE
from core.exports.formats import Format
from core.registry import Registry
from core.runs.values import Status
from core.workbench import Workbench
from tests.core.workbench.test_exports import publish
from tests.fake_engine import a_photo


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


def test_an_alias_is_set_with_the_name_of_the_token_and_dropped(trainer, finished, printed):
    answer = trainer.put("/datasets/flowers/aliases/champion", json={"run": finished[1], "why": "smaller"})
    assert answer.json()["aliases"] == {"champion": finished[1]}
    assert answer.json() == printed("alias", "flowers")
    assert answer.json()["history"][0]["who"].startswith("token train-")
    assert trainer.delete("/datasets/flowers/aliases/champion").json()["aliases"] == {}
    for path, status in (("/datasets/flowers/aliases/Two words", 422), ("/datasets/roses/aliases/champion", 404)):
        assert trainer.put(path, json={"run": finished[1]}).status_code == status


def test_a_request_with_one_photo_does_not_wait_for_those_with_many(client_of, predicting, client_photo, monkeypatch):
    _, content = client_photo
    predict, busy, go_on = verbs.predict, threading.Semaphore(0), threading.Event()

    def wait_for_many(bench, models, photos, **more):
        if len(photos) > 1:
            busy.release()
            assert go_on.wait(60)
        return predict(bench, models, photos, **more)

    monkeypatch.setattr(verbs, "predict", wait_for_many)
    predictor, address = client_of("predict"), f"/models/{predicting}/predict"
    with predictor, ThreadPoolExecutor(PREDICTIONS_AT_ONCE) as pool:  # one event loop for all requests
        many = [("photos", (f"{number}.png", content)) for number in range(2)]
        requests = [pool.submit(predictor.post, address, files=many) for _ in range(PREDICTIONS_AT_ONCE)]
        try:
            assert all(busy.acquire(timeout=60) for _ in requests), "each has its thread"
            assert predictor.post(address, files=many[:1]).status_code == 200
            assert not any(request.done() for request in requests)
        finally:
            go_on.set()
        assert [request.result().status_code for request in requests] == [200] * PREDICTIONS_AT_ONCE


@pytest.mark.parametrize("deletion", ["runs/RUN", "runs/RUN?weights=true", "datasets/flowers"])
def test_a_model_that_is_being_deleted_is_not_found_between_its_files_and_its_rows(
    deletion, client_of, predicting, client_photo, bench, quiet, monkeypatch
):
    for run in bench.registry.runs(status=Status.RUNNING):
        bench.registry.end(run.id, run.attempt, Status.KILLED)
    publish(bench, predicting)
    asked, trainer = client_of("train"), client_of("train")
    trainer.put("/datasets/flowers/aliases/champion", json={"run": predicting})
    requests: list[tuple] = []
    for model in (predicting, "flowers@champion"):
        requests.append(("POST", f"/models/{model}/predict", {"files": {"photos": client_photo[1]}}))
        requests.append(("POST", f"/models/{model}/explanations", {"files": {"photo": client_photo[1]}}))
        requests.append(("GET", f"/models/{model}/exports/onnx/file", {}))
    before = [asked.request(method, path, **request).status_code for method, path, request in requests]
    assert before.count(200) == 4, "predictions and exports; the made-up model has nothing to explain"
    found = []
    for name in ("delete_runs", "delete_models_of", "delete_dataset"):
        delete_rows = getattr(Registry, name)

        def rows_later(self, *given, delete_rows=delete_rows):
            found.extend(asked.request(method, path, **request) for method, path, request in requests)
            return delete_rows(self, *given)

        monkeypatch.setattr(Registry, name, rows_later)
    assert trainer.delete("/" + deletion.replace("RUN", predicting)).status_code == 200
    found += [asked.request(method, path, **request) for method, path, request in requests]
    assert {answer.status_code for answer in found} == {404} and len(found) == 2 * len(requests)
    assert found[0].json()["detail"] == f"The model of run {predicting} is being deleted."
    assert "deleted" in found[len(requests)].json()["detail"]
