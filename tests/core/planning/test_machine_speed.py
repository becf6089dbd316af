"""What a trial run took, as estimates use it."""

import json
from dataclasses import replace

import pytest

from core.planning.estimates import Estimator
from core.planning.hardware import hardware
from core.planning.machine_speed import PREFERENCE, MachineSpeed, stored_speed
from core.planning.plan import Planner
from core.planning.speed import ASSUMED, TRIAL, Measurement, RunPart
from core.recipes.recipe import Recipe
from core.runs.stages import LOADING, TRAINING
from tests.factories import make_dataset, make_photos


def make_speed(**changes):
    parts = tuple(
        Measurement(part=part, backbone="squeezenet", kind="top" if part is RunPart.FEATURES else "", ratio=3.0)
        for part in RunPart
    )
    values = {"machine": hardware(), "measured_at": 5.0, "seconds": 24.0, "parts": parts}
    return MachineSpeed(**values | {"stages": {LOADING: 6.0, TRAINING: 1.2}, "photos": 192} | changes)


def test_a_measurement_is_stored_and_read_as_it_was(registry):
    assert stored_speed(registry) is None
    registry.set_preference(PREFERENCE, json.loads(json.dumps(make_speed().to_json())))
    assert stored_speed(registry) == make_speed()
    assert (
        make_speed().sentence
        == "This machine was measured in 24 s: Loading 6.0 s and Training 1.2 s of a run on 192 photos."
    )


@pytest.mark.parametrize("values", [make_speed(machine="another").to_json(), {"machine": hardware(), "parts": 3}])
def test_another_machine_and_another_version_say_nothing(registry, values):
    registry.set_preference(PREFERENCE, values)
    assert stored_speed(registry) is None


def test_the_first_estimate_rests_on_the_trial_run(registry, settings):
    dataset = make_dataset()
    registry.add_dataset(dataset, make_photos())
    assumed = Planner(dataset, registry, settings).plan(Recipe(backbone="efficientnet_lite0"))
    registry.set_preference(PREFERENCE, make_speed().to_json())
    measured = Planner(dataset, registry, settings).plan(Recipe(backbone="efficientnet_lite0"))
    assert (assumed.estimate_source, measured.estimate_source) == (ASSUMED, TRIAL)
    assert 2.5 * assumed.estimate_seconds < measured.estimate_seconds < 3.1 * assumed.estimate_seconds


def test_an_estimate_does_not_need_one(registry, settings):
    assert Estimator(registry, settings)._speeds.ratio(RunPart.START, "any") == 1.0
    assert replace(make_speed(), stages={}).sentence.startswith("This machine was measured in 24 s")
