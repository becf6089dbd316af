"""Photos of a request: bad ones get one clear sentence and the right status, and the server keeps answering."""

import base64
import io
import os
import tempfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from core.api.limits import MOST_PHOTO_BYTES, MOST_PHOTOS
from tests.fake_engine import a_photo
from tests.photo_files import encoded, picture


def huge_png(side: int = 30_000) -> bytes:
    """A PNG of side x side grey pixels that has about a megabyte."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + kind + data + zlib.crc32(kind + data).to_bytes(4, "big")

    head = side.to_bytes(4, "big") * 2 + bytes([8, 0, 0, 0, 0])
    rows = zlib.compress(bytes(side + 1) * 100, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def animation() -> bytes:
    buffer = io.BytesIO()
    frames = [Image.new("RGB", (40, 30), (level, 0, 0)) for level in (0, 120, 255)]
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


def cmyk() -> bytes:
    return encoded(picture(mode="RGB").convert("CMYK"))


@pytest.fixture
def ask(client_of, predicting):
    """Predictions for named files, by multipart."""
    client = client_of("predict")

    def ask(*files, model=None, **fields):
        sent = [("photos", file) for file in files]
        return client.post(f"/models/{model or predicting}/predict", files=sent, data=fields)

    ask.client, ask.model = client, predicting
    return ask


@pytest.fixture(autouse=True)
def nothing_left(tmp_path_factory, monkeypatch):
    """Temporary files of requests go to a folder that must be empty afterwards."""
    folder = tmp_path_factory.mktemp("spool")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield
    left = [path for path in Path(folder).rglob("*") if path.is_file()]
    assert left == []


def test_several_photos_are_answered_in_order(ask):
    answer = ask(("a.png", a_photo(255)), ("b.png", a_photo(0)), top="1")
    assert answer.status_code == 200
    photos = answer.json()["photos"]
    assert [photo["file"] for photo in photos] == ["a.png", "b.png"]
    best = [[one["class_name"] for one in photo["answers"][0]["predictions"]] for photo in photos]
    assert best == [["light"], ["dark"]]


def test_json_with_base64_gives_the_same(ask):
    photo = {"name": "a.png", "data": base64.b64encode(a_photo(255)).decode()}
    told = ask.client.post(f"/models/{ask.model}/predict", json={"photos": [photo], "top": 1}).json()
    assert (
        told["photos"][0]["answers"][0]["predictions"]
        == ask(("a.png", a_photo(255)), top="1").json()["photos"][0]["answers"][0]["predictions"]
    )


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("notes.txt", b"this is a text", "notes.txt: It"),
        ("empty.jpg", b"", "empty.jpg: It"),
        ("huge.png", huge_png(), "more than 89 million pixels"),
    ],
)
def test_what_is_no_usable_photo_is_named(ask, name, content, words):
    answer = ask((name, content))
    assert answer.status_code == 422 and words in answer.json()["detail"], answer.text
    assert answer.json()["photos"][0]["file"] == name
    mixed = ask((name, content), ("a.png", a_photo(255)))
    assert mixed.status_code == 200
    bad, good = mixed.json()["photos"]
    assert bad["problem"] and bad["answers"] == [] and good["problem"] == "" and good["answers"]


@pytest.mark.parametrize("content", [animation(), cmyk()], ids=["animation", "CMYK"])
def test_unusual_photos_are_answered_or_refused_in_words(ask, content):
    answer = ask(("photo", content))
    assert answer.status_code in (200, 422)
    assert answer.status_code == 200 or answer.json()["detail"].startswith("photo: It")


def test_too_many_photos_and_too_many_bytes_are_413(ask):
    tiny = a_photo(0, (2, 2))
    many = ask(*[(f"{number}.png", tiny) for number in range(10_000)])
    assert many.status_code == 413 and f"may have {MOST_PHOTOS} photos" in many.json()["detail"]
    data = base64.b64encode(tiny).decode()
    asked = {"photos": [{"data": data}] * (MOST_PHOTOS + 1)}
    in_json = ask.client.post(f"/models/{ask.model}/predict", json=asked)
    assert in_json.status_code == 413 and in_json.json()["detail"] == many.json()["detail"]
    large = ask.client.post(f"/models/{ask.model}/predict", content=bytes(MOST_PHOTO_BYTES + 1))
    assert large.status_code == 413 and "100 MB" in large.json()["detail"]
    streamed = iter([bytes(10**7)] * 20)
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    endless = ask.client.post(f"/models/{ask.model}/predict", content=streamed, headers=headers)
    assert endless.status_code in (413, 422)
    assert ask(("a.png", a_photo(255))).status_code == 200


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ({}, 415, "fields named photos"),
        ({"content": b"x", "headers": {"Content-Type": "image/png"}}, 415, "'image/png'"),
        ({"data": {"top": "3"}, "files": {"other": ("a", b"x")}}, 422, "Received: 'other'"),
        ({"data": {"photos": "text"}, "files": [("photos", ("a", b"x"))]}, 422, "no photo"),
        ({"files": {"photos": ("a.png", a_photo())}, "data": {"top": "0"}}, 422, "top must be"),
        ({"files": {"photos": ("a.png", a_photo())}, "data": {"top": "9" * 5000}}, 422, "top must be"),
        ({"files": {"photos": ("a.png", a_photo())}, "data": {"confidence": "2"}}, 422, "confidence"),
        ({"files": {"photos": ("a.png", a_photo())}, "data": {"confidence": "nan"}}, 422, "confidence"),
        ({"content": b"--x", "headers": {"Content-Type": "multipart/form-data"}}, 422, "boundary"),
        ({"content": b"{}", "headers": {"Content-Type": "application/json"}}, 422, "photos: field required"),
        ({"json": {"photos": []}}, 422, "There is no photo. Send at least one in the list photos."),
        ({"json": {"photos": [{"data": "no base64!"}]}}, 422, "photos.0.data: this is no base64."),
        ({"json": {"photos": [{"data": ""}], "top": 1.5}}, 422, "top: "),
    ],
)
def test_what_is_no_request_for_predictions_is_one_sentence(ask, options, status, words):
    answer = ask.client.post(f"/models/{ask.model}/predict", **options)
    assert answer.status_code == status and words in answer.json()["detail"], answer.text
    assert "\n" not in answer.json()["detail"]


def test_an_unknown_alias_and_a_deleted_model_are_404(ask, bench, filled):
    photo = ("a.png", a_photo(255))
    unknown = ask(photo, model="flowers@champion")
    assert unknown.status_code == 404 and "is 'champion'" in unknown.json()["detail"]
    bench.set_alias(ask.model, "champion")
    assert ask(photo, model="flowers@champion").json()["photos"][0]["answers"][0]["run"] == ask.model
    bench.delete_weights([ask.model])
    deleted = ask(photo, model="flowers@champion")
    assert deleted.status_code == 404 and "were deleted" in deleted.json()["detail"]
    assert ask(photo, model="nothing").status_code == 404


def test_a_model_whose_files_are_damaged_is_503(ask, settings):
    folder = settings.home / "runs" / ask.model / "model"
    (folder / "head.tflite").write_text("damaged")
    os.utime(folder / "head.tflite", (1, 1))
    answer = ask(("a.png", a_photo(255)))
    assert answer.status_code == 503 and ask.model in answer.json()["detail"]
