"""The recipes of a shortlist as ticks of the grid."""

from core.recipes.grid import recipes_of
from core.recipes.hyperparameters import Hyperparameters
from core.recipes.patterns import Pattern
from core.web.train.address import CUSTOM, TrainAddress, params, parse
from core.web.train.shortlist_card import _ticked, ticked
from tests.core.advising.test_values import make_candidate

EXTRACTOR, PROBE = "standalone_extractor", "multi_layer_probe"


def recipes(named):
    now = ticked(TrainAddress(), named)
    choice = now.choice(now.cells, None)
    return recipes_of(choice, defaults=lambda *_: Hyperparameters(), find=lambda _: None)


def test_the_grid_makes_exactly_these_recipes():
    named = [
        make_candidate(1, backbone="efficientnet_lite1", size=352),
        make_candidate(2, backbone="efficientnet_lite2"),
        make_candidate(3, backbone="mobilenet_v1", pattern=PROBE),
    ]
    found = [(one.backbone, one.pattern, one.hyperparameters.input_size) for one in recipes(named)]
    assert found == [
        ("efficientnet_lite1", Pattern(EXTRACTOR), 352),
        ("efficientnet_lite2", Pattern(EXTRACTOR), 0),
        ("mobilenet_v1", Pattern(PROBE), 0),
    ]
    assert _ticked(named) == 3


def test_what_is_ticked_survives_the_address():
    named = [make_candidate(1, size=320, depth=2), make_candidate(2, backbone="squeezenet", pattern=PROBE)]
    now = ticked(TrainAddress(dataset="d-1"), named)
    query = {name: [value] if isinstance(value, str) else value for name, value in params(now).items()}
    assert parse(query)[0] == now and now.start == CUSTOM and now.dataset == "d-1"


def test_further_recipes_of_the_product_are_counted():
    named = [make_candidate(1, depth=1), make_candidate(2, backbone="mobilenet_v1", depth=0)]
    assert _ticked(named) == len(recipes(named)) == 4
