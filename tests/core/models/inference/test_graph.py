"""From a photo to probabilities through a tree of files; engines are arithmetic here, real ones are in tests/keras."""

import hashlib
import json

import numpy as np
import pytest

from core.errors import InvalidInput, NotFound, Unavailable
from core.features import engines
from core.features.views import View
from core.files.folders import RunFolder
from core.files.home import dataset_folder, registry_file
from core.models.heads import load as heads
from core.models.heads.dense import Layer, write_dense
from core.models.inference import graph
from core.models.inference.graph import InferenceGraph
from core.models.inference.model_files import adopt, engines_of, read_model
from core.models.inference.nodes import Confidence, Head, Mean, files_of, to_dict
from core.models.inference.stored import predictions_of
from core.recipes.hyperparameters import ViewSettings
from core.registry import Registry
from core.settings import Settings
from tests.core.models.inference.test_nodes import ONE, STACK, TWO, of_one, of_two
from tests.factories import fill, tiny_jpeg


class Colours:
    """Stands for a network: mean red, green and blue, 0..1; its file says how often they are repeated."""

    calls: list[tuple[str, int]] = []

    def __init__(self, path, threads=None, workers=1):
        self.name, self.repeated, self.workers = path.name, int(path.read_text()), workers

    def __call__(self, rows):
        Colours.calls.append((self.name, rows.shape[1]))
        return np.tile(rows.mean(axis=(1, 2)).astype(np.float32) / 255, (1, self.repeated))


@pytest.fixture(autouse=True)
def fresh(monkeypatch):
    monkeypatch.setattr(engines, "LiteRTEngine", Colours)
    monkeypatch.setattr(heads, "LiteRTEngine", Colours)
    Colours.calls = []
    graph._engines.clear()


def a_head(path, inputs, classes=2, seed=0):
    generator = np.random.default_rng(seed)
    write_dense(path, [Layer(generator.normal(size=(inputs, classes)), generator.normal(size=classes), "softmax")])


@pytest.fixture
def folder(tmp_path):
    """Two networks and the heads of ``STACK``."""
    folder = tmp_path / "r-1" / "model"
    folder.mkdir(parents=True)
    (folder / "one.tflite").write_text("1")
    (folder / "two.tflite").write_text("2")
    a_head(folder / "one.npz", 3, seed=1)
    a_head(folder / "two.npz", 6, seed=2)
    a_head(folder / "top.npz", 5, seed=3)
    return folder


def a_card(folder, node, classes=("dark", "light"), **changes):
    card = {"class_names": list(classes), "answer": to_dict(node), "engines": engines_of(folder, node)} | changes
    (folder / "card.json").write_text(json.dumps(card))


def a_view(number=0) -> View:
    return View(tiny_jpeg(number, number))


# --- answering ---


def test_inputs_of_a_head_stand_side_by_side_each_at_its_own_size(folder):
    graph = InferenceGraph(folder, STACK, classes=2)
    view = a_view()
    colours_8, colours_12 = (view.square(size).mean(axis=(0, 1), dtype=np.float64) / 255 for size in (8, 12))
    passed_on = heads.load_head(folder / "two.npz")(np.tile(colours_12, 2)[None])
    expected = heads.load_head(folder / "top.npz")(np.concatenate([colours_8[None], passed_on], axis=1))
    np.testing.assert_allclose(graph(view), expected[0], atol=1e-5)
    assert {("one.tflite", 8), ("two.tflite", 12)} == set(Colours.calls)


def test_an_ensemble_gives_the_mean(folder):
    one, two, both = (
        InferenceGraph(folder, node, classes=2)(a_view())
        for node in (of_one(), of_two(), Mean(inputs=(of_one(), of_two())))
    )
    np.testing.assert_allclose(both, (one + two) / 2, atol=1e-6)
    assert both.dtype == np.float32


@pytest.mark.parametrize(("threshold", "passed_on"), [(0.0, False), (1.01, True)])
def test_a_cascade_passes_on_what_the_cheap_model_is_unsure_of(folder, threshold, passed_on):
    node = Confidence(cheap=of_one(), costly=of_two(), threshold=threshold)
    answered = InferenceGraph(folder, node, classes=2).predict(a_view())
    expected = InferenceGraph(folder, of_two() if passed_on else of_one(), classes=2)(a_view())
    np.testing.assert_array_equal(answered.probabilities, expected)
    assert answered.passed_on is passed_on


def test_what_one_model_computed_another_does_not_compute_again_but_pays_for(folder):
    first, second = (
        InferenceGraph(folder, of_one(), classes=2),
        InferenceGraph(folder, Mean(inputs=(of_one(), of_two())), classes=2),
    )
    view, memo = a_view(), {}
    Colours.calls.clear()
    alone = first.predict(view, memo)
    together = second.predict(view, memo)
    assert [name for name, _ in Colours.calls] == ["one.tflite", "two.tflite"]
    assert together.milliseconds > alone.milliseconds
    np.testing.assert_allclose(together.probabilities, second(view), atol=1e-6)


def test_a_memo_belongs_to_files_not_to_their_names(folder, tmp_path):
    other = tmp_path / "r-2" / "model"
    other.mkdir(parents=True)
    (other / "one.tflite").write_text("1")
    a_head(other / "one.npz", 3, seed=9)
    view, memo = a_view(), {}
    here = InferenceGraph(folder, of_one(), classes=2).predict(view, memo).probabilities
    there = InferenceGraph(other, of_one(), classes=2).predict(view, memo).probabilities
    assert not np.allclose(here, there)
    np.testing.assert_array_equal(there, InferenceGraph(other, of_one(), classes=2)(view))


