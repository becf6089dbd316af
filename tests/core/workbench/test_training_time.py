"""Figures of runs that were resumed or extended before 0.5.0 are corrected, or known not to be known."""

import json
import runpy
from dataclasses import replace

import pytest
from sqlalchemy import update

from core.backbones import get
from core.features.store import folder_of, key_of
from core.recipes.hyperparameters import Hyperparameters, ViewSettings
from core.recipes.recipe import Recipe
from core.registry.opening import MIGRATIONS
from core.registry.schema import costs
from core.workbench import Workbench, training_time
from tests.factories import (
    make_cost,
    make_dataset,
    make_ensemble,
    make_epochs,
    make_evaluation,
    make_model,
    make_photos,
    make_run,
)

VIEWS = 4
SECONDS = 50.0
"""Of the features of one view."""


@pytest.fixture
def home(settings, registry):
    registry.add_dataset(make_dataset(), make_photos())
    return registry


def recipe(views: int = VIEWS) -> Recipe:
    return Recipe(backbone="efficientnet_lite0", hyperparameters=Hyperparameters(epochs=5, views=views, patience=0))


def train(registry, run_id: str, *, killed_after: int = 0, extends: str | None = None, paid=None, views: int = VIEWS):
    """A run as 0.4.0 recorded it: 10 s spent, 30 s without reuse."""
    registry.add_run(make_run(int(run_id[2:]), id=run_id, recipe=recipe(views), extends=extends))
    first = registry.claim("cpu", "me").attempt
    if killed_after:
        for epoch in make_epochs(killed_after, attempt=first):
            registry.record_epoch(run_id, first, epoch)
        registry.record_spent(run_id, first, spent(paid))
        registry.requeue(run_id, first)
        first = registry.claim("cpu", "me").attempt
    for epoch in make_epochs(5 - killed_after, attempt=first, first=killed_after + 1):
        registry.record_epoch(
            run_id, first, replace(epoch, seconds=float(epoch.number if extends is None or epoch.number < 4 else 9))
        )
    registry.record_spent(run_id, first, spent({} if killed_after else paid))
    cost = make_cost(wall_seconds=100.0, alone_wall_seconds=300.0, alone_cpu_seconds=600.0)
    run = registry.run(run_id)
    registry.finish(run_id, first, evaluation=make_evaluation(), cost=cost, model=make_model(run), best_epoch=1)
    return run


def spent(paid: dict | None) -> dict:
    return {"wall_seconds": 10.0, "cpu_seconds": 20.0, "paid": paid or {}}


def unchecked(registry) -> None:
    with registry.writing() as connection:
        connection.execute(update(costs).where(costs.c.run_id.in_(["r-1", "r-2"])).values(alone_checked=False))


def name_of(registry, view: int) -> str:
    return key_of(registry.datasets()[0], get("efficientnet_lite0"), "train", which=ViewSettings(view)).name


def store(registry, settings, *views: int) -> None:
    for view in views:
        key = key_of(registry.datasets()[0], get("efficientnet_lite0"), "train", which=ViewSettings(view))
        folder_of(key, settings).mkdir(parents=True)
        cost = {"wall_seconds": SECONDS, "cpu_seconds": 2 * SECONDS}
        (folder_of(key, settings) / "meta.json").write_text(json.dumps({"cost": cost}))


def alone(registry, run_id: str) -> float | None:
    return registry.cost(run_id).alone_wall_seconds


def test_views_that_only_the_first_attempt_used_are_added_as_far_as_it_did_not_pay_for_them(home, settings):
    store(home, settings, 1, 2)
    half = {name_of(home, 1): {"wall_seconds": SECONDS / 2, "cpu_seconds": SECONDS}}
    train(home, "r-1", killed_after=3, paid=half)  # epochs 4 and 5 use the views 3 and 0
    unchecked(home)
    training_time.correct(settings, home)
    assert alone(home, "r-1") == 300 + SECONDS + SECONDS / 2
    assert home.cost("r-1").alone_cpu_seconds == 600 + 3 * SECONDS
    training_time.correct(settings, home)
    assert alone(home, "r-1") == 300 + SECONDS + SECONDS / 2


def test_features_that_are_gone_and_that_nobody_is_known_to_have_computed_leave_it_unknown(home, settings, call):
    store(home, settings, 1)
    read = {name_of(home, 2): {"wall_seconds": 0.01, "cpu_seconds": 0.01}}
    train(home, "r-1", killed_after=3, paid=read)
    unchecked(home)
    training_time.correct(settings, home)
    cost = home.cost("r-1")
    assert (cost.wall_seconds, cost.alone_wall_seconds, cost.alone_cpu_seconds) == (100.0, None, None)


def test_features_that_are_gone_cost_what_the_attempt_paid_that_computed_them(home, settings):
    computed = {name_of(home, view): {"wall_seconds": SECONDS, "cpu_seconds": SECONDS} for view in (1, 2)}
    train(home, "r-3", paid=computed)
    train(home, "r-1", killed_after=3)
    unchecked(home)
    training_time.correct(settings, home)
    assert alone(home, "r-1") == 300 + 2 * SECONDS


def test_a_run_that_used_the_same_in_every_attempt_keeps_its_figure_without_any_stored_features(home, settings):
    train(home, "r-1", killed_after=3, views=1)
    unchecked(home)
    training_time.correct(settings, home)
    assert alone(home, "r-1") == 300
    assert home.unchecked_costs() == []


def test_an_extended_run_gets_the_views_of_the_epochs_it_did_not_train(home, settings):
    store(home, settings, 1, 2)
    train(home, "r-3")
    train(home, "r-1", extends="r-3")  # its epochs 1 to 3 are those of r-3
    unchecked(home)
    training_time.correct(settings, home)
    assert alone(home, "r-1") == 300 + 2 * SECONDS


def test_a_combination_of_corrected_runs_is_corrected_as_well(home, settings):
    store(home, settings, 1, 2)
    train(home, "r-1", killed_after=3)
    train(home, "r-3", views=1)
    both = make_ensemble(4, "r-1", "r-3")
    cost = make_cost(alone_wall_seconds=601.0)
    home.add_finished(both, evaluation=make_evaluation(), cost=cost, model=make_model(both))
    unchecked(home)
    training_time.correct(settings, home)
    assert alone(home, both.id) == 601 + 2 * SECONDS
    assert alone(home, "r-3") == 300


def test_the_migration_marks_resumed_and_extended_runs_and_no_others(home, settings):
    train(home, "r-1", killed_after=3, views=1)
    train(home, "r-2", extends="r-1", views=1)
    train(home, "r-3", views=1)
    migration = runpy.run_path(str(MIGRATIONS / "versions" / "0007_training_time.py"))
    with home.writing() as connection:
        connection.exec_driver_sql(migration["MARK"])
    assert home.unchecked_costs() == ["r-1", "r-2"]
    assert Workbench.open(settings).registry.unchecked_costs() == []
