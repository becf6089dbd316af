"""Which run starts in which slot."""

from core.jobs.placing import placed
from core.jobs.slots import Slot
from core.runs.needs import RunNeeds, SlotResources


def gpu(name: str, gigabytes: int) -> Slot:
    resources = SlotResources(gpus=1, gpu_kinds=("A10",), gpu_bytes=gigabytes * 10**9)
    return Slot(name=name, title=name, resources=resources)


BIG, SMALL = gpu("big", 80), gpu("small", 24)
CPU = Slot(name="cpu", title="CPU", resources=SlotResources(cpus=8, memory_bytes=64 * 10**9))
ANY, LARGE, HUGE = RunNeeds(), RunNeeds(gpu_bytes=40 * 10**9), RunNeeds(gpu_bytes=10**12)


def names(waiting: dict[str, RunNeeds], *free: Slot) -> dict[str, str]:
    return {run_id: slot.name for run_id, slot in placed(waiting, free)}


def test_runs_that_need_nothing_take_the_slots_in_the_order_of_the_launcher():
    assert names({"a": ANY, "b": ANY, "c": ANY}, BIG, SMALL) == {"a": "big", "b": "small"}


def test_a_run_that_fits_no_free_slot_is_passed_over():
    assert names({"a": HUGE, "b": LARGE, "c": ANY}, SMALL) == {"c": "small"}
    assert names({"a": LARGE}, SMALL, CPU) == {}


def test_a_run_leaves_a_slot_on_which_a_run_behind_it_depends():
    assert names({"a": ANY, "b": LARGE}, BIG, SMALL) == {"a": "small", "b": "big"}
    assert names({"a": ANY, "b": LARGE, "c": ANY}, BIG, CPU, SMALL) == {"a": "cpu", "b": "big", "c": "small"}


def test_the_order_of_the_queue_decides_where_there_is_one_slot_for_both():
    assert names({"a": ANY, "b": LARGE}, BIG) == {"a": "big"}
    assert names({"b": LARGE, "a": ANY}, BIG) == {"b": "big"}


def test_what_was_placed_already_keeps_no_slot_free():
    assert names({"a": LARGE, "b": ANY}, BIG, gpu("second", 80)) == {"a": "big", "b": "second"}
