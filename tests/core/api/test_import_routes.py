"""REST imports as the command does, in the background."""

from dataclasses import replace
from typing import ClassVar

import anyio
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from core.api import bodies
from core.api.mounting import api_routes
from core.errors import OverQuota
from core.files.home import uploads_folder
from core.files.uploads import AnnouncedFile, begin_upload, write_part
from core.jobs.background_imports import import_jobs
from core.people.acting import Person, Role, acting_as
from core.workbench import Workbench
from tests.core.api.conftest import HOST
from tests.photo_files import archive, classes


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


@pytest.mark.parametrize("announced", [True, False], ids=["of known length", "in chunks"])
def test_an_archive_beyond_the_quota_of_its_sender_is_refused_and_nothing_of_it_stays(
    bench, imports_now, tmp_path, announced
):
    content = archive(tmp_path / "photos.zip", classes(cat=12, dog=12)).read_bytes()
    small = Workbench(replace(bench.settings, user_limit_bytes=len(content) - 1), bench.registry)
    uploads_folder(bench.settings).mkdir(parents=True, exist_ok=True)
    with acting_as(Person(name="admin", role=Role.ADMIN)):
        bench.registry.add_user("anna", Role.TRAINER)
        _, secret = bench.registry.create_token("notebook", "train", owner="anna")
    client = TestClient(Starlette(routes=api_routes(lambda: small)), base_url=f"{HOST}/api/v1")
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/zip"}
    refused = client.post("/datasets?name=pets", content=content if announced else iter([content]), headers=headers)
    assert refused.status_code == 507 and "Nothing was" in refused.json()["detail"], refused.text
    assert import_jobs(small.settings) == [] == list((bench.settings.home / "uploads").iterdir())


def test_an_archive_in_chunks_is_refused_before_all_of_it_has_come(settings, registry, monkeypatch):
    monkeypatch.setattr(bodies, "_ASKED_EVERY", 1000)
    uploads_folder(settings).mkdir(parents=True, exist_ok=True)
    came = []

    class Sender:
        headers: ClassVar[dict] = {}

        async def stream(self):
            for number in range(100):
                came.append(number)
                yield b"\0" * 1000

    async def receive():
        async with bodies.received_archive(Sender(), replace(settings, user_limit_bytes=2500)):
            pass

    with acting_as(Person(name="anna", role=Role.TRAINER)), pytest.raises(OverQuota, match="Nothing was uploaded"):
        anyio.run(receive)
    assert came == [0, 1, 2] and list(uploads_folder(settings).iterdir()) == []


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
