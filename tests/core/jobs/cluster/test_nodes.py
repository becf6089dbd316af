"""Slots of machines: GPUs, parts of the CPUs, and what other programs leave."""

import pytest

from core.jobs.cluster.nodes import ClusterNode, slots_of, without_others
from core.jobs.machine import GpuFacts, MachineFacts
from core.runs.needs import SlotResources


def node(**values):
    return ClusterNode(id="1", name="n1", address="10.0.0.1", **values)


def names(slots):
    return [one.slot.name for one in slots]


def test_a_slot_for_each_gpu_with_a_part_of_the_cpus():
    slots = slots_of(node(cpus=9, gpus=2, gpu_kind="A100"))
    assert names(slots) == ["n1/gpu0", "n1/gpu1"]
    assert {(one.cpus, one.gpus) for one in slots} == {(4, 1)}
    assert [one.slot.title for one in slots] == ["n1 A100 0", "n1 A100 1"]


def test_a_slot_has_what_its_machine_says_and_the_smallest_of_its_gpus():
    gpus = tuple(GpuFacts(name=kind, title=kind, memory_bytes=size) for kind, size in (("A10", 24), ("A100", 80)))
    facts = MachineFacts(memory_bytes=512, gpus=gpus)
    first, second = slots_of(node(cpus=9, gpus=2, gpu_kind="A100", memory_bytes=300), facts=facts)
    assert first.slot.resources == second.slot.resources
    assert first.slot.resources == SlotResources(
        gpus=1, gpu_kinds=("A10", "A100"), gpu_bytes=24, memory_bytes=512, cpus=4
    )


def test_of_a_machine_that_has_said_nothing_the_word_of_its_cluster_counts():
    (gpu,) = slots_of(node(cpus=8, gpus=1, gpu_kind="A100", memory_bytes=300))
    assert gpu.slot.resources == SlotResources(gpus=1, gpu_kinds=("A100",), memory_bytes=300, cpus=8)
    (cpu,) = slots_of(node(cpus=8, memory_bytes=300))
    assert cpu.slot.resources == SlotResources(memory_bytes=300, cpus=8)


@pytest.mark.parametrize(
    ("cpus", "wanted", "expected"),
    [
        (8, None, ["n1/cpu"]),
        (8, 4, ["n1/cpu0", "n1/cpu1"]),
        (9, 4, ["n1/cpu0", "n1/cpu1"]),
        (2, 4, ["n1/cpu"]),
        (0, 4, []),
        (0.5, None, []),
    ],
)
def test_slots_of_cpus(cpus, wanted, expected):
    assert names(slots_of(node(cpus=cpus), wanted)) == expected


def test_what_other_programs_use_is_no_slot():
    slots = slots_of(node(cpus=8), 4)
    assert names(without_others(slots, [], {})) == ["n1/cpu0", "n1/cpu1"]
    assert names(without_others(slots, [], {"CPU": 1})) == ["n1/cpu0"]
    assert names(without_others(slots, [], {"CPU": 5})) == []


def test_what_own_jobs_use_stays_a_slot():
    slots = slots_of(node(cpus=8, gpus=2))
    assert names(without_others(slots, ["n1/gpu1"], {"CPU": 4, "GPU": 1})) == ["n1/gpu0", "n1/gpu1"]
    assert names(without_others(slots, ["n1/gpu1"], {"CPU": 8, "GPU": 2})) == ["n1/gpu1"]
    assert names(without_others(slots, ["n1/gpu1"], {})) == ["n1/gpu0", "n1/gpu1"]  # not counted yet


def test_memory_is_shared_equally_where_the_cluster_counts_it():
    slots = slots_of(node(cpus=8, memory_bytes=1000, reserves_memory=True), 4)
    assert [one.memory_bytes for one in slots] == [500, 500]
    assert {one.slot.resources.memory_bytes for one in slots} == {500}  # by which runs that need more are placed
    assert [one.memory_bytes for one in slots_of(node(cpus=8, memory_bytes=1000), 4)] == [0, 0]
    assert names(without_others(slots, [], {"CPU": 0, "memory": 400})) == ["n1/cpu0"]
    assert names(without_others(slots, ["n1/cpu1"], {"CPU": 4, "memory": 500})) == ["n1/cpu0", "n1/cpu1"]
    assert names(without_others(slots_of(node(cpus=8)), [], {"memory": 400})) == ["n1/cpu"]  # it does not count it


def test_a_slot_has_whole_cores():
    assert [one.cpus for one in slots_of(node(cpus=16, cpu_step=2, gpus=3))] == [4, 4, 4]
    assert [one.cpus for one in slots_of(node(cpus=8, cpu_step=2), 3)] == [2, 2, 2, 2]
    assert [one.cpus for one in slots_of(node(cpus=8, cpu_step=2), 1)] == [2, 2, 2, 2]
