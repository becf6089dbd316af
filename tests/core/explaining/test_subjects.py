"""Which models of a run are explained, by which files."""

import json
from dataclasses import replace

import pytest

from core.datasets.decoding.fit import Fit
from core.explaining.subjects import GONE, NO_KERAS, Subject, subjects_of, whole_of
from core.files.home import run_folder
from core.models.inference.model_files import engines_of
from core.models.inference.nodes import Head, Mean, Network, to_dict
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from tests.pattern_home import fill_patterns

ONE = Head(file="head.npz", inputs=(Network(file="one.tflite", input_size=224, fit=Fit.CROP),))
TWO = Head(
    file="head.npz",
    inputs=(
        Network(file="one.tflite", input_size=224, fit=Fit.PAD),
        Network(file="two.tflite", input_size=240, fit=Fit.PAD),
    ),
)


@pytest.fixture
def home(bench):
    """The workbench, and the runs of every pattern, some with an inference graph of stand-ins."""
    runs = fill_patterns(bench)
    for name, node in {
        "features": ONE, "top 3": ONE, "fusion": TWO, "ensemble": Mean(inputs=(ONE, ONE)), "as it is": ONE,
    }.items():  # fmt: skip
        folder = run_folder(bench.settings, runs[name].id).model
        for file in ("head.npz", "one.tflite", "two.tflite"):
            (folder / file).write_text(file)
        card = json.loads((folder / "card.json").read_text())
        card |= {"class_names": ["a", "b"], "answer": to_dict(node), "engines": engines_of(folder, node)}
        (folder / "card.json").write_text(json.dumps(card))
    return bench, runs


def subjects(home, name: str) -> list[Subject]:
    bench, runs = home
    return subjects_of(bench.registry.model(runs[name].id), bench.registry, bench.settings)


def test_a_single_network_is_explained_by_its_keras_model(home):
    bench, runs = home
    (found,) = subjects(home, "top 3")
    assert found.keras == bench.settings.home / bench.registry.model(runs["top 3"].id).path
    assert (found.titles, found.fits, found.because) == (("",), (Fit.CROP,), "")
    assert (found.run_id, found.title) == (runs["top 3"].id, runs["top 3"].name)


def test_a_fusion_has_a_map_for_each_network(home):
    (found,) = subjects(home, "fusion")
    assert found.titles == ("Lite0", "Lite1") and found.fits == (Fit.PAD, Fit.PAD)


def test_an_ensemble_is_explained_by_its_members(home):
    bench, runs = home
    one, two = subjects(home, "ensemble")
    assert [one.run_id, two.run_id] == [runs["features"].id, runs["top 3"].id]
    assert one.folder == run_folder(bench.settings, one.run_id).model and one.graph == ONE
    whole = whole_of(bench.registry.model(runs["ensemble"].id), bench.registry, bench.settings)
    assert isinstance(whole.graph, Mean) and (whole.keras, whole.because) == (None, NO_KERAS)


def test_a_member_whose_model_is_gone_is_explained_by_the_files_of_the_ensemble(home):
    bench, runs = home
    (run_folder(bench.settings, runs["features"].id).model / "card.json").unlink()
    one, two = subjects(home, "ensemble")
    assert (one.keras, one.because) == (None, GONE) and two.keras is not None
    assert one.folder == run_folder(bench.settings, runs["ensemble"].id).model and one.title == runs["features"].name


def test_a_model_that_litert_cannot_run_has_no_graph(home):
    bench, runs = home
    model = bench.registry.model(runs["fusion"].id)
    bare = replace(model, card=model.card | {"answer": None, "fit": "pad"})
    (found,) = subjects_of(bare, bench.registry, bench.settings)
    assert found.graph is None and found.titles == ("Lite0", "Lite1") and found.fits == (Fit.PAD, Fit.PAD)


def test_the_networks_of_a_stacked_model_are_numbered(home):
    bench, runs = home
    model = bench.registry.model(runs["fusion"].id)
    recipe = Recipe(
        backbone="efficientnet_lite0", pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=(runs["fusion"].id,)
    )
    run = bench.registry.run(model.run_id)
    stacked = Head(file="head.npz", inputs=(ONE.inputs[0], TWO))
    folder = run_folder(bench.settings, model.run_id).model
    card = json.loads((folder / "card.json").read_text()) | {"answer": to_dict(stacked)}
    (folder / "card.json").write_text(json.dumps(card))
    registry = _WithRecipe(bench.registry, replace(run, recipe=recipe))
    (found,) = subjects_of(model, registry, bench.settings)
    assert found.titles == ("Lite0", f"{run.name}, network 1", f"{run.name}, network 2")
    assert found.fits == (Fit.CROP, Fit.PAD, Fit.PAD)


class _WithRecipe:
    """A registry that knows another recipe of one run."""

    def __init__(self, registry, run):
        self._registry, self._run = registry, run

    def run(self, run_id):
        return self._run if run_id == self._run.id else self._registry.run(run_id)

    def __getattr__(self, name):
        return getattr(self._registry, name)
