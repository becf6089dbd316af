"""Ensembles and confidence cascades from what finished runs said about the photos; nothing is trained."""

import hashlib
import json
import os
import shutil
from dataclasses import replace

import numpy as np
import pytest

from core.errors import InvalidInput, NotFound, Unavailable
from core.features import engines
from core.features.views import View
from core.files.home import registry_file, run_folder
from core.models.cascades.combine import combine
from core.models.heads import load as heads
from core.models.heads.dense import Layer, write_dense
from core.models.inference import graph
from core.models.inference.model_files import read_model
from core.models.inference.stored import load_graph
from core.models.predict import Predictor
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.runs.values import Status
from core.settings import Settings
from tests.factories import fill, make_run, tiny_jpeg


class Brightness:
    """Stands for a network: the mean brightness of a photo in two numbers."""

    runs = 0

    def __init__(self, path, threads=None, workers=1):
        pass

    def __call__(self, rows):
        Brightness.runs += len(rows)
        mean = rows.reshape(len(rows), -1).mean(axis=1, keepdims=True).astype(np.float32) / 255
        return np.concatenate([mean, 1 - mean], axis=1)


class Home:
    """A registry with finished runs whose models can be asked."""

    def __init__(self, folder):
        self.settings = Settings(home=folder)
        self.registry = Registry.open(registry_file(self.settings))
        self.filled = fill(self.registry, self.settings, runs=8)
        self.dataset = self.filled.dataset
        self.finished = [run.id for run in self.filled.with_status(Status.FINISHED)]

    def recipe(self, cascade, members) -> Recipe:
        return Recipe(backbone="", pattern=Pattern.CASCADE, cascade=cascade, members=tuple(members))

    def combine(self, cascade, members, run_id="r-together"):
        recipe = self.recipe(cascade, members)
        combine(recipe, make_run(99, dataset=self.dataset, id=run_id, recipe=recipe), self.registry, self.settings)
        return self.registry.run(run_id)

    def model_folder(self, run_id):
        return run_folder(self.settings, run_id).path / "model"

    def stored(self, run_id, split):
        with np.load(run_folder(self.settings, run_id).path / f"{split}.npz") as file:
            return {name: file[name] for name in file.files}

    def say(self, run_id, split, probabilities):
        known = self.stored(run_id, split)
        np.savez(run_folder(self.settings, run_id).path / f"{split}.npz", **known | {"probabilities": probabilities})

    def give_engine(self, run_id, *, network="one", bias=(0, 0, 0, 0)):
        """A model that can be asked: the network's two numbers and a head of its own."""
        folder = self.model_folder(run_id)
        (folder / "prefix.tflite").write_text(network)
        write_dense(folder / "head.npz", [Layer(np.ones((2, 4)), np.float32(bias), "softmax")])
        card = json.loads((folder / "card.json").read_text())
        for entry in card["engines"]:
            entry["sha256"] = hashlib.sha256((folder / entry["file"]).read_bytes()).hexdigest()
        card["answer"]["inputs"][0]["input_size"] = 8
        (folder / "card.json").write_text(json.dumps(card))


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(engines, "LiteRTEngine", Brightness)
    monkeypatch.setattr(heads, "LiteRTEngine", Brightness)
    Brightness.runs = 0
    graph._engines.clear()
    return Home(tmp_path)


def test_an_ensemble_says_the_mean_of_what_its_members_said(home):
    run = home.combine(Cascade.ENSEMBLE, home.finished[:3])
    assert run.status is Status.FINISHED
    for split in ("validation", "test"):
        said = [home.stored(run_id, split)["probabilities"] for run_id in home.finished[:3]]
        np.testing.assert_allclose(home.stored(run.id, split)["probabilities"], np.mean(said, axis=0), atol=1e-6)
    found = home.stored(run.id, "test")
    right = (found["probabilities"].argmax(axis=1) == found["labels"]).mean()
    assert home.registry.evaluation(run.id).accuracy == pytest.approx(right)
    assert run.test_accuracy == pytest.approx(right)


def test_everything_of_it_is_on_the_disk_before_the_registry_calls_it_finished(home, monkeypatch):
    synced, fsync, add = set(), os.fsync, Registry.add_finished

    def noted(descriptor):
        synced.add(os.fstat(descriptor).st_ino)
        fsync(descriptor)

    def finished(registry, run, **results):
        folder = run_folder(home.settings, run.id).path
        assert {path.stat().st_ino for path in (folder, *folder.rglob("*"))} <= synced
        return add(registry, run, **results)

    monkeypatch.setattr(os, "fsync", noted)
    monkeypatch.setattr(Registry, "add_finished", finished)
    assert home.combine(Cascade.ENSEMBLE, home.finished[:2]).status is Status.FINISHED


