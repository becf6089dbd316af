"""What is chosen on the page Train survives the URL, and what a URL says wrongly is told."""

from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.datasets.decoding.fit import Fit
from core.recipes.hyperparameters import KINDS, RELEVANT, Hyperparameters
from core.recipes.labels import OFFERED
from core.recipes.patterns import OF_A_BACKBONE, Cascade, Pattern
from core.web.train.address import LETTERS, STARTS, TrainAddress, params, parse

NAMES = st.sampled_from(["efficientnet_lite0", "mobilenet_v2", "r-0123abcd"])
SINGLE = list(OF_A_BACKBONE)
VALUES = {
    int: st.integers(-5, 10**6),
    float: st.floats(-1, 1000, allow_nan=False),
    bool: st.booleans(),
    **{kind: st.sampled_from(kind) for kind in KINDS.values()},
}


def values(pattern):
    """Hyperparameters of a pattern, impossible ones included."""
    of = {name: VALUES[type(getattr(Hyperparameters(), name))] for name in RELEVANT[pattern] if name != "depth"}
    return st.fixed_dictionaries({}, optional=of).filter(bool)


addresses = st.builds(
    TrainAddress,
    dataset=st.sampled_from(["", "d-12345678", "flowers:2", "Blumen & Blätter"]),
    start=st.sampled_from(["", *STARTS]),
    cells=st.none() | st.lists(st.tuples(NAMES, st.sampled_from(SINGLE)), unique=True).map(tuple),
    settings=st.fixed_dictionaries({}, optional={p: values(p) for p in OFFERED if RELEVANT[p]}),
    sizes=st.dictionaries(NAMES, st.lists(st.integers(0, 2000), min_size=1, unique=True).map(tuple)),
    fits=st.lists(st.sampled_from(Fit), unique=True).map(tuple),
    depths=st.dictionaries(
        st.sampled_from([p for p in OFFERED if "depth" in RELEVANT[p]]),
        st.just("all") | st.lists(st.integers(0, 30), min_size=1, unique=True).map(tuple),
    ),
    repetitions=st.integers(1, 1000),
    force=st.booleans(),
    cascade=st.none() | st.sampled_from(Cascade),
    members=st.none() | st.lists(NAMES, unique=True).map(tuple),
    mapping=st.dictionaries(st.sampled_from(["n02123045", "n01440764"]), st.text(max_size=20)).map(
        lambda pairs: tuple(sorted(pairs.items()))
    ),
)


def through_a_url(address):
    text = urlencode(params(address), doseq=True)
    return parse(parse_qs(text, keep_blank_values=True, strict_parsing=bool(text)))


@given(addresses)
def test_everything_that_was_chosen_survives_a_url(address):
    found, ignored = through_a_url(address)
    assert not ignored
    wanted = {**vars(address), "members": address.members if address.cascade else None}
    cells = {**vars(found)}
    assert set(cells.pop("cells") or ()) == set(wanted.pop("cells") or ())
    assert (found.cells is None) == (address.cells is None)
    assert cells == wanted


def test_defaults_are_left_out():
    assert params(TrainAddress()) == {}
    assert parse({}) == (TrainAddress(), [])


def test_ticks_are_compact_and_need_no_escapes():
    cells = (("efficientnet_lite0", Pattern.FINE_TUNING), ("efficientnet_lite0", Pattern.CLASSIFIER))
    address = TrainAddress(cells=(*cells, ("efficientnet_lite1", Pattern.FINE_TUNING)))
    assert urlencode(params(address)) == "try=efficientnet_lite0.fc~efficientnet_lite1.f"
    assert params(TrainAddress(cells=())) == {"try": "none"}


def test_hyperparameters_are_named_by_the_letter_of_their_pattern():
    address = TrainAddress().with_setting(Pattern.FINE_TUNING, "epochs", 3).with_depths(Pattern.FINE_TUNING, (1, 2))
    assert params(address) == {"f.epochs": "3", "f.depth": "1~2"}
    assert (
        address.with_setting(Pattern.FINE_TUNING, "epochs", None).with_depths(Pattern.FINE_TUNING, None)
        == TrainAddress()
    )


def test_every_pattern_has_a_letter_of_its_own():
    assert set(LETTERS) == set(OFFERED) and len(set(LETTERS.values())) == len(OFFERED)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            {"start": "fast"},
            "'start=fast' in the address is ignored. Expected one of: quick, thorough, overnight, custom.",
        ),
        ({"try": "efficientnet_lite0"}, "Expected a backbone and letters"),
        ({"try": "efficientnet_lite0.iq"}, "Expected a backbone and letters"),
        ({"try": "efficientnet_lite0.x"}, "Expected a backbone and letters"),
        ({"f.epochs": "many"}, "epochs must be a whole number"),
        ({"s.epochs": "9"}, "'s.epochs=9' in the address is ignored. epochs has no effect in standalone_extractor."),
        ({"i.depth": "deep"}, "'i.depth=deep' in the address is ignored."),
        ({"s.solver": "magic"}, "solver must be one of"),
        ({"repeat": "0"}, "1 to 1000 times"),
        ({"repeat": "٣x"}, "'repeat=٣x' in the address is ignored."),
        ({"cascade": "waterfall"}, "Expected one of: fusion"),
        ({"map": "n02123045"}, "Expected an ImageNet class and one of yours"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence_and_ignored(query, said):
    address, ignored = parse({name: [value] for name, value in query.items()})
    assert address == TrainAddress() and len(ignored) == 1 and said in ignored[0]


def test_the_rest_of_a_wrong_url_is_kept():
    address, ignored = parse({"start": ["nonsense"], "f.epochs": ["3"], "utm_source": ["mail"]})
    assert len(ignored) == 1 and address.settings == {Pattern.FINE_TUNING: {"epochs": 3}}


def test_impossible_values_are_kept_for_the_plan_to_refuse():
    address, ignored = parse({"i.learning_rate": ["500"], "i.epochs": ["0"]})
    assert not ignored and address.settings == {Pattern.INTEGRATED_EXTRACTOR: {"learning_rate": 500.0, "epochs": 0}}


@given(st.dictionaries(st.sampled_from(["try", "map", "repeat", "f.epochs", "f.depth", "members", "start"]), st.text()))
def test_no_url_is_an_error(query):
    address, _ = parse({name: [value] for name, value in query.items()})
    assert through_a_url(address)[1] == []
