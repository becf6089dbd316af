"""Keeping order among runs, as every page and command does it."""

import getpass
from collections import Counter
from dataclasses import replace

import pytest

from core.errors import InvalidInput, NotFound, Unavailable
from core.files.home import run_folder
from core.planning.decide import Decision
from core.recipes.patterns import Cascade
from core.recipes.recipe import Recipe
from core.runs.predictions import read_predictions
from core.runs.values import Status
from core.workbench.organise import login_name
from tests.choices import cascade
from tests.factories import fill, tiny_jpeg

pytestmark = pytest.mark.usefixtures("home")


def test_stars_tags_and_the_archive_take_the_beginning_of_an_id_and_aliases(bench, finished):
    bench.set_alias(finished[1])
    bench.star(["flowers@champion", finished[2][:8]])
    bench.tag([finished[2]], add=["night"])
    bench.archive([finished[2], finished[2]])
    assert [bench.registry.run(run_id).starred for run_id in finished[1:3]] == [True, True]
    assert bench.registry.run(finished[2]).tags == ("night",) and bench.registry.run(finished[2]).archived
    with pytest.raises(NotFound, match="r-none"):
        bench.star([finished[3], "r-none"])
    assert not bench.registry.run(finished[3]).starred


def test_who_moved_the_champion_is_whoever_is_logged_in_unless_somebody_says(bench, finished):
    assert bench.set_alias(finished[0], why="steady").who == login_name()
    assert bench.set_alias(finished[1], why="better", who="Ada").who == "Ada"
    assert bench.champions()[bench.registry.dataset("flowers").id].run_id == finished[1]
    assert bench.roll_back_alias("flowers", why="slow").run_id == finished[0]
    assert [move.why for move in bench.registry.alias_history(bench.registry.dataset("flowers").id)] == [
        "slow",
        "better",
        "steady",
    ]


def test_runs_of_all_datasets_are_counted_by_their_status(bench, filled):
    fruit = fill(bench.registry, name="fruit", runs=2)
    assert bench.statuses() == Counter(run.status for run in (*filled.runs, *fruit.runs))


@pytest.mark.parametrize("error", [KeyError("uid"), OSError("no user")])
def test_a_machine_without_users_has_no_name_to_give(monkeypatch, error):
    def unknown():
        raise error

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert login_name() == ""


def test_a_champion_that_was_deleted_is_lost_and_the_one_before_can_come_back(bench, finished):
    bench.set_alias(finished[0])
    bench.set_alias(finished[1])
    assert bench.preview_deletion([finished[1]]).aliases == ("champion of flowers version 1",)
    bench.delete_runs([finished[1]])
    assert bench.aliases("flowers") == {} == bench.champions()
    assert bench.lost_aliases("flowers")["champion"].run_id == finished[1]
    assert bench.registry.before_alias(bench.registry.dataset("flowers").id, "champion").run_id == finished[0]
    bench.roll_back_alias("flowers")
    assert bench.aliases("flowers")["champion"].run_id == finished[0] and bench.lost_aliases("flowers") == {}


# --- a run whose weights are gone ---


@pytest.fixture
def light(bench, finished):
    """A finished run without weights."""
    bench.delete_weights([finished[0]])
    return bench.registry.run(finished[0])


def test_it_can_still_be_compared(bench, finished, light):
    rows = bench.comparison([light.id, finished[1]]).rows
    assert {row.run.id for row in rows} == {light.id, finished[1]} and bench.comparison([light.id]).missing == {}
    assert read_predictions(light.id, "test", bench.settings).run_id == light.id


def test_it_cannot_be_asked_and_says_why(bench, light):
    assert not bench.has_model(light.id) and not bench.registry.having_model([light.id])
    for reference in (light.id, "flowers@champion"):
        bench.set_alias(light.id)
        with pytest.raises(NotFound, match=r"the weights of .* were deleted. Train it again to get one"):
            bench.predict([reference], [("a.jpg", tiny_jpeg(0, 1))])


def test_the_same_recipe_is_trained_anew_and_the_plan_says_why(bench, light):
    (plan,) = bench.plan("flowers", [light.recipe])
    assert plan.decision is Decision.NEW and plan.because == "It was done before, but its model was deleted."


def test_nothing_goes_on_from_it(bench, light):
    numbers = replace(light.recipe.hyperparameters, epochs=light.epochs_done + 5)
    (plan,) = bench.plan("flowers", [replace(light.recipe, hyperparameters=numbers)])
    assert plan.decision is Decision.NEW and plan.run_id is None


def test_nothing_is_built_on_it(bench, finished, light):
    (plan,) = bench.plan("flowers", [Recipe(backbone=light.id)])
    assert plan.decision is Decision.REFUSED and "has no model" in plan.because
    for combine in (lambda: bench.ensemble([light.id, finished[1]]), lambda: bench.confidence(light.id, finished[1])):
        with pytest.raises(
            InvalidInput, match=r"has no model: only a finished run has one, as long as it is not deleted"
        ):
            combine()
    stacked = cascade(bench, "flowers", Cascade.STACKING, ["efficientnet_lite0", light.id])
    assert bench.plan("flowers", [stacked])[0].decision is Decision.REFUSED
    assert light.id not in [backbone.name for backbone, _ in bench.backbones()]


def test_a_failed_run_without_its_checkpoint_starts_from_the_beginning(bench, filled):
    failed = filled.with_status(Status.FAILED)[0]
    (run_folder(bench.settings, failed.id).path / "checkpoints" / "000006").mkdir(parents=True)
    assert bench.has_checkpoint(failed.id)
    bench.delete_weights([failed.id])
    assert not bench.has_checkpoint(failed.id)
    (plan,) = bench.plan("flowers", [failed.recipe])
    assert (plan.decision, plan.first_epoch) == (Decision.RESUMED, 1)


def test_deleting_many_says_before_what_it_does(bench, finished):
    said = bench.preview_deletion(finished[:3])
    assert (said.runs, said.models) == (3, 3) and said == bench.delete_runs(finished[:3])
    with pytest.raises((NotFound, Unavailable)):
        read_predictions(finished[0], "test", bench.settings)
    assert bench.registry.log_entries(1)[0].detail["runs"] == finished[:3]


def test_an_archived_run_is_no_longer_offered_to_build_on_and_can_still_be_named(bench, finished):
    bench.archive(finished[:1])
    assert finished[0] not in [backbone.name for backbone, _ in bench.backbones()]
    assert finished[1] in [backbone.name for backbone, _ in bench.backbones()]
    assert bench.backbone(finished[0]).name == finished[0]