@pytest.mark.parametrize(
    ("node", "classes"),
    [
        (Head(file="two.npz", inputs=(ONE,)), 2),
        (Head(file="top.npz", inputs=(ONE, TWO)), 2),
        (ONE, 2),
        (of_one(), 3),
        (Mean(inputs=(of_one(), ONE)), 2),
        (Confidence(cheap=of_one(), costly=TWO, threshold=0.0), 2),
    ],
)
def test_files_that_do_not_fit_together_are_found_when_they_are_loaded(folder, node, classes):
    with pytest.raises(Unavailable, match="do not fit together"):
        InferenceGraph(folder, node, classes=classes)


# --- files ---


def test_an_adopted_model_answers_from_its_new_folder(folder, tmp_path):
    a_card(folder, STACK)
    expected = InferenceGraph(folder, STACK, classes=2)(a_view())
    target = tmp_path / "r-2"
    target.mkdir()
    node = adopt(folder, target)
    assert adopt(folder, target) == node, "a second member with the same files adds none"
    assert sorted(path.name for path in target.iterdir()) == sorted(files_of(node))
    for path in folder.iterdir():
        path.unlink()
    np.testing.assert_array_equal(InferenceGraph(target, node, classes=2)(a_view()), expected)


def test_a_changed_file_is_not_adopted(folder, tmp_path):
    a_card(folder, STACK)
    (folder / "one.tflite").write_text("1 ")
    with pytest.raises(Unavailable, match=r"one\.tflite of the model of run r-1 was changed"):
        adopt(folder, tmp_path)


def test_a_card_without_the_digest_of_a_file_is_not_believed(folder):
    a_card(folder, STACK, engines=engines_of(folder, STACK)[1:])
    with pytest.raises(Unavailable, match="cannot be read"):
        read_model(folder)


# --- stored answers ---


@pytest.fixture
def home(tmp_path):
    settings = Settings(home=tmp_path / "home")
    registry = Registry.open(registry_file(settings))
    return settings, registry, fill(registry, settings, runs=1).dataset


def ask(home, run, split="train", **options):
    settings, registry, dataset = home
    photos = registry.photos(dataset.id, split=split)
    options = {"digest": "d" * 64} | options
    return photos, predictions_of(photos, dataset=dataset, run_folder=RunFolder(run), settings=settings, **options)


def test_answers_of_a_run_are_computed_once_and_stored(home, folder):
    a_card(folder, of_one())
    photos, first = ask(home, folder.parent)
    asked = len(Colours.calls)
    _, second = ask(home, folder.parent)
    assert len(Colours.calls) == asked
    np.testing.assert_array_equal(first.array, second.array)
    assert first.array.shape == (len(photos), 2)
    graph = InferenceGraph(folder, of_one(), classes=2)
    jpeg = (dataset_folder(home[0], home[2].id).path / "photos" / f"{photos[5].digest}.jpg").read_bytes()
    np.testing.assert_allclose(first.array[5], graph(View(jpeg)), atol=1e-6)


def test_every_view_and_every_model_has_answers_of_its_own(home, folder):
    a_card(folder, of_one())
    _, plain = ask(home, folder.parent)
    _, augmented = ask(home, folder.parent, which=ViewSettings(1, 3))
    assert not np.allclose(plain.array, augmented.array)
    a_card(folder, of_two())
    _, other = ask(home, folder.parent, digest="e" * 64)
    assert not np.allclose(plain.array, other.array)


def test_answers_of_a_model_that_is_gone_or_a_split_cut_short_are_refused(home, folder):
    settings, registry, dataset = home
    with pytest.raises(Unavailable, match="are gone"):
        ask(home, folder.parent)
    a_card(folder, of_one())
    photos = registry.photos(dataset.id, split="test")
    run = RunFolder(folder.parent)
    with pytest.raises(InvalidInput, match="all .* photos"):
        predictions_of(photos[1:], dataset=dataset, run_folder=run, digest="d" * 64, settings=settings)
    with pytest.raises(InvalidInput, match="per split"):
        predictions_of([], dataset=dataset, run_folder=run, digest="d" * 64, settings=settings)
    (dataset_folder(settings, dataset.id).path / "photos" / f"{photos[0].digest}.jpg").unlink()
    with pytest.raises(NotFound, match="stored photo"):
        ask(home, folder.parent, "test")


def test_digests_are_those_of_the_files(folder):
    for entry in engines_of(folder, STACK):
        assert entry["sha256"] == hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest()


def test_networks_are_run_apart_from_what_follows_them(folder):
    graph, view = InferenceGraph(folder, STACK, classes=2), a_view()
    Colours.calls.clear()
    memo = graph.run_networks(view)
    assert tuple(sorted(memo)) == graph.network_keys and {name for name, _ in Colours.calls} == {
        "one.tflite",
        "two.tflite",
    }
    Colours.calls.clear()
    timed = graph.predict(view, dict(memo))
    assert not Colours.calls
    assert timed.milliseconds >= sum(one.milliseconds for one in memo.values())
    assert np.array_equal(timed.probabilities, graph(view))
