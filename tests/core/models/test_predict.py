"""What models say about new photos, with engines that are arithmetic; real ones are in tests/keras."""

import hashlib
import io
import json
import threading

import numpy as np
import pytest
from PIL import Image

from core.datasets.decoding.photos import StoredPhoto, decode
from core.errors import InvalidInput, Unavailable
from core.features.views import View
from core.models import predict
from core.models.heads import load as heads
from core.models.inference import graph, model_files
from tests.photo_files import grey_tiff

CLASSES = ["dark", "light"]


class FakeEngine:
    """Its file says what it is: a prefix gives the mean brightness 0..1, a head probabilities from it."""

    made: list[str] = []
    calls: list[str] = []

    def __init__(self, path, threads=None, workers=1):
        self.kind = path.read_text().split()[0]
        FakeEngine.made.append(self.kind)
        if self.kind == "broken":
            raise Unavailable(f"{path.name} is no engine that can be run (not a flatbuffer).")

    def __call__(self, rows):
        FakeEngine.calls.append(self.kind)
        if self.kind == "prefix":
            return rows.reshape(len(rows), -1).mean(axis=1, keepdims=True).astype(np.float32) / 255
        if self.kind == "misfit":
            raise ValueError("Cannot set tensor: Dimension mismatch")
        if self.kind == "doubtful":
            return np.tile(np.float32([[0.4, 0.35, 0.25]]), (len(rows), 1))
        if self.kind == "sure":
            return np.tile(np.float32([[0.0, 0.1, 0.9]]), (len(rows), 1))
        return np.concatenate([1 - rows, rows], axis=1)


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(heads, "LiteRTEngine", FakeEngine)
    FakeEngine.made, FakeEngine.calls = [], []
    for memory in (predict._loaded, graph._engines):
        memory.clear()


def a_model(home, run_id="r-1", *, prefix="prefix", head="head", classes=CLASSES, **card):
    folder = home / run_id / "model"
    folder.mkdir(parents=True)
    engines = []
    for name, content in (("prefix", prefix), ("head", head)):
        path = folder / f"{name}.tflite"
        path.write_text(content)
        engines.append({"file": path.name, "sha256": hashlib.sha256(content.encode()).hexdigest()})
    network = {"kind": "network", "file": "prefix.tflite", "input_size": 8}
    answer = {"kind": "head", "file": "head.tflite", "inputs": [network]}
    data = {"class_names": list(classes), "title": f"Lite0 {run_id}", "answer": answer, "engines": engines} | card
    (folder / "card.json").write_text(json.dumps(data))
    return folder


