"""Predictions of several models for several photos, with engines that are arithmetic; real ones are in tests/keras."""

import io
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.photos import StoredPhoto
from core.datasets.decoding.warm import decoders
from core.errors import InvalidInput, Unavailable
from core.features.views import View
from core.models.predict import Predictor
from core.serving.engine import memory, predict
from tests.fake_engine import FakeEngine, a_jpeg, a_model, a_photo, hot, use_fake_engines
from tests.photo_files import encoded, grey_tiff


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    use_fake_engines(monkeypatch)


def test_every_model_answers_for_every_photo_best_class_first(tmp_path):
    folders = [a_model(tmp_path, "r-1"), a_model(tmp_path, "r-2", head="head of another")]
    bright, dark = predict(folders, [("a.png", a_photo(255)), ("b.png", a_photo(0))])
    assert [answer.run_id for answer in bright.predictions] == ["r-1", "r-2"]
    assert bright.predictions[0].title == "Lite0 r-1"
    assert [entry.class_name for entry in bright.predictions[0].classes] == ["light", "dark"]
    assert [entry.class_name for entry in dark.predictions[0].classes] == ["dark", "light"]
    assert bright.predictions[0].classes[0].probability == pytest.approx(1.0, abs=0.02)
    assert (bright.name, bright.width, bright.height, bright.problem) == ("a.png", 40, 30, "")


def test_photos_go_through_the_one_decoding_path(tmp_path):
    (photo,) = predict([a_model(tmp_path)], [("a.png", a_photo())])
    with Image.open(io.BytesIO(photo.jpeg)) as shown:
        assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", (40, 30))


def test_a_stored_photo_is_used_as_it_is(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)
    noise = Image.fromarray(pixels)
    buffer = io.BytesIO()
    noise.save(buffer, "JPEG", quality=60)
    stored = StoredPhoto(jpeg=buffer.getvalue(), width=400, height=300)
    folder = a_model(tmp_path)
    given, again, other = predict([folder], [("x.png", a_photo()), ("a.jpg", stored), ("b", buffer.getvalue())])
    assert (again.jpeg, again.width, again.name) == (stored.jpeg, 400, "a.jpg")
    assert given.width == 40 and other.jpeg != stored.jpeg, "an upload is decoded and stored anew"
    exact = memory.load(folder).predict(View(stored.jpeg), 2)
    assert again.predictions[0].classes == exact.classes != other.predictions[0].classes


def test_a_file_that_is_no_photo_says_why_and_the_others_are_answered(tmp_path):
    files = [("notes.jpg", b"just text"), ("a.png", a_photo()), ("empty.jpg", b"")]
    notes, photo, empty = predict([a_model(tmp_path)], files)
    assert notes.problem == "It is a text file, not a photo."
    assert empty.problem == "It is empty (0 bytes)."
    assert notes.predictions == empty.predictions == ()
    assert photo.problem == ""
    assert photo.predictions[0].classes[0].class_name == "light"


def test_only_as_many_classes_as_asked_for_are_returned(tmp_path):
    (photo,) = predict([a_model(tmp_path)], [("a.png", a_photo())], top=1)
    assert len(photo.predictions[0].classes) == 1
    with pytest.raises(InvalidInput, match="Received: top=0"):
        predict([], [], top=0)


def test_models_with_one_prefix_compute_it_once_per_photo(tmp_path):
    folders = [
        a_model(tmp_path, "r-1"),
        a_model(tmp_path, "r-2", head="head two"),
        a_model(tmp_path, "r-3", prefix="prefix b"),
    ]
    predict(folders, [("a.png", a_photo())])
    assert FakeEngine.made.count("prefix") == 2, "two models share one engine"
    FakeEngine.calls.clear()
    (photo,) = predict(folders, [("a.png", a_photo())])
    assert FakeEngine.calls.count("prefix") == 2
    assert FakeEngine.calls.count("head") == 3
    assert all(answer.milliseconds > 0 for answer in photo.predictions)


def test_a_damaged_model_says_so_in_its_place_and_the_others_answer(tmp_path):
    damaged, fine = a_model(tmp_path, "r-1"), a_model(tmp_path, "r-2")
    (damaged / "head.tflite").write_text("head tampered with")
    (photo,) = predict([damaged, fine], [("a.png", a_photo())])
    assert photo.predictions[0].problem == "head.tflite of the model of run r-1 was changed or damaged. Train it again."
    assert photo.predictions[0].classes == ()
    assert photo.predictions[1].classes[0].class_name == "light"
    assert FakeEngine.made.count("prefix") == 1, "nothing of a damaged model is opened"


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda folder: (folder / "card.json").unlink(), "The files of the model of run r-1 are gone"),
        (lambda folder: (folder / "head.tflite").unlink(), "head.tflite of the model of run r-1 is gone"),
        (lambda folder: (folder / "card.json").write_text("{"), "The card of the model of run r-1 cannot be read"),
        (lambda folder: (folder / "card.json").write_text("[]"), "The card of the model of run r-1 cannot be read"),
        (lambda folder: (folder / "card.json").write_text("{}"), "The card of the model of run r-1 cannot be read"),
    ],
)
def test_when_no_model_can_answer_the_reason_is_one_sentence(tmp_path, spoil, sentence):
    folder = a_model(tmp_path)
    spoil(folder)
    with pytest.raises(Unavailable, match=sentence):
        predict([folder], [("a.png", a_photo())])


