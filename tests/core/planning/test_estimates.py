"""Estimates: from this backbone's runs, else from others', else from an assumption, and always said which."""

from collections import Counter
from dataclasses import replace

import pytest

from core.backbones import get
from core.backbones.values import Availability
from core.features.engines import engine_path
from core.features.store import folder_of, key_of
from core.planning import estimates
from core.planning.decide import Decision, Plan
from core.planning.estimates import Estimator
from core.planning.hardware import hardware
from core.planning.lookup import RecipeLookup
from core.planning.machine_speed import PREFERENCE, MachineSpeed
from core.planning.speed import SPAWN_SECONDS, Measurement, RunPart, features_seconds
from core.planning.work import SharedKind, timeline
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import OF_A_BACKBONE, Cascade, Pattern
from core.recipes.program import PREDICTIONS
from core.recipes.recipe import Recipe
from core.runs.costs import TRAINER_START
from core.runs.values import Status
from tests.factories import (
    make_cost,
    make_dataset,
    make_epochs,
    make_evaluation,
    make_model,
    make_photos,
    make_run,
)

PHOTOS = make_photos(per_class=20)
DATASET = make_dataset(PHOTOS)
TRAIN = DATASET.split_sizes["train"]
NUMBERS = Hyperparameters(epochs=10, views=1)
EXPORT, FEATURES, NETWORK = SharedKind.EXPORT, SharedKind.FEATURES, SharedKind.NETWORK


def a_plan(backbone="efficientnet_lite0", **changes):
    recipe = changes.pop("recipe", None) or Recipe(backbone=backbone, hyperparameters=NUMBERS)
    values = {"dataset_id": DATASET.id, "recipe": recipe, "fingerprint": "f", "decision": Decision.NEW, "because": ""}
    return Plan(**values | changes)


@pytest.fixture
def estimated(registry, settings):
    registry.add_dataset(DATASET, PHOTOS)

    def estimated(plan):
        return Estimator(registry, settings).estimate(plan, DATASET)

    return estimated


def measure(
    registry, settings, *, start=2.0, network=0.7, export=6.0, features=9.0, training=8.0, rest=2.0, recipe=None
):
    """Puts one finished run into the registry: these seconds of its start, its frozen network, each of its exports, all
    its features, its training, and everything else."""
    recipe = recipe or Recipe(backbone="efficientnet_lite0", hyperparameters=NUMBERS)
    run = make_run(1 + len(registry.runs()), dataset=DATASET, recipe=recipe, status=Status.SCHEDULED)
    registry.add_run(run)
    claimed = registry.claim("cpu", "token")
    for epoch in range(1, 11):
        registry.record_epoch(run.id, claimed.attempt, replace(make_epochs(1)[0], number=epoch, attempt=1))
    loads = RecipeLookup(registry, settings).resources(recipe, DATASET).loads
    modelled = {load.key: features_seconds(load.photos, load.multiply_adds) for load in loads}
    names = {key: features * seconds / sum(modelled.values()) for key, seconds in modelled.items()}
    names[TRAINER_START] = start
    if not RecipeLookup(registry, settings).program(recipe).stages[-1].trained:
        names["network ('sha', 224)"] = network
    names |= {
        engine_path(get(load.part.source), settings, load.part.cut).name: export
        for load in loads
        if load.part.cut != PREDICTIONS
    }
    costs = {name: {"wall_seconds": seconds, "cpu_seconds": seconds} for name, seconds in names.items()}
    attempt = {"wall_seconds": 0.0, "cpu_seconds": 0.0, "full_costs": costs, "paid": costs}
    registry.record_spent(run.id, claimed.attempt, attempt)
    wall = sum(names.values()) + training + rest
    cost = make_cost(wall_seconds=wall, alone_wall_seconds=wall, stages={"Training": training})
    evaluation, model = make_evaluation(DATASET.class_names), make_model(run)
    registry.finish(run.id, claimed.attempt, evaluation=evaluation, cost=cost, model=model, best_epoch=1)
    return wall


def store(settings, *splits):
    """Features of these splits are stored."""
    for split in splits:
        folder = folder_of(key_of(DATASET, get("efficientnet_lite0"), split), settings)
        folder.mkdir(parents=True)
        (folder / "meta.json").write_text("{}")


def parts(plan):
    """Seconds of a plan: start, own, and those of shared work by kind; the network is the last."""
    shared = Counter()
    for one in plan.work.shared:
        shared[one.kind] += one.seconds
    return plan.work.start - SPAWN_SECONDS, plan.work.own, shared[EXPORT], shared[FEATURES], shared[NETWORK]