def test_photos_are_matched_by_their_digest_not_by_their_place(home):
    first, second = home.finished[:2]
    for split in ("validation", "test"):
        known = home.stored(second, split)
        turned = {name: rows[::-1] for name, rows in known.items()}
        np.savez(run_folder(home.settings, second).path / f"{split}.npz", **turned)
    run = home.combine(Cascade.ENSEMBLE, [first, second])
    expected = (home.stored(first, "test")["probabilities"] + known["probabilities"]) / 2
    np.testing.assert_allclose(home.stored(run.id, "test")["probabilities"], expected, atol=1e-6)
    np.testing.assert_array_equal(home.stored(run.id, "test")["digests"], home.stored(first, "test")["digests"])


def test_an_ensemble_paid_seconds_and_would_alone_have_cost_all_its_members_too(home):
    members = home.finished[:2]
    costs = [home.registry.cost(run_id) for run_id in members]
    cost = home.registry.cost(home.combine(Cascade.ENSEMBLE, members).id)
    assert cost.wall_seconds < 5
    assert cost.alone_wall_seconds == pytest.approx(cost.wall_seconds + sum(one.alone_wall_seconds for one in costs))
    assert cost.alone_cpu_seconds == pytest.approx(cost.cpu_seconds + sum(one.alone_cpu_seconds for one in costs))
    assert cost.parameters_trainable == 0


def test_the_model_of_an_ensemble_answers_from_its_own_folder_when_its_members_are_gone(home):
    first, second = home.finished[:2]
    home.give_engine(first, bias=(2, 0, 0, 0))
    home.give_engine(second, bias=(0, 2, 0, 0))
    view = View(tiny_jpeg(0, 0))
    separate = [load_graph(home.model_folder(run_id))(view) for run_id in (first, second)]
    run = home.combine(Cascade.ENSEMBLE, [first, second])
    for run_id in (first, second):
        shutil.rmtree(home.model_folder(run_id))
    np.testing.assert_allclose(load_graph(home.model_folder(run.id))(view), np.mean(separate, axis=0), atol=1e-6)
    assert len(list(home.model_folder(run.id).glob("*.tflite"))) == 1, "a network two members share is there once"


def test_the_card_of_a_combination_names_its_parents_and_stands_for_the_model(home):
    members = home.finished[:2]
    run = home.combine(Cascade.ENSEMBLE, members)
    model = home.registry.model(run.id)
    card = json.loads((home.settings.home / model.path).read_text())
    assert card == model.card
    assert card["parents"] == members
    assert model.path.endswith("card.json")
    assert hashlib.sha256((home.settings.home / model.path).read_bytes()).hexdigest() == model.sha256
    assert card["validation"]["accuracy"] == pytest.approx(
        (
            home.stored(run.id, "validation")["probabilities"].argmax(1) == home.stored(run.id, "validation")["labels"]
        ).mean()
    )


def test_a_network_that_members_share_counts_once(home):
    first, second, third = home.finished[:3]
    for run_id, network in ((first, "one"), (second, "one"), (third, "another")):
        home.give_engine(run_id, network=network)
        _refresh(home, run_id)
    operations = {run_id: home.registry.cost(run_id).multiply_adds for run_id in (first, second, third)}
    shared = home.registry.cost(home.combine(Cascade.ENSEMBLE, [first, second], "r-shared").id)
    apart = home.registry.cost(home.combine(Cascade.ENSEMBLE, [first, third], "r-apart").id)
    assert shared.multiply_adds < 1.01 * operations[first]
    assert apart.multiply_adds == operations[first] + operations[third]


def _refresh(home, run_id):
    """The registry's card is the file's."""
    card = json.loads((home.model_folder(run_id) / "card.json").read_text())
    model = home.registry.model(run_id)
    home.registry.delete_models_of([run_id])
    from core.registry.models import insert_model

    with home.registry.writing() as connection:
        insert_model(connection, replace(model, card=card))


# --- confidence ---


def sure_of(labels, share, *, confidence, wrong=None) -> np.ndarray:
    """(n, 4) probabilities: the first ``share`` of the rows right with ``confidence``, the others wrong and unsure."""
    labels = np.asarray(labels)
    rows = np.full((len(labels), 4), 0.0)
    right = np.arange(len(labels)) < share * len(labels)
    rows[np.arange(len(labels)), np.where(right, labels, (labels + 1) % 4)] = 1.0
    top = np.where(right, confidence, 0.4)[:, None]
    return (rows * top + (1 - rows) * (1 - top) / 3).astype(np.float32)


