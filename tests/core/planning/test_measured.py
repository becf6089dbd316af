"""What finished runs took is compared with the model, part by part."""

from dataclasses import replace
from itertools import count

import pytest

from core.backbones import get
from core.features.engines import engine_path
from core.features.store import key_of
from core.planning import speed
from core.planning.lookup import RecipeLookup
from core.planning.measured import blocks_below, measurements
from core.planning.speed import RunPart
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Pattern
from core.recipes.program import Part
from core.recipes.recipe import Recipe
from core.runs.costs import SOLVER_START, TRAINER_START
from core.runs.values import Status
from core.training import cache
from tests.factories import make_cost, make_dataset, make_epochs, make_evaluation, make_model, make_photos, make_run

PHOTOS = make_photos(per_class=20)
DATASET = make_dataset(PHOTOS)
LITE0 = get("efficientnet_lite0")
RECIPE = Recipe(backbone=LITE0.name, hyperparameters=Hyperparameters(epochs=10))
NUMBERS = count(1)


@pytest.fixture
def lookup(registry, settings):
    registry.add_dataset(DATASET, PHOTOS)
    return RecipeLookup(registry, settings)


def spent(settings, *, start=4.0, export=6.0, features=3.0, paid=1.0):
    """What an attempt records; ``paid`` is the fraction of the shared work that it did itself."""
    names = {TRAINER_START: start, "network ('sha')": 1.0, engine_path(LITE0, settings).name: export}
    names |= {key_of(DATASET, LITE0, split).name: features for split in DATASET.split_sizes}
    full = {name: {"wall_seconds": seconds, "cpu_seconds": seconds} for name, seconds in names.items()}
    own = {name: {"wall_seconds": paid * seconds, "cpu_seconds": 0.0} for name, seconds in names.items()}
    return {"wall_seconds": 0.0, "cpu_seconds": 0.0, "full_costs": full, "paid": own}


def finish(registry, *, attempt=None, recipe=RECIPE, wall, training, features=0.0, alone=None, **changes):
    run = make_run(next(NUMBERS), dataset=DATASET, recipe=recipe, status=Status.SCHEDULED, **changes)
    registry.add_run(run)
    claimed = registry.claim("cpu", "token")
    for number in range(1, recipe.hyperparameters.epochs + 1):
        registry.record_epoch(run.id, 1, replace(make_epochs(1)[0], number=number, attempt=claimed.attempt))
    if attempt is not None:
        registry.record_spent(run.id, 1, attempt)
    stages = {"Computing features": features, "Training": training}
    cost = make_cost(wall_seconds=wall, alone_wall_seconds=wall if alone is None else alone, stages=stages)
    registry.finish(run.id, 1, evaluation=make_evaluation(DATASET.class_names), cost=cost, model=make_model(run),
                    best_epoch=1)  # fmt: skip
    return run


def ratios(lookup):
    return {(one.part, one.kind): one.ratio for one in measurements(lookup)}


def test_every_part_of_a_run_is_measured(lookup, registry, settings):
    """4 + 1 + 6 + 3 x 3 s are shared, of 30 s 10 are its own, 8 of them training."""
    finish(registry, attempt=spent(settings), wall=30.0, training=8.0)
    found = ratios(lookup)
    resources = lookup.resources(RECIPE, DATASET)
    head = speed.training_seconds(lookup.program(RECIPE), head_work=resources.head_work, rows=0, multiply_adds=0.0)
    assert found == {
        (RunPart.START, ""): pytest.approx(4.0 / speed.START_SECONDS),
        (RunPart.NETWORK, ""): pytest.approx(1.0 / speed.network_seconds(18)),
        (RunPart.EXPORT, "top"): pytest.approx(6.0 / speed.export_seconds(18)),
        (RunPart.FEATURES, "top"): found[RunPart.FEATURES, "top"],
        (RunPart.TRAINING, "integrated_extractor"): pytest.approx(8.0 / head),
        (RunPart.REST, "integrated_extractor"): pytest.approx(2.0 / speed.rest_seconds(lookup.program(RECIPE))),
    }
    load = resources.loads[-1]
    expected = 3.0 / speed.features_seconds(load.photos, load.multiply_adds)
    assert found[RunPart.FEATURES, "top"] == pytest.approx(expected)


def test_the_import_of_scikit_learn_is_no_part_of_training(lookup, registry, settings):
    recipe = Recipe(backbone=LITE0.name, pattern=Pattern.STANDALONE_EXTRACTOR)
    attempt = spent(settings)
    for costs in ("full_costs", "paid"):
        attempt[costs][SOLVER_START] = {"wall_seconds": 3.0, "cpu_seconds": 3.0}
    finish(registry, attempt=attempt, recipe=recipe, wall=33.0, training=8.0)
    found = ratios(lookup)
    assert found[RunPart.LIBRARY, ""] == pytest.approx(3.0 / speed.LIBRARY_SECONDS)
    rest = speed.rest_seconds(lookup.program(recipe))
    assert found[RunPart.REST, "standalone_extractor logistic_regression"] == pytest.approx(2.0 / rest)