def test_before_anything_was_measured_the_estimate_says_it_is_assumed(estimated):
    plan = estimated(a_plan())
    assert plan.estimate_seconds > 0 and "assumed" in plan.estimate_source


def test_the_same_again_is_estimated_to_take_what_it_took(estimated, registry, settings):
    wall = measure(registry, settings)
    plan = estimated(a_plan())
    assert plan.estimate_seconds == pytest.approx(wall + SPAWN_SECONDS) and "this backbone" in plan.estimate_source
    assert parts(plan) == pytest.approx((2.0, 10.0, 6.0, 9.0, 0.7))
    assert plan.work.alone == pytest.approx(plan.estimate_seconds) and plan.saves_seconds == 0.0


def test_shared_work_has_the_names_under_which_it_is_stored(estimated, settings):
    plan = estimated(a_plan())
    assert [one.kind for one in plan.work.shared] == [NETWORK, EXPORT, FEATURES, FEATURES, FEATURES]
    assert plan.work.shared[1].key == engine_path(get("efficientnet_lite0"), settings).name
    keys = {key_of(DATASET, get("efficientnet_lite0"), split).name for split in DATASET.split_sizes}
    assert {one.key for one in plan.work.shared[2:]} == keys
    assert plan.disk_bytes == sum(one.bytes for one in plan.work.shared)


def test_an_extension_counts_only_the_epochs_that_are_left(estimated, registry, settings):
    measure(registry, settings)
    plan = estimated(a_plan(decision=Decision.EXTENDED, first_epoch=9))
    whole, rest = estimated(a_plan()).work, plan.work
    assert 2.0 < rest.own < whole.own and replace(rest, own=whole.own) == whole
    assert plan.saves_seconds == pytest.approx(whole.own - rest.own) and plan.saves_source == "estimated"


def test_another_backbone_is_scaled_by_its_size(estimated, registry, settings):
    measure(registry, settings)
    start, own, export, features, network = parts(estimated(a_plan("resnet50")))
    assert own == pytest.approx(10.0) and start == pytest.approx(2.0) and 0.6 < network < 0.8 and 5.0 < export < 7.0
    factor = get("resnet50").multiply_adds / get("efficientnet_lite0").multiply_adds
    assert factor > 5 and 0.6 * factor < features / 9.0 < 1.05 * factor
    assert "other backbones" in estimated(a_plan("resnet50")).estimate_source


def test_a_machine_that_was_slow_in_one_part_is_expected_to_be_so_elsewhere(estimated, registry, settings):
    quick = estimated(a_plan(recipe=tuning())).work.own
    measure(registry, settings, start=40.0, export=60.0, features=90.0, training=80.0, rest=20.0)
    assert estimated(a_plan(recipe=tuning())).work.own > 5 * quick


def test_what_is_reused_takes_nothing(estimated):
    assert estimated(a_plan(decision=Decision.REUSED, first_epoch=None)).estimate_seconds == 0


# --- every pattern ---


def tuning(**numbers):
    numbers = {"epochs": 10, "views": 1, "depth": 2} | numbers
    return Recipe(
        backbone="efficientnet_lite0", pattern=Pattern.FINE_TUNING, hyperparameters=Hyperparameters(**numbers)
    )


def test_the_same_fine_tuning_again_is_estimated_to_take_what_it_took(estimated, registry, settings):
    wall = measure(registry, settings, training=80.0, recipe=tuning())
    assert estimated(a_plan(recipe=tuning())).estimate_seconds == pytest.approx(wall + SPAWN_SECONDS)


def test_deeper_fine_tuning_trains_longer_and_computes_less(estimated, registry, settings):
    measure(registry, settings, training=80.0, recipe=tuning())
    shallow, deep = (parts(estimated(a_plan(recipe=tuning(depth=depth)))) for depth in (2, 4))
    assert 1.2 * shallow[1] < deep[1] < 2 * shallow[1] and deep[3] < shallow[3] and deep[2] < shallow[2]


def test_every_pattern_has_an_estimate(estimated):
    recipes = {pattern: Recipe(backbone="resnet50", pattern=pattern, hyperparameters=replace(NUMBERS, depth=1))
               for pattern in OF_A_BACKBONE}  # fmt: skip
    seconds = {pattern: estimated(a_plan(recipe=recipe)).estimate_seconds for pattern, recipe in recipes.items()}
    assert seconds[Pattern.FROM_SCRATCH] > seconds[Pattern.FINE_TUNING] > seconds[Pattern.STANDALONE_EXTRACTOR] > 0