def test_the_threshold_is_chosen_on_validation_photos_alone(home):
    cheap, costly = home.finished[:2]
    for split in ("validation", "test"):
        labels = home.stored(cheap, split)["labels"]
        home.say(cheap, split, sure_of(labels, 0.5, confidence=0.9))
        home.say(costly, split, sure_of(labels, 1.0, confidence=0.8))
    chosen = home.registry.model(home.combine(Cascade.CONFIDENCE, [cheap, costly], "r-1").id).card["choice"]
    assert 0.4 < chosen["threshold"] < 0.9
    assert chosen["passed_on"]["validation"] == pytest.approx(0.5, abs=0.1)
    home.say(cheap, "test", np.full_like(home.stored(cheap, "test")["probabilities"], 0.25))
    again = home.registry.model(home.combine(Cascade.CONFIDENCE, [cheap, costly], "r-2").id).card["choice"]
    assert again["threshold"] == chosen["threshold"]
    assert again["passed_on"]["test"] == 1.0


def test_the_whole_curve_of_accuracy_against_cost_is_kept(home):
    run = home.combine(Cascade.CONFIDENCE, home.finished[:2])
    points = home.registry.model(run.id).card["choice"]["curve"]
    shares = [point["passed_on"] for point in points]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    for end, run_id in ((0, home.finished[0]), (-1, home.finished[1])):
        alone = home.stored(run_id, "validation")
        accuracy = (alone["probabilities"].argmax(axis=1) == alone["labels"]).mean()
        assert points[end]["accuracy"] == pytest.approx(accuracy)
    assert points[0]["milliseconds"] < points[-1]["milliseconds"]


def test_a_cascade_costs_the_costly_model_only_for_the_photos_passed_on(home):
    cheap, costly = home.finished[:2]
    for split in ("validation", "test"):
        labels = home.stored(cheap, split)["labels"]
        home.say(cheap, split, sure_of(labels, 0.75, confidence=0.9))
        home.say(costly, split, sure_of(labels, 1.0, confidence=0.8))
    cost = home.registry.cost(home.combine(Cascade.CONFIDENCE, [cheap, costly]).id)
    of_cheap, of_costly = home.registry.cost(cheap), home.registry.cost(costly)
    passed_on = home.registry.model("r-together").card["choice"]["passed_on"]["test"]
    assert 0.2 < passed_on < 0.3
    assert cost.multiply_adds == pytest.approx(of_cheap.multiply_adds + passed_on * of_costly.multiply_adds, abs=1)
    assert cost.ms_per_photo == pytest.approx(of_cheap.ms_per_photo + passed_on * of_costly.ms_per_photo)


def test_the_saved_cascade_answers_as_it_was_evaluated(home):
    cheap, costly = home.finished[:2]
    home.give_engine(cheap, bias=(0.5, 0, 0, 0))
    home.give_engine(costly, network="another", bias=(0, 9, 0, 0))
    run = home.combine(Cascade.CONFIDENCE, [cheap, costly])
    node = read_model(home.model_folder(run.id)).node
    Brightness.runs = 0
    view = View(tiny_jpeg(1, 1))
    answer = Predictor(read_model(home.model_folder(run.id))).predict(view, top=1)
    sure = load_graph(home.model_folder(cheap))(view).max() >= node.threshold
    assert answer.passed_on is not sure


# --- bad input ---


def test_a_run_that_is_not_finished_is_refused(home):
    running = home.filled.with_status(Status.RUNNING)[0].id
    with pytest.raises(InvalidInput, match=f"{running}, which is RUNNING"):
        home.combine(Cascade.ENSEMBLE, [home.finished[0], running])


def test_runs_of_different_datasets_are_refused(home):
    other = fill(home.registry, home.settings, runs=2, name="trees").runs[0]
    with pytest.raises(InvalidInput, match="trees version 1, beside runs of flowers version 1"):
        home.combine(Cascade.ENSEMBLE, [home.finished[0], other.id])


def test_answers_that_are_gone_or_damaged_are_named(home):
    path = run_folder(home.settings, home.finished[1]).path / "validation.npz"
    path.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(InvalidInput, match=r"validation\.npz is damaged"):
        home.combine(Cascade.ENSEMBLE, home.finished[:2])
    path.unlink()
    with pytest.raises(NotFound, match=r"validation\.npz is missing"):
        home.combine(Cascade.ENSEMBLE, home.finished[:2])


def test_a_member_whose_files_were_changed_is_refused_and_nothing_is_left_behind(home):
    (home.model_folder(home.finished[1]) / "head.npz").write_text("tampered with")
    with pytest.raises(Unavailable, match=r"head\.npz .* was changed or damaged"):
        home.combine(Cascade.ENSEMBLE, home.finished[:2])
    assert not run_folder(home.settings, "r-together").path.exists()
    with pytest.raises(NotFound):
        home.registry.run("r-together")


def test_a_member_whose_model_was_deleted_is_refused(home):
    home.registry.delete_models_of([home.finished[1]])
    with pytest.raises(InvalidInput, match="was deleted"):
        home.combine(Cascade.ENSEMBLE, home.finished[:2])
