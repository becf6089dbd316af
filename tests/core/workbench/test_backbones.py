"""Removing an added backbone: what uses it, and what is freed."""

from dataclasses import replace

import pytest

from core.errors import Conflict, NotFound
from core.features.engines import engine_path
from core.files.home import added_folder, added_record, addition_folder
from core.jobs.additions import run_addition
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from core.runs.values import Cancel
from core.workbench import Workbench
from tests.added import serving_hub, use_file_preparer
from tests.core.backbones.test_additions import a_request
from tests.factories import make_run
from tests.tiny_hub import token_files


@pytest.fixture
def added(bench, settings, monkeypatch):
    use_file_preparer(monkeypatch)
    folder = addition_folder(settings, "1")
    folder.path.mkdir(parents=True)
    done = run_addition(a_request(), folder, settings=settings, registry=bench.registry, report=lambda progress: None)
    return done.backbone


def a_run(bench, dataset):
    run = make_run(99, dataset=bench.registry.dataset(dataset))
    recipe = Recipe(backbone="tiny", hyperparameters=run.recipe.hyperparameters)
    return bench.registry.add_run(replace(run, recipe=recipe, name="Tiny"))


def test_a_removed_backbone_is_gone_with_its_files_and_engines(bench, settings, added):
    engine = engine_path(added, settings, "stem")
    engine.parent.mkdir(parents=True)
    engine.write_bytes(b"x" * 100)
    impact = bench.preview_removal("tiny")
    assert impact == bench.remove_backbone("tiny")
    assert (impact.backbones, impact.bytes) == (1, added.weights_bytes + 100)
    assert not added_folder(settings, "tiny").exists() and not engine.exists()
    assert not added_record(settings, "tiny").exists()
    with pytest.raises(NotFound):
        bench.remove_backbone("tiny")


def test_a_backbone_that_a_waiting_run_uses_is_not_removed(bench, settings, added, dataset):
    run = a_run(bench, dataset)
    with pytest.raises(Conflict, match=f"{run.id}. Cancel them first"):
        bench.remove_backbone("tiny")
    assert added_folder(settings, "tiny").exists()


def test_runs_that_have_ended_are_named_and_stay(bench, added, dataset):
    run = a_run(bench, dataset)
    bench.registry.request_cancel(run.id, Cancel.NOW)
    assert bench.preview_removal("tiny").used_by == (run.id,)
    bench.remove_backbone("tiny")
    assert bench.registry.run(run.id).recipe.backbone == "tiny"


def test_a_removal_that_a_kill_interrupted_is_undone(bench, settings, added, monkeypatch):
    folder = added_folder(settings, "tiny")
    folder.rename(folder.with_name(f".deleted-{'0' * 16}-tiny"))
    assert Workbench.open(settings).backbone("tiny") == added and folder.exists()


@pytest.fixture
def hub(monkeypatch):
    with serving_hub(monkeypatch) as hub:
        yield hub


def test_a_model_of_the_hub_is_offered_with_what_it_allows(bench, hub, added):
    hub.add("graft/tiny", token_files("dinov2"), card={"license": "mit"})
    offer = bench.describe_hub("graft/tiny")
    assert offer.row is not None and offer.row.name == "tiny-2", "tiny is taken"
    assert list(offer.refused) == [Pattern.CLASSIFIER]


def test_without_a_known_scaling_there_is_no_row_until_it_is_chosen(bench, hub):
    files = token_files("vit")
    del files["preprocessor_config.json"]
    hub.add("graft/tiny", files, card={"license": "mit"})
    assert bench.describe_hub("graft/tiny").row is None
    row = bench.describe_hub("graft/tiny", {"scaling": "imagenet"}).row
    assert row is not None and row.classes