def test_what_a_process_does_once_for_a_network_is_measured_of_runs_that_need_one(lookup, registry, settings):
    attempt = spent(settings)
    for name in ("saved network ('sha')", "timed networks ('digest', 'sha')"):
        attempt["full_costs"][name] = {"wall_seconds": 0.5, "cpu_seconds": 0.5}
    finish(registry, attempt=attempt, wall=30.0, training=8.0)
    assert ratios(lookup)[RunPart.NETWORK, ""] == pytest.approx(2.0 / speed.network_seconds(18))
    tuning = replace(RECIPE, pattern=Pattern.FINE_TUNING, hyperparameters=Hyperparameters(epochs=10, depth=1))
    finish(registry, attempt=attempt, wall=30.0, training=8.0, recipe=tuning)
    assert [one.part for one in measurements(lookup)].count(RunPart.NETWORK) == 1


def test_a_run_that_reused_everything_measures_the_same(lookup, registry, settings):
    finish(registry, attempt=spent(settings, paid=0.0), wall=10.0, training=8.0, alone=30.0)
    reused = ratios(lookup)
    finish(registry, attempt=spent(settings), wall=30.0, training=8.0)
    both = measurements(lookup)
    assert len(both) == 2 * 8 and {(one.part, one.kind): one.ratio for one in both} == pytest.approx(reused)


def test_what_was_computed_side_by_side_counts_once_in_the_rest(lookup, registry, settings):
    """As above, while TensorFlow was imported 4 of the 9 s of features were computed."""
    finish(registry, attempt=spent(settings) | {"overlap": 4.0}, wall=26.0, training=8.0)
    rest = ratios(lookup)[RunPart.REST, "integrated_extractor"]
    assert rest == pytest.approx(2.0 / speed.rest_seconds(lookup.program(RECIPE)))


def test_an_import_that_took_longer_beside_a_pass_is_as_long_as_its_cpu_time(lookup, registry, settings):
    attempt = spent(settings)
    attempt["full_costs"][TRAINER_START]["cpu_seconds"] = 2.5
    finish(registry, attempt=attempt | {"overlap": 4.0}, wall=26.0, training=8.0)
    assert ratios(lookup)[RunPart.START, ""] == pytest.approx(2.5 / speed.START_SECONDS)
    finish(registry, attempt=attempt, wall=30.0, training=8.0)
    alone = next(one for one in measurements(lookup) if one.part is RunPart.START)
    assert alone.ratio == pytest.approx(4.0 / speed.START_SECONDS)


def test_a_run_before_costs_were_recorded_one_by_one(lookup, registry):
    finish(registry, wall=15.0, training=8.0, features=5.0, alone=45.0)
    loads = lookup.resources(RECIPE, DATASET).loads
    modelled = sum(speed.features_seconds(load.photos, load.multiply_adds) for load in loads)
    found = ratios(lookup)
    assert found[RunPart.FEATURES, "top"] == pytest.approx(35.0 / modelled)
    assert found[RunPart.REST, "integrated_extractor"] == pytest.approx(
        2.0 / speed.rest_seconds(lookup.program(RECIPE))
    )
    assert (RunPart.START, "") not in found


def test_what_cannot_be_compared_is_left_out(lookup, registry, settings):
    finish(registry, wall=30.0, training=8.0, recipe=replace(RECIPE, backbone="r-deleted"))
    assert measurements(lookup) == []
    first = finish(registry, attempt=spent(settings), wall=30.0, training=8.0)
    known = measurements(lookup)
    finish(registry, attempt=spent(settings), wall=99.0, training=70.0, extends=first.id)
    assert len(known) == 8 and measurements(lookup) == known


def test_blocks_up_to_a_cut(lookup):
    def below(cut):
        return blocks_below(Part(source=LITE0.name, cut=cut), lookup)

    assert (below("top"), below("classes"), below(LITE0.blocks[3]), below(f"{LITE0.blocks[3]}.pool")) == (18, 18, 4, 4)


def test_the_start_is_recorded_under_its_name(monkeypatch):
    named = []

    class Accounts:
        def full_cost(self, name, alone):
            named.append(name)

        def charge(self, name, clock):
            from contextlib import nullcontext

            return nullcontext()

    monkeypatch.setattr(cache, "_accounts", [])
    monkeypatch.setattr(cache, "_caches", {})
    cache.report_to(Accounts())
    cache.cached("start", "TensorFlow", lambda: 1)
    cache.cached("library", "scikit-learn", lambda: 1)
    assert named == [TRAINER_START, SOLVER_START]
