"""The round of labelling by program: photos are added, listed, looked at, labelled, and become a version."""

import io
import json
import zipfile

import anyio
import httpx2
import pytest
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from PIL import Image

from core.advising.label_process import QUESTION
from core.files import atomic
from core.files.home import label_job
from tests.pools import fill_pool, folder_of_photos, jpeg_of

ADDRESS = "/datasets/flowers/labels"
ZIP = {"Content-Type": "application/zip"}


@pytest.fixture
def pool(bench, filled):
    """Three photos without a class."""
    return fill_pool(bench.settings, filled.dataset, 3)


@pytest.fixture
def started(monkeypatch):
    """Processes that were not started."""
    found = []
    monkeypatch.setattr("core.jobs.background.start_process", lambda *arguments: found.append(arguments))
    return found


@pytest.fixture
def request_of(bench, filled):
    """What the job was asked to do."""
    return lambda: json.loads(label_job(bench.settings, filled.dataset.id).request.read_text())


@pytest.fixture
def asked(bench, filled):
    """A job that ended with a question."""
    folder = label_job(bench.settings, filled.dataset.id)
    folder.path.mkdir(parents=True)
    atomic.write_json(folder.request, {"dataset": filled.dataset.id, "run": "", "source": str(folder.upload)})
    atomic.write_json(folder.status, {"state": QUESTION, "message": "The photos lie in the folders rose and tulip."})
    return folder


def packed() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("0.jpg", jpeg_of(0))
    return buffer.getvalue()


def test_an_archive_is_added_in_the_background_and_belongs_to_the_job(trainer, bench, filled, started, request_of):
    sent = packed()
    begun = trainer.post(f"{ADDRESS}/photos?flat=true&model=none", content=sent, headers=ZIP)
    assert begun.status_code == 202 and len(started) == 1
    upload = label_job(bench.settings, filled.dataset.id).upload
    assert upload.read_bytes() == sent
    assert request_of() == {"dataset": filled.dataset.id, "run": "", "source": str(upload), "flat": True}


def test_a_folder_of_the_server_is_added(trainer, started, request_of, tmp_path):
    folder = folder_of_photos(tmp_path / "new")
    assert trainer.post(f"{ADDRESS}/photos", json={"path": str(folder), "model": "none"}).status_code == 202
    assert request_of()["source"] == str(folder) and len(started) == 1


def test_the_question_about_folders_is_answered_or_dismissed(trainer, asked, started):
    assert trainer.get(ADDRESS).json()["order_state"] == QUESTION
    assert trainer.post(f"{ADDRESS}/photos", json={"flat": True}).status_code == 202
    assert json.loads(asked.request.read_text())["flat"] is True and len(started) == 1
    asked.path.mkdir(exist_ok=True)
    atomic.write_json(asked.status, {"state": QUESTION, "message": "Folders."})
    told = trainer.delete(f"{ADDRESS}/order")
    assert told.status_code == 202 and told.json()["order_state"] == "none" and not asked.path.exists()


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({}, 422, "Send an archive, a path or an upload"),
        ({"flat": True}, 409, "No addition of photos has a question"),
        ({"path": "a", "upload": "b"}, 422, "send either path or upload"),
        ({"upload": "no-such-upload"}, 404, "upload"),
        ({"path": "a", "model": "r-nothing"}, 404, "r-nothing"),
    ],
)
def test_what_cannot_be_added_is_refused_in_one_sentence(trainer, filled, started, body, status, words):
    answer = trainer.post(f"{ADDRESS}/photos", json=body)
    assert answer.status_code == status and words in answer.json()["detail"] and not started
    assert trainer.post(f"{ADDRESS}/photos", content="a,b", headers={"Content-Type": "text/csv"}).status_code == 415


def test_all_photos_are_listed_with_the_drafts_of_their_labels(reader, trainer, pool):
    trainer.post(ADDRESS, json={"labels": {pool[0]: "rose"}, "excluded": [pool[1]]})
    found = reader.get(f"{ADDRESS}/photos").json()
    assert [(one["digest"], one["state"], one["class_name"]) for one in found["photos"]] == [
        (pool[0], "labelled", "rose"), (pool[1], "excluded", None), (pool[2], "unlabelled", None),
    ]  # fmt: skip
    assert (found["total"], found["unlabelled"], found["photos"][0]["width"]) == (3, 1, 48)
    page = reader.get(f"{ADDRESS}/photos", params={"limit": 1, "offset": 2}).json()
    assert [one["digest"] for one in page["photos"]] == pool[2:] and page["total"] == 3


def test_a_photo_is_a_small_picture_whether_it_has_a_class_or_not(reader, pool, bench, filled):
    labelled = bench.registry.photos(filled.dataset.id)[0].digest
    for digest in (pool[0], labelled):
        answer = reader.get(f"/datasets/flowers/photos/{digest}", params={"side": 32})
        assert answer.headers["content-type"] == "image/jpeg"
        assert Image.open(io.BytesIO(answer.content)).size == (32, 32)


@pytest.mark.parametrize("digest", ["0" * 64, "..manifest", "%2e%2e%2fmanifest", "*"])
def test_a_photo_that_is_not_there_is_not_looked_for_on_the_disk(reader, filled, digest):
    assert reader.get(f"/datasets/flowers/photos/{digest}").status_code == 404
    assert reader.get(f"/datasets/flowers/photos/{'a' * 64}", params={"side": 5000}).status_code == 422


def test_a_photo_whose_file_is_gone_is_said_to_be_gone(reader, pool, bench, filled):
    bench.unlabelled_path(filled.dataset.id, pool[0]).unlink()
    answer = reader.get(f"/datasets/flowers/photos/{pool[0]}")
    assert answer.status_code == 404 and "cannot be read" in answer.json()["detail"]


def test_a_token_that_reads_adds_and_ends_nothing(reader, filled, started):
    assert reader.post(f"{ADDRESS}/photos", json={"path": "/tmp"}).status_code == 403
    assert reader.delete(f"{ADDRESS}/order").status_code == 403 and not started


def test_the_tools_do_the_same(app, bench, filled, pool, started, request_of, tmp_path):
    _, secret = bench.registry.create_token("tools", "train")
    folder = folder_of_photos(tmp_path / "new")

    async def script() -> list:
        transport = httpx2.ASGITransport(app=app)
        headers = {"Authorization": f"Bearer {secret}"}
        async with (
            httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:8501", headers=headers) as http,
            Client(streamable_http_client("http://127.0.0.1:8501/mcp", http_client=http)) as client,
        ):
            asked = [
                ("add_unlabelled", {"path": str(folder), "flat": True, "model": "none"}),
                ("list_unlabelled", {"limit": 2}),
                ("get_photo", {"digest": pool[0]}),
                ("end_labelling", {}),
            ]
            return [await client.call_tool(name, {"dataset": "flowers"} | more) for name, more in asked]

    begun, listed, photo, ended = anyio.run(script)
    assert begun.structured_content["unlabelled"] == 3 and request_of()["flat"] is True and len(started) == 1
    assert [one["digest"] for one in listed.structured_content["photos"]] == pool[:2]
    assert photo.content[1].mime_type == "image/jpeg" and not photo.is_error
    assert ended.structured_content["dataset"] == filled.dataset.id
