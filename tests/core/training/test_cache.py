"""What a run leaves to the next one of its process."""

import time

import pytest

from core.runs.costs import Meter
from core.training import cache as keeping
from core.training.cache import cached, forget, report_to
from core.training.ledger import Ledger

FIGURES = {"parameters_total": 1, "parameters_trainable": 1, "multiply_adds": 1, "model_bytes": 1, "ms_per_photo": 1.0}


@pytest.fixture(autouse=True)
def empty():
    forget()
    yield
    forget()
    report_to(None)


def test_a_thing_is_made_once_for_each_key():
    assert cached("network", "lite0", lambda: ["made"]) is cached("network", "lite0", lambda: ["again"])
    assert cached("network", "lite1", lambda: ["other"]) == ["other"]
    assert cached("engine", "lite0", lambda: ["engine"]) == ["engine"]


def test_the_shelf_is_as_wide_as_it_is_said_to_be():
    for key in (1, 2, 1, 3):
        cached("engine", key, lambda key=key: f"made {key}", room=2)
    assert cached("engine", 1, lambda: "again", room=2) == "made 1"
    assert cached("engine", 2, lambda: "again", room=2) == "again"


def test_what_could_not_be_made_is_tried_again():
    with pytest.raises(ZeroDivisionError):
        cached("network", "lite0", lambda: 1 / 0)
    assert cached("network", "lite0", lambda: "made") == "made"


def test_a_forgotten_thing_is_made_again():
    cached("network", "lite0", lambda: "made")
    forget("network")
    assert cached("network", "lite0", lambda: "again") == "again"


def cost_of_a_run_that_uses_the_network():
    with Meter() as meter:
        ledger = Ledger(meter)
        report_to(ledger)
        cached("network", "lite0", lambda: time.sleep(0.5))
        return ledger.cost(**FIGURES)


def test_who_finds_a_thing_made_would_alone_have_paid_for_it():
    first, second = cost_of_a_run_that_uses_the_network(), cost_of_a_run_that_uses_the_network()
    assert first.wall_seconds >= 0.5
    assert first.alone_wall_seconds == pytest.approx(first.wall_seconds, abs=0.4)
    assert second.wall_seconds < 0.5
    assert second.alone_wall_seconds == pytest.approx(second.wall_seconds + 0.5, abs=0.4)


def test_the_module_needs_no_tensorflow():
    assert not {"keras", "tensorflow"} & set(vars(keeping))
