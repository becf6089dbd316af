"""What can be asked of a machine, and how many slots have it."""

from core.runs.needs import RunNeeds, SlotResources
from core.web.train.needs import ANY, GPU, chosen, devices, fitting

CPU = SlotResources(memory_bytes=64 * 10**9, cpus=16)
A10, A100 = (
    SlotResources(gpus=1, gpu_kinds=(kind,), gpu_bytes=size * 10**9, memory_bytes=64 * 10**9, cpus=8)
    for kind, size in (("NVIDIA A10", 24), ("NVIDIA A100", 80))
)


def test_the_devices_that_there_are_can_be_asked_for():
    assert devices([CPU, A10, A100]) == [ANY, GPU, "NVIDIA A10", "NVIDIA A100"]
    assert devices([CPU, A10]) == [ANY, GPU]
    assert devices([CPU]) == [ANY]


def test_what_is_chosen_is_needed():
    assert chosen(ANY, 0, 0, 0) == RunNeeds()
    assert chosen(GPU, 40, 0, 0) == RunNeeds(gpus=1, gpu_bytes=40 * 10**9)
    assert chosen("NVIDIA A10", 0, 32, 4) == RunNeeds(gpu_kind="NVIDIA A10", memory_bytes=32 * 10**9, cpus=4)


def test_how_many_slots_fit_or_why_none_does_is_said():
    assert fitting(RunNeeds(gpus=1), [CPU, A10, A100]) == "2 of 3 slots fit."
    assert fitting(RunNeeds(cpus=16), [CPU, A10, A100]) == "1 of 3 slots fits."
    assert fitting(RunNeeds(gpu_bytes=90 * 10**9), [A10, A100]).endswith("the largest GPU has 80 GB.")
