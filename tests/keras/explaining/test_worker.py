"""Finished runs of every kind are explained: by gradients where their head has one, else by hiding parts."""

import os
import shutil
import signal
from contextlib import closing
from dataclasses import replace

import numpy as np
import pytest

from core.datasets.decoding.photos import StoredPhoto
from core.explaining.process import ExplainingProcess
from core.explaining.subjects import subjects_of, whole_of
from core.explaining.values import GRAD_CAM, OCCLUSION, ExplainerAnswer, MemberExplanation
from core.explaining.worker import COMPUTING, LOADED, STARTING, Explainer
from core.files.home import dataset_folder
from core.models.cascades.combine import combine
from core.recipes.hyperparameters import Solver
from core.recipes.patterns import Cascade, Pattern
from core.recipes.recipe import Recipe
from core.workbench import Workbench
from tests.keras.training_bench import NUMBERS, OTHER, Bench

pytestmark = pytest.mark.keras


class Home:
    """A bench, and the explanations of its runs."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.stages = bench, []
        self.explainer = Explainer(self.stages.append)
        photo = next(one for one in bench.registry.photos(bench.dataset.id) if one.split == "test")
        self.jpeg = (dataset_folder(bench.settings, bench.dataset.id).photos / f"{photo.digest}.jpg").read_bytes()

    def explain(self, run_id: str, label: int | None = None, **changes) -> ExplainerAnswer:
        bench = self.bench
        model = bench.registry.model(run_id)
        model = replace(model, card=model.card | changes)
        subjects = subjects_of(model, bench.registry, bench.settings)
        whole = whole_of(model, bench.registry, bench.settings)
        return self.explainer.explain(whole, subjects, self.jpeg, list(bench.dataset.class_names), label)

    def only(self, run_id: str, label: int | None = None, **changes) -> MemberExplanation:
        (member,) = self.explain(run_id, label, **changes).members
        return member

    def combine(self, run_id: str, kind: Cascade, *members: str) -> None:
        recipe = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=kind, members=members)
        run = self.bench.registry.run(members[0])
        run = replace(run, id=run_id, name=run_id, recipe=recipe, fingerprint=run_id * 8)
        combine(recipe, run, self.bench.registry, self.bench.settings)


@pytest.fixture
def home(full_bench) -> Home:
    return Home(full_bench)


def test_runs_of_every_kind_are_explained(home):
    classic = {"pattern": Pattern.STANDALONE_EXTRACTOR}
    home.bench.train("r-net")
    home.bench.train("r-logreg", replace(NUMBERS, solver=Solver.LOGISTIC_REGRESSION), **classic)
    home.bench.train("r-knn", replace(NUMBERS, solver=Solver.K_NEAREST_NEIGHBOURS), **classic)
    home.bench.train("r-both", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=(OTHER.name,))

    for run_id in ("r-net", "r-logreg"):
        found = home.explain(run_id)
        (member,) = found.members
        assert (member.method, member.because, member.problem) == (GRAD_CAM, "", "")
        assert [heat.values.shape for heat in member.maps] == [(4, 4)] and member.maps[0].values.max() == 1
        assert member.probability == pytest.approx(found.probability) and member.test is not None
        assert member.predicted == home.bench.dataset.class_names[found.predicted]
    nearest = home.only("r-knn")
    assert nearest.method == OCCLUSION and nearest.because == "its head of nearest neighbours has no gradient"
    assert nearest.maps[0].values.shape == (8, 8)
    both = home.only("r-both")
    assert [heat.title for heat in both.maps] == ["Trained", "Other"]
    assert max(heat.values.max() for heat in both.maps) == 1

    home.combine("r-mean", Cascade.ENSEMBLE, "r-net", "r-knn")
    found = home.explain("r-mean")
    assert [(one.run_id, one.method) for one in found.members] == [("r-net", GRAD_CAM), ("r-knn", OCCLUSION)]
    assert found.probability == pytest.approx(np.mean([one.probability for one in found.members]), abs=1e-6)
    other = home.explain("r-mean", label=(found.predicted + 1) % 3)
    assert other.label != other.predicted == found.predicted and other.probability < found.probability

    shutil.rmtree(home.bench.folder("r-net") / "model")
    gone, _ = home.explain("r-mean").members
    assert (gone.method, gone.because) == (OCCLUSION, "its own model was deleted") and gone.maps


def test_files_that_changed_are_not_loaded(home):
    home.bench.train("r-net")
    path = home.bench.model_path("r-net")
    path.write_bytes(path.read_bytes() + b"x")
    found = home.only("r-net")
    assert found.method == OCCLUSION and found.because == "model.keras of run r-net was changed or damaged"
    path.unlink()
    assert home.only("r-net").because == "model.keras of run r-net is gone"


def test_a_model_that_litert_cannot_run_is_explained_by_keras_alone(home):
    home.bench.train("r-net")
    with_graph = home.explain("r-net")
    alone = home.explain("r-net", answer=None, fit="squash")
    assert alone.members[0].method == GRAD_CAM and alone.members[0].test is None
    assert alone.probability == pytest.approx(with_graph.probability, abs=1e-4)
    np.testing.assert_allclose(alone.members[0].maps[0].values, with_graph.members[0].maps[0].values, atol=1e-4)


def test_a_loaded_model_is_kept_and_few_are(home):
    for number in range(LOADED + 1):
        home.bench.train(f"r-{number}", replace(NUMBERS, seed=number))
        home.only(f"r-{number}")
    assert len(home.explainer._models) == LOADED and len(home.explainer._graphs) <= 2 * LOADED
    home.stages.clear()
    home.only(f"r-{LOADED}")
    assert home.stages == [COMPUTING]
    home.explainer.forget()
    assert not home.explainer._models and home.only("r-0").maps


def test_the_process_gives_the_same_heat_map(home):
    home.bench.train("r-net")
    here = home.explain("r-net")
    settings = home.bench.settings
    photo = StoredPhoto(jpeg=home.jpeg, width=24, height=24)
    with closing(ExplainingProcess(settings)) as process:
        bench, stages = Workbench(settings, home.bench.registry), []
        bench.explaining = process
        found = bench.explain("r-net", ("a.jpg", photo), stage=stages.append)
        assert stages == [STARTING, COMPUTING] and process.is_warm
        os.kill(process._process.pid, signal.SIGKILL)
        process._process.wait()
        again = bench.explain("r-net", ("a.jpg", photo), class_name=found.class_name)
    assert found.class_name == home.bench.dataset.class_names[here.label]
    for one in (found, again):
        np.testing.assert_allclose(one.members[0].maps[0].values, here.members[0].maps[0].values, atol=1e-5)
        assert one.members[0].test.hottest == pytest.approx(here.members[0].test.hottest, abs=1e-5)
