"""Which smaller model is recommended."""

from dataclasses import replace

from core.comparison.non_inferiority import NonInferiority, Replacement
from core.comparison.smaller import SmallerModel, kind, recommended
from core.recipes.hyperparameters import Hyperparameters, Precision
from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe
from tests.factories import make_run

TEST = NonInferiority(
    candidate="a", reference="b", difference=0.0, low=-0.005, high=0.005, most_loss=0.01, photos=1000, comparisons=1,
    outcome=Replacement.NOT_WORSE,
)  # fmt: skip


def smaller(size: int, outcome: Replacement | None) -> SmallerModel:
    test = None if outcome is None else replace(TEST, outcome=outcome)
    run = make_run(size)
    return SmallerModel(run=run, bytes=size, bytes_before=100, milliseconds=1.0, milliseconds_before=2.0, test=test)


def test_the_smallest_that_is_not_worse_is_recommended():
    models = [smaller(25, Replacement.OPEN), smaller(50, Replacement.NOT_WORSE), smaller(90, Replacement.NOT_WORSE)]
    found = recommended(models)
    assert found is not None and found.bytes == 50


def test_nothing_is_recommended_where_nothing_was_shown():
    assert recommended([smaller(25, Replacement.OPEN), smaller(30, Replacement.WORSE), smaller(20, None)]) is None
    assert recommended([]) is None


def test_a_backbone_that_is_no_smaller_is_not_recommended():
    assert recommended([smaller(150, Replacement.NOT_WORSE)]) is None


def test_it_is_called_by_its_precision_or_the_title_of_its_backbone():
    hp = Hyperparameters(precision=Precision.INT8)
    quantized = Recipe(backbone="", pattern=Pattern.QUANTIZATION, members=("r-1",), hyperparameters=hp)
    assert kind(replace(smaller(1, None), run=make_run(1, recipe=quantized))) == "int8"
    distilled = Recipe(backbone="squeezenet", pattern=Pattern.DISTILLATION, members=("r-1",))
    one = replace(smaller(1, None), run=make_run(1, recipe=distilled), backbone="SqueezeNet")
    assert kind(one) == "SqueezeNet, distilled"
