"""An estimate is the model times what was measured on the runs that are most alike."""

import pytest

from core.backbones import get
from core.planning import speed
from core.planning.speed import ASSUMED, OTHERS, OWN, Measurement, RunPart, Speeds, kind_of
from core.recipes.hyperparameters import Hyperparameters, Solver
from core.recipes.patterns import Cascade, Pattern
from core.recipes.program import program_of
from core.recipes.recipe import Recipe

BLOCKS = get("efficientnet_lite0").blocks


def measured(part, ratio, backbone="a", kind=""):
    return Measurement(part=part, backbone=backbone, kind=kind, ratio=ratio)


def test_the_most_alike_measurements_decide():
    part = RunPart.TRAINING
    known = [
        measured(part, 2.0, "a", "x"),
        measured(part, 3.0, "b", "y"),
        measured(part, 5.0, "b", "x"),
        measured(RunPart.REST, 7.0, "c", "z"),
    ]
    speeds = Speeds(known)
    assert speeds.ratio(part, "a", "x") == 2.0  # this backbone and kind
    assert speeds.ratio(part, "c", "y") == 3.0  # another backbone, the same kind
    assert speeds.ratio(part, "a", "new") == 2.0  # this backbone, another kind
    assert speeds.ratio(part, "c", "new") == 3.0  # the median of all
    assert speeds.ratio(RunPart.EXPORT, "a", "top") == 4.0  # never measured: as fast as the machine is elsewhere
    assert Speeds([]).ratio(part, "a", "x") == 1.0


def test_the_same_cut_of_another_backbone_is_not_more_alike_than_another_cut_of_this_one():
    features = [measured(RunPart.FEATURES, 2.0, "a", "block"), measured(RunPart.FEATURES, 9.0, "b", "top")]
    assert Speeds(features).ratio(RunPart.FEATURES, "a", "top") == 2.0


def test_old_measurements_do_not_count_while_there_are_new_ones():
    newest_first = [measured(RunPart.REST, 1.0)] * 9 + [measured(RunPart.REST, 10.0)] * 100
    assert Speeds(newest_first).ratio(RunPart.REST, "a") == 1.0


def test_what_an_estimate_is_based_on():
    known = Speeds([measured(RunPart.REST, 1.0)])
    assert (known.source("a"), known.source("b"), Speeds([]).source("a")) == (OWN, OTHERS, ASSUMED)


def test_recipes_of_one_kind():
    frozen = Recipe(backbone="a")
    assert kind_of(frozen) == kind_of(Recipe(backbone="b", hyperparameters=Hyperparameters(seed=3)))
    solvers = [
        Recipe(backbone="a", pattern=Pattern.STANDALONE_EXTRACTOR, hyperparameters=Hyperparameters(solver=solver))
        for solver in Solver
    ]
    fusion = Recipe(backbone="a", pattern=Pattern.CASCADE, cascade=Cascade.FUSION, members=("b",))
    assert len({kind_of(one) for one in (frozen, fusion, *solvers)}) == 2 + len(Solver)


def seconds_of(pattern, **work):
    program = program_of(Recipe(backbone="a", pattern=pattern, hyperparameters=Hyperparameters(depth=2)), BLOCKS)
    work = {"head_work": 0.0, "rows": 0, "multiply_adds": 0.0} | work
    return speed.training_seconds(program, **work), speed.rest_seconds(program)


def test_more_work_takes_longer():
    assert speed.features_seconds(200, 8e10) > speed.features_seconds(100, 4e10) > speed.features_seconds(100, 0.0) > 0
    assert speed.export_seconds(18) > speed.export_seconds(2) > 0 and speed.network_seconds(40) > speed.network_seconds(
        10
    )
    few, many = (seconds_of(Pattern.INTEGRATED_EXTRACTOR, head_work=work)[0] for work in (10.0, 100.0))
    assert many - few == pytest.approx(90 * 0.007)
    assert seconds_of(Pattern.STANDALONE_EXTRACTOR, rows=5000)[0] > seconds_of(Pattern.STANDALONE_EXTRACTOR)[0]


def test_trained_blocks_are_compiled_and_exported():
    tuned, frozen = seconds_of(Pattern.FINE_TUNING), seconds_of(Pattern.INTEGRATED_EXTRACTOR)
    whole = seconds_of(Pattern.WEIGHT_INITIALIZATION)
    assert tuned[0] > frozen[0] and whole[1] > tuned[1] > frozen[1]