def test_weights_that_must_be_downloaded_are_counted_once_and_save_nothing(estimated, monkeypatch):
    before = estimated(a_plan()).work
    monkeypatch.setattr(estimates, "availability", lambda backbone, settings: Availability.DOWNLOAD)
    plan = estimated(a_plan())
    first, *others = plan.work.shared
    assert first.kind is SharedKind.WEIGHTS and first.seconds > 0 and tuple(others) == before.shared
    assert plan.work.alone == before.alone and plan.estimate_seconds > before.alone


def test_nothing_is_saved_where_nothing_is_known(estimated):
    plan = estimated(a_plan())
    assert (plan.saves_seconds, plan.saves_source, plan.features_stored) == (0.0, "", False)
    assert plan.disk_bytes > 0 and plan.memory_bytes > 500e6


def test_what_others_computed_is_saved(estimated, registry, settings):
    measure(registry, settings)
    store(settings, *DATASET.split_sizes)
    plan = estimated(a_plan())
    assert plan.features_stored and plan.disk_bytes == 0
    assert plan.saves_seconds == pytest.approx(9.0) and plan.work.alone == pytest.approx(plan.estimate_seconds + 9.0)


def test_a_model_built_on_a_run_does_not_make_its_backbone_look_slow(estimated, registry, settings):
    """Alone it would have had to train its parent too; that is no speed of features."""
    before = measure(registry, settings)
    parent = registry.runs()[0]
    stacked = Recipe(
        backbone="efficientnet_lite0", pattern=Pattern.CASCADE, cascade=Cascade.STACKING, members=(parent.id,),
        hyperparameters=NUMBERS,
    )  # fmt: skip
    measure(registry, settings, recipe=stacked)
    assert estimated(a_plan()).estimate_seconds == pytest.approx(before + SPAWN_SECONDS, rel=0.1)


def test_combining_runs_takes_a_moment(estimated):
    recipe = Recipe(backbone="", pattern=Pattern.CASCADE, cascade=Cascade.ENSEMBLE, members=("r-1", "r-2"))
    plan = estimated(a_plan(recipe=recipe, first_epoch=None))
    assert plan.estimate_seconds < 5 and "nothing is trained" in plan.estimate_source
    assert plan.work.own == plan.estimate_seconds and not plan.work.process


def test_runs_of_one_process_import_scikit_learn_once(estimated):
    recipe = Recipe(backbone="efficientnet_lite0", pattern=Pattern.STANDALONE_EXTRACTOR)
    first = estimated(a_plan(recipe=recipe)).work
    second = estimated(a_plan(recipe=replace(recipe, hyperparameters=Hyperparameters(seed=5)))).work
    library = [one for one in first.shared if one.kind is SharedKind.LIBRARY]
    assert len(library) == 1 and library[0].seconds > 0
    spans = timeline([first, second], 1)
    assert spans[0].shared[SharedKind.LIBRARY] == library[0].seconds and SharedKind.LIBRARY not in spans[1].shared
    other = estimated(a_plan()).work
    assert SharedKind.LIBRARY not in {one.kind for one in other.shared}


def test_a_head_after_a_fine_tuning_builds_the_network_and_the_next_head_does_not(estimated, registry, settings):
    measure(registry, settings)
    measure(registry, settings, recipe=tuning())
    store(settings, *DATASET.split_sizes)
    head, fine_tuning = (replace(estimated(plan).work, own=1.0) for plan in (a_plan(), a_plan(recipe=tuning())))
    spans = timeline([head, fine_tuning, head, replace(fine_tuning, process="other"), head, fine_tuning, head], 1)
    assert [span.shared.get(NETWORK, 0.0) for span in spans] == pytest.approx([0.7, 0.0, 0.0, 0.0, 0.7, 0.0, 0.0])
    spans = timeline([fine_tuning, head, head], 1)
    assert [(span.start > 0, span.shared.get(NETWORK, 0.0)) for span in spans] == [
        (True, 0.0), (False, pytest.approx(0.7)), (False, 0.0),
    ]  # fmt: skip


def test_where_the_start_is_slow_so_is_what_comes_before_it(estimated, registry):
    quick = estimated(a_plan()).work.start
    slow = Measurement(part=RunPart.START, backbone="any", kind="", ratio=3.0)
    speed = MachineSpeed(machine=hardware(), measured_at=1.0, seconds=9.0, parts=(slow,), stages={}, photos=1)
    registry.set_preference(PREFERENCE, speed.to_json())
    assert estimated(a_plan()).work.start == pytest.approx(3 * quick)
