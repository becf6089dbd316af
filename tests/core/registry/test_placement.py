"""What waiting runs need, and the slots that are known."""

import pytest

from core.registry.placement import KnownSlot
from core.runs.needs import RunNeeds, SlotResources
from tests.factories import make_run

BIG_GPU = RunNeeds(gpu_bytes=40 * 10**9)
SMALL, BIG = (
    KnownSlot(name=name, title=name.title(), resources=SlotResources(gpus=1, gpu_kinds=("A10",), gpu_bytes=size))
    for name, size in (("small", 24 * 10**9), ("big", 80 * 10**9))
)


@pytest.fixture
def waiting(flowers):
    """r-1 needs a large GPU, r-2 and r-3 nothing."""
    flowers.add_run(make_run(1, id="r-1"), BIG_GPU)
    flowers.add_run(make_run(2, id="r-2"))
    flowers.add_run(make_run(3, id="r-3"))
    flowers.note_slots([SMALL, BIG])
    return flowers


def test_needs_are_kept_with_their_run_and_go_with_it(waiting):
    assert waiting.needs_of(["r-1", "r-2", "r-9"]) == {"r-1": BIG_GPU}
    waiting.set_needs("r-2", RunNeeds(cpus=4))
    waiting.set_needs("r-1", RunNeeds())
    waiting.set_needs("r-9", RunNeeds(cpus=4))
    assert waiting.needs_of(["r-1", "r-2", "r-9"]) == {"r-2": RunNeeds(cpus=4)}
    waiting.delete_runs(["r-2"])
    assert waiting.needs_of(["r-2"]) == {}


def test_the_needs_of_waiting_runs_come_in_the_order_in_which_they_start(waiting):
    waiting.set_priority("r-3", 5)
    assert list(waiting.waiting_needs().items()) == [("r-3", RunNeeds()), ("r-1", BIG_GPU), ("r-2", RunNeeds())]
    waiting.claim("small", "me", "r-2")
    assert list(waiting.waiting_needs()) == ["r-3", "r-1"]


def test_the_next_run_of_a_slot_is_the_first_that_fits_it(waiting):
    assert waiting.next_run("big").id == "r-1"
    assert waiting.next_run("small").id == "r-2"
    assert waiting.next_run("a slot of which nothing is known").id == "r-2"
    waiting.set_needs("r-2", BIG_GPU)
    waiting.set_needs("r-3", BIG_GPU)
    assert waiting.next_run("small") is None


def test_a_trainer_that_goes_on_takes_no_run_that_does_not_fit_its_slot_and_none_out_of_order(waiting):
    assert waiting.claim_next("r-1", 0, "small", "me", {"pid": 1}) is None
    assert waiting.claim_next("r-2", 0, "big", "me", {"pid": 1}) is None, "r-1 would starve"
    assert waiting.claim_next("r-2", 0, "small", "me", {"pid": 1}).id == "r-2"
    assert waiting.claim_next("r-1", 0, "big", "me", {"pid": 1}).id == "r-1"


def test_a_run_is_claimed_by_name_only_while_it_waits(waiting):
    assert waiting.claim("big", "me", "r-2").id == "r-2"
    assert waiting.claim("big", "me", "r-2") is None
    assert waiting.claim("big", "me", "r-9") is None
    assert waiting.claim("big", "me").id == "r-1", "without a name the first, whatever it needs"


def test_noted_slots_replace_those_before(waiting):
    assert waiting.known_slots() == [BIG, SMALL]
    waiting.note_slots([SMALL])
    assert waiting.known_slots() == [SMALL]
    waiting.note_slots([])
    assert waiting.known_slots() == []
