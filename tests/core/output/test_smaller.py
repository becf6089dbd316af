"""Smaller models as JSON."""

import json

from core.comparison.non_inferiority import NonInferiority, Replacement
from core.comparison.smaller import SmallerModel
from core.output.smaller import shrink_json
from core.recipes.hyperparameters import Hyperparameters, Precision
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from tests.factories import make_run

SOURCE = make_run(1)
INT8 = Hyperparameters(precision=Precision.INT8)
RECIPE = Recipe(backbone="", pattern=Pattern.QUANTIZATION, members=(SOURCE.id,), hyperparameters=INT8)
SMALL = make_run(2, recipe=RECIPE, name="small")
TEST = NonInferiority(
    candidate=SMALL.id, reference=SOURCE.id, difference=0.0, low=-0.005, high=0.004, most_loss=0.01, photos=900,
    comparisons=1, outcome=Replacement.NOT_WORSE,
)  # fmt: skip


def smaller(test: NonInferiority | None) -> SmallerModel:
    return SmallerModel(run=SMALL, bytes=10, bytes_before=40, milliseconds=1.0, milliseconds_before=None, test=test)


def test_every_model_has_its_figures_and_its_verdict_in_words():
    found = json.loads(json.dumps(shrink_json(SOURCE, [], [smaller(TEST)])))
    (row,) = found["models"]
    assert (row["kind"], row["bytes"], row["bytes_before"], row["milliseconds_before"]) == ("int8", 10, 40, None)
    assert row["test"]["outcome"] == "not worse" and row["test"]["interval"] == [-0.005, 0.004]
    assert row["test"]["sentence"].startswith("small is not worse than ")
    assert found["recommended"] == SMALL.id


def test_one_that_was_not_tested_is_not_recommended():
    found = shrink_json(SOURCE, [], [smaller(None)])
    assert found["models"][0]["test"] is None and found["recommended"] is None