def probabilities(folder, brightness=200):
    (photo,) = predict([folder], [("a.png", a_photo(brightness))])
    (answer,) = photo.predictions
    return answer, {one.class_name: one.probability for one in answer.classes}


def test_a_temperature_that_is_taken_back_is_gone_at_the_next_photo(tmp_path):
    folder = a_model(tmp_path)
    before = probabilities(folder)[1]
    card = (folder / "card.json").read_text()
    hot(folder, 3.0)
    assert probabilities(folder)[1] != before
    (folder / "card.json").write_text(card)
    assert probabilities(folder)[1] == before


def test_no_photos_need_no_decoder(tmp_path, monkeypatch):
    monkeypatch.setattr(decoders, "decode", lambda *_, **__: pytest.fail("nothing to decode"))
    assert predict([a_model(tmp_path)], []) == []


def brightness_of(photo, model: int) -> float:
    return next(one.probability for one in photo.predictions[model].classes if one.class_name == "light")


def test_sixteen_bit_grey_has_the_scale_that_each_model_learned_from(tmp_path):
    """Half of white at 12 bits: grey for a model of 12-bit photos, almost black where 16 bits were meant."""
    photo = grey_tiff(np.full((30, 40), 2048, np.uint16))
    scales = {"r-12": {"grey_bits": 12}, "r-16": {"grey_bits": 16}, "r-none": {"grey_bits": None}, "r-old": {}}
    models = [a_model(tmp_path, run_id, dataset={"id": "d-1"} | scale) for run_id, scale in scales.items()]
    (found,) = predict(models, [("x.tif", photo)])
    assert [round(brightness_of(found, n), 1) for n in range(4)] == [0.5, 0.0, 0.5, 0.0]
    (found,) = predict(models, [("x.png", a_photo(128))])
    assert [round(brightness_of(found, n), 1) for n in range(4)] == [0.5, 0.5, 0.5, 0.5]


def test_grey_that_is_too_bright_for_the_scale_of_a_model_is_told_and_not_predicted_as_white(tmp_path):
    photo = grey_tiff(np.full((30, 40), 40_000, np.uint16))
    models = [a_model(tmp_path, f"r-{bits}", dataset={"grey_bits": bits}) for bits in (12, 16)]
    (found,) = predict(models, [("x.tif", photo)])
    assert "up to 40,000; white is 4,095" in found.predictions[0].problem and not found.predictions[0].classes
    assert round(brightness_of(found, 1), 1) == 0.6


def png_header(width: int, height: int) -> bytes:
    """A PNG that says how large it is; its pixels are not there."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">LLBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_every_kind_of_bad_input_is_one_sentence_and_the_rest_is_predicted(tmp_path):
    white, black = (Image.new("RGB", (40, 30), colour) for colour in ("white", "black"))
    files = {
        "none": b"",
        "text.jpg": b"text",
        "huge.png": png_header(30_000, 30_000),
        "damaged.jpg": a_jpeg()[:200],
        "moving.gif": encoded(white, "GIF", save_all=True, append_images=[black]),
        "cmyk.jpg": encoded(Image.new("CMYK", (40, 30)), "JPEG"),
    }
    found = {photo.name: photo for photo in predict([a_model(tmp_path)], list(files.items()))}
    problems = {name: photo.problem for name, photo in found.items() if photo.problem}
    assert set(problems) == {"none", "text.jpg", "huge.png", "damaged.jpg"}
    assert all(one.startswith("It ") and one.endswith(".") for one in problems.values())
    assert "more than 89 million pixels" in problems["huge.png"]
    for name in ("moving.gif", "cmyk.jpg"):
        assert found[name].predictions[0].classes[0].class_name == "light", "the first frame; white without ink"


def test_a_slow_model_delays_nobody_who_asks_another_one(tmp_path, monkeypatch):
    slow, fast = a_model(tmp_path, "r-slow", prefix="prefix slow"), a_model(tmp_path, "r-fast")
    predict([slow, fast], [("a.png", a_photo())])
    started, go_on, honest = threading.Event(), threading.Event(), Predictor.predict

    def waits(self, *args):
        if self.run_id == "r-slow":
            started.set()
            assert go_on.wait(30)
        return honest(self, *args)

    monkeypatch.setattr(Predictor, "predict", waits)
    with ThreadPoolExecutor(4) as pool:
        waiting = [pool.submit(predict, [slow], [("a.png", a_photo())] * 3) for _ in range(3)]
        assert started.wait(30)
        (photo,) = predict([fast], [("a.png", a_photo())])
        assert photo.predictions[0].classes and not any(one.done() for one in waiting)
        go_on.set()
    assert all(len(one.result()) == 3 for one in waiting)


def test_requests_that_come_together_get_their_own_photos(tmp_path):
    folder = a_model(tmp_path)

    def ask(number: int) -> str:
        (photo,) = predict([folder], [(f"{number}.png", a_photo(255 * (number % 2)))])
        assert photo.name == f"{number}.png"
        return photo.predictions[0].classes[0].class_name

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(ask, range(40))) == ["dark", "light"] * 20