def a_photo(brightness=255, size=(40, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("L", size, brightness).save(buffer, "PNG")
    return buffer.getvalue()


def a_jpeg() -> bytes:
    return decode(a_photo()).jpeg


def test_every_model_answers_for_every_photo_best_class_first(tmp_path):
    folders = [a_model(tmp_path, "r-1"), a_model(tmp_path, "r-2", head="head of another")]
    bright, dark = predict.predict(folders, [("a.png", a_photo(255)), ("b.png", a_photo(0))])
    assert [answer.run_id for answer in bright.predictions] == ["r-1", "r-2"]
    assert bright.predictions[0].title == "Lite0 r-1"
    assert [entry.class_name for entry in bright.predictions[0].classes] == ["light", "dark"]
    assert [entry.class_name for entry in dark.predictions[0].classes] == ["dark", "light"]
    assert bright.predictions[0].classes[0].probability == pytest.approx(1.0, abs=0.02)
    assert (bright.name, bright.width, bright.height, bright.problem) == ("a.png", 40, 30, "")


def test_photos_go_through_the_one_decoding_path(tmp_path):
    (photo,) = predict.predict([a_model(tmp_path)], [("a.png", a_photo())])
    with Image.open(io.BytesIO(photo.jpeg)) as shown:
        assert (shown.format, shown.mode, shown.size) == ("JPEG", "RGB", (40, 30))


def test_a_stored_photo_is_used_as_it_is(tmp_path):
    noise = Image.effect_noise((40, 30), 80).convert("RGB")
    buffer = io.BytesIO()
    noise.save(buffer, "JPEG", quality=60)
    stored = StoredPhoto(jpeg=buffer.getvalue(), width=400, height=300)
    folder = a_model(tmp_path)
    given, again, other = predict.predict([folder], [("x.png", a_photo()), ("a.jpg", stored), ("b", buffer.getvalue())])
    assert (again.jpeg, again.width, again.name) == (stored.jpeg, 400, "a.jpg")
    assert given.width == 40 and other.jpeg != stored.jpeg, "an upload is decoded and stored anew"
    exact = predict.load(folder).predict(View(stored.jpeg), 2)
    assert again.predictions[0].classes == exact.classes != other.predictions[0].classes


def test_a_file_that_is_no_photo_says_why_and_the_others_are_answered(tmp_path):
    files = [("notes.jpg", b"just text"), ("a.png", a_photo()), ("empty.jpg", b"")]
    notes, photo, empty = predict.predict([a_model(tmp_path)], files)
    assert notes.problem == "It is a text file, not a photo."
    assert empty.problem == "It is empty (0 bytes)."
    assert notes.predictions == empty.predictions == ()
    assert photo.problem == ""
    assert photo.predictions[0].classes[0].class_name == "light"


def test_only_as_many_classes_as_asked_for_are_returned(tmp_path):
    (photo,) = predict.predict([a_model(tmp_path)], [("a.png", a_photo())], top=1)
    assert len(photo.predictions[0].classes) == 1
    with pytest.raises(InvalidInput, match="Received: top=0"):
        predict.predict([], [], top=0)


def test_a_model_that_gives_no_class_half_is_unsure(tmp_path):
    doubtful = a_model(tmp_path, "r-1", head="doubtful", classes=["a", "b", "c"])
    (photo,) = predict.predict([doubtful, a_model(tmp_path, "r-2")], [("a.png", a_photo())])
    assert [answer.unsure for answer in photo.predictions] == [True, False]
    assert photo.predictions[0].unsure_below == 0.5


def test_models_with_one_prefix_compute_it_once_per_photo(tmp_path):
    folders = [
        a_model(tmp_path, "r-1"),
        a_model(tmp_path, "r-2", head="head two"),
        a_model(tmp_path, "r-3", prefix="prefix b"),
    ]
    predict.predict(folders, [("a.png", a_photo())])
    assert FakeEngine.made.count("prefix") == 2, "two models share one engine"
    FakeEngine.calls.clear()
    (photo,) = predict.predict(folders, [("a.png", a_photo())])
    assert FakeEngine.calls.count("prefix") == 2
    assert FakeEngine.calls.count("head") == 3
    assert all(answer.milliseconds > 0 for answer in photo.predictions)


def test_a_model_is_loaded_and_hashed_once_and_the_least_used_leaves_memory(tmp_path, monkeypatch):
    folders = [a_model(tmp_path, f"r-{number}", prefix=f"prefix {number}") for number in range(6)]
    hashed = []
    monkeypatch.setattr(
        "core.files.atomic.file_digest", lambda file, kind: hashed.append(file.name) or hashlib.file_digest(file, kind)
    )
    first = predict.load(folders[0])
    assert predict.load(folders[0]) is first
    assert len(hashed) == 2
    for folder in folders[1:]:
        predict.load(folder)
    assert len(predict._loaded) == predict.LOADED_MODELS
    assert predict.load(folders[0]) is not first
    assert len(hashed) == 12, "what left memory is not hashed again"


def test_a_damaged_model_says_so_in_its_place_and_the_others_answer(tmp_path):
    damaged, fine = a_model(tmp_path, "r-1"), a_model(tmp_path, "r-2")
    (damaged / "head.tflite").write_text("head tampered with")
    (photo,) = predict.predict([damaged, fine], [("a.png", a_photo())])
    assert photo.predictions[0].problem == "head.tflite of the model of run r-1 was changed or damaged. Train it again."
    assert photo.predictions[0].classes == ()
    assert photo.predictions[1].classes[0].class_name == "light"
    assert FakeEngine.made.count("prefix") == 1, "nothing of a damaged model is opened"


def test_a_file_exchanged_while_its_model_is_in_memory_is_noticed(tmp_path):
    folder = a_model(tmp_path)
    predict.load(folder)
    (folder / "prefix.tflite").write_text("prefix exchanged")
    with pytest.raises(Unavailable, match=r"prefix\.tflite of the model of run r-1 was changed"):
        predict.load(folder)


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
        predict.predict([folder], [("a.png", a_photo())])


def test_a_card_cannot_point_outside_its_folder(tmp_path):
    (tmp_path / "prefix.tflite").write_text("prefix")
    outside = "../../prefix.tflite"
    engines = [{"file": outside, "sha256": hashlib.sha256(b"prefix").hexdigest()}]
    answer = {"kind": "network", "file": outside, "input_size": 8}
    with pytest.raises(Unavailable, match="cannot be read"):
        predict.load(a_model(tmp_path, answer=answer, engines=engines))
    assert FakeEngine.made == []


@pytest.mark.parametrize("kinds", [{"head": "misfit"}, {"prefix": "broken"}, {"classes": ["a", "b", "c"]}])
def test_a_model_that_does_not_fit_its_card_is_found_before_it_answers(tmp_path, kinds):
    with pytest.raises(Unavailable, match="does not fit its card|no engine that can be run"):
        predict.load(a_model(tmp_path, **kinds))


def test_a_model_that_litert_cannot_run_says_so(tmp_path):
    with pytest.raises(Unavailable, match="LiteRT cannot run the model of run r-1"):
        predict.load(a_model(tmp_path, answer=None))


def a_cascade(home, threshold):
    """Two models of which the second is only asked when the first is less sure than ``threshold``."""
    folder = a_model(home, "r-c")
    for name in ("cheap", "costly"):
        (folder / f"{name}.tflite").write_text(f"{'doubtful' if name == 'cheap' else 'sure'} {name}")
    network = {"kind": "network", "file": "prefix.tflite", "input_size": 8}
    cheap, costly = ({"kind": "head", "file": f"{name}.tflite", "inputs": [network]} for name in ("cheap", "costly"))
    data = json.loads((folder / "card.json").read_text())
    data["answer"] = {"kind": "confidence", "cheap": cheap, "costly": costly, "threshold": threshold}
    data["class_names"] = ["a", "b", "c"]
    data["engines"] = [
        {"file": path.name, "sha256": hashlib.sha256(path.read_bytes()).hexdigest()} for path in folder.glob("*.tflite")
    ]
    (folder / "card.json").write_text(json.dumps(data))
    return folder


@pytest.mark.parametrize(("threshold", "passed_on"), [(0.4, False), (0.5, True)])
def test_a_confidence_cascade_asks_the_costly_model_only_when_the_cheap_one_is_unsure(tmp_path, threshold, passed_on):
    predictor = predict.load(a_cascade(tmp_path, threshold))
    FakeEngine.calls.clear()
    answer = predictor.predict(View(a_jpeg()), top=1)
    assert answer.passed_on is passed_on
    assert ("sure" in FakeEngine.calls) is passed_on
    assert answer.classes[0].class_name == ("c" if passed_on else "a")
    assert FakeEngine.calls.count("prefix") == 1, "both models see one photo through one network"


# --- temperature ---


def hot(folder, temperature):
    data = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(data | {"calibration": {"temperature": temperature}}))


def probabilities(folder, brightness=200):
    (photo,) = predict.predict([folder], [("a.png", a_photo(brightness))])
    (answer,) = photo.predictions
    return answer, {one.class_name: one.probability for one in answer.classes}


def test_a_temperature_makes_live_answers_less_sure_without_changing_them(tmp_path):
    folder = a_model(tmp_path)
    raw, before = probabilities(folder)
    hot(folder, 2.0)
    answer, after = probabilities(folder)
    expected = np.sqrt([before["light"], before["dark"]])
    assert after["light"] == pytest.approx(expected[0] / expected.sum(), abs=1e-6)
    assert [one.class_name for one in answer.classes] == [one.class_name for one in raw.classes]
    assert (raw.calibrated, answer.calibrated) == (False, True)


def test_a_temperature_that_is_taken_back_is_gone_at_the_next_photo(tmp_path):
    folder = a_model(tmp_path)
    before = probabilities(folder)[1]
    card = (folder / "card.json").read_text()
    hot(folder, 3.0)
    assert probabilities(folder)[1] != before
    (folder / "card.json").write_text(card)
    assert probabilities(folder)[1] == before


def test_an_unsure_answer_is_judged_by_the_probabilities_that_are_shown(tmp_path):
    folder = a_model(tmp_path, head="doubtful", classes=["a", "b", "c"])
    assert probabilities(folder)[0].unsure
    hot(folder, 0.2)
    answer, found = probabilities(folder)
    assert found["a"] > 0.5 and not answer.unsure


def test_a_cascade_passes_on_by_the_raw_answers_whatever_its_temperature(tmp_path):
    folder = a_cascade(tmp_path, 0.5)
    hot(folder, 20.0)
    assert probabilities(folder)[0].passed_on is True
    hot(folder, 0.05)
    assert probabilities(folder)[0].passed_on is True


def test_a_model_built_on_a_calibrated_one_uses_its_raw_answers(tmp_path):
    folder, target = a_model(tmp_path), tmp_path / "r-new" / "model"
    target.mkdir(parents=True)
    hot(folder, 4.0)
    node = model_files.adopt(folder, target)
    adopted = graph.InferenceGraph(target, node, classes=2)(View(a_jpeg()))
    assert (
        adopted.tolist()
        == graph.InferenceGraph(folder, model_files.read_model(folder).node, classes=2)(View(a_jpeg())).tolist()
    )
    assert adopted.max() == pytest.approx(1.0, abs=0.02), "as sure as before the temperature"


def test_many_threads_load_a_model_once(tmp_path):
    folder, answers = a_model(tmp_path), []
    threads = [threading.Thread(target=lambda: answers.append(predict.load(folder))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8
    assert len(set(map(id, answers))) == 1


def test_no_photos_need_no_decoder(tmp_path, monkeypatch):
    monkeypatch.setattr(predict, "decode_untrusted", lambda items: pytest.fail("nothing to decode"))
    assert predict.predict([a_model(tmp_path)], []) == []


def brightness_of(photo, model: int) -> float:
    return next(one.probability for one in photo.predictions[model].classes if one.class_name == "light")


def test_sixteen_bit_grey_has_the_scale_that_each_model_learned_from(tmp_path):
    """Half of white at 12 bits: grey for a model of 12-bit photos, almost black where 16 bits were meant."""
    photo = grey_tiff(np.full((30, 40), 2048, np.uint16))
    scales = {"r-12": {"grey_bits": 12}, "r-16": {"grey_bits": 16}, "r-none": {"grey_bits": None}, "r-old": {}}
    models = [a_model(tmp_path, run_id, dataset={"id": "d-1"} | scale) for run_id, scale in scales.items()]
    (found,) = predict.predict(models, [("x.tif", photo)])
    assert [round(brightness_of(found, n), 1) for n in range(4)] == [0.5, 0.0, 0.5, 0.0]
    (found,) = predict.predict(models, [("x.png", a_photo(128))])
    assert [round(brightness_of(found, n), 1) for n in range(4)] == [0.5, 0.5, 0.5, 0.5]


def test_grey_that_is_too_bright_for_the_scale_of_a_model_is_told_and_not_predicted_as_white(tmp_path):
    photo = grey_tiff(np.full((30, 40), 40_000, np.uint16))
    models = [a_model(tmp_path, f"r-{bits}", dataset={"grey_bits": bits}) for bits in (12, 16)]
    (found,) = predict.predict(models, [("x.tif", photo)])
    assert "up to 40,000; white is 4,095" in found.predictions[0].problem and not found.predictions[0].classes
    assert round(brightness_of(found, 1), 1) == 0.6
