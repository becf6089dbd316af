"""What a run needs, and which slots have it."""

from dataclasses import asdict

import pytest

from core.errors import InvalidInput
from core.runs.needs import RunNeeds, SlotResources

GB = 10**9
CPU = SlotResources(memory_bytes=32 * GB, cpus=16)
A10 = SlotResources(gpus=1, gpu_kinds=("NVIDIA A10",), gpu_bytes=24 * GB, memory_bytes=64 * GB, cpus=8)
A100 = SlotResources(gpus=1, gpu_kinds=("NVIDIA A100-SXM4-80GB",), gpu_bytes=85 * GB, memory_bytes=512 * GB, cpus=16)
PAIR = SlotResources(gpus=2, gpu_kinds=("NVIDIA GeForce RTX 4090",), gpu_bytes=25 * GB, memory_bytes=128 * GB, cpus=32)
ALL = (CPU, A10, A100, PAIR)


@pytest.mark.parametrize(
    ("needs", "fitting"),
    [
        (RunNeeds(), ALL),
        (RunNeeds(gpus=1), (A10, A100, PAIR)),
        (RunNeeds(gpus=2), (PAIR,)),
        (RunNeeds(gpu_kind="a100"), (A100,)),
        (RunNeeds(gpu_kind="A10"), (A10,)),  # no A100
        (RunNeeds(gpu_kind="RTX 4090"), (PAIR,)),
        (RunNeeds(gpu_bytes=40 * GB), (A100,)),
        (RunNeeds(memory_bytes=100 * GB), (A100, PAIR)),
        (RunNeeds(cpus=16), (CPU, A100, PAIR)),
        (RunNeeds(gpus=1, cpus=16, memory_bytes=200 * GB), (A100,)),
        (RunNeeds(estimated_bytes=50 * GB), (A10, A100, PAIR)),
        (RunNeeds(estimated_bytes=500 * GB, memory_bytes=30 * GB), ALL),
    ],
)
def test_a_run_fits_the_slots_that_have_all_of_it(needs, fitting):
    assert tuple(slot for slot in ALL if needs.fits(slot)) == fitting


def test_of_an_unknown_slot_only_an_estimate_is_taken_on_trust():
    unknown = SlotResources()
    assert RunNeeds(estimated_bytes=GB).fits(unknown)
    assert not any(
        needs.fits(unknown)
        for needs in (RunNeeds(memory_bytes=GB), RunNeeds(cpus=1), RunNeeds(gpus=1), RunNeeds(gpu_bytes=GB))
    )


def test_a_kind_must_be_that_of_every_gpu_of_a_slot():
    mixed = SlotResources(gpus=2, gpu_kinds=("NVIDIA A10", "NVIDIA A100-SXM4-80GB"), gpu_bytes=24 * GB)
    assert RunNeeds(gpus=2).fits(mixed)
    assert not RunNeeds(gpu_kind="A100").fits(mixed)


@pytest.mark.parametrize(
    ("needs", "sentence"),
    [
        (RunNeeds(gpu_bytes=90 * GB), "It needs a GPU with 90 GB; the largest GPU has 85 GB."),
        (RunNeeds(gpus=4), "It needs 4 GPUs; the most that one slot has is 2 GPUs."),
        (
            RunNeeds(gpu_kind="H100"),
            "It needs a GPU of the kind H100; the GPUs are: NVIDIA A10, NVIDIA A100-SXM4-80GB and NVIDIA GeForce RTX "
            "4090.",
        ),
        (
            RunNeeds(gpu_kind="A10", gpu_bytes=40 * GB),
            "It needs a GPU of the kind A10 with 40 GB; the largest GPU of that kind has 24 GB.",
        ),
        (
            RunNeeds(memory_bytes=10**12, cpus=64),
            "It needs 1.0 TB of memory and 64 CPUs; the largest machine has 512 GB, the largest slot has 32 CPUs.",
        ),
        (
            RunNeeds(estimated_bytes=600 * GB),
            "It needs about 600 GB of memory (estimated); the largest machine has 512 GB.",
        ),
        (RunNeeds(gpu_kind="A10", cpus=32), "It needs a GPU of the kind A10 and 32 CPUs; no slot has all of that."),
        (RunNeeds(gpu_bytes=85 * GB), ""),
    ],
)
def test_what_no_slot_has_is_said_beside_the_most_there_is(needs, sentence):
    assert needs.why_none(ALL) == sentence


def test_where_there_is_no_gpu_or_nothing_is_known_that_is_said():
    assert RunNeeds(gpus=1).why_none([CPU]) == "It needs a GPU; there is no GPU."
    unknown = [SlotResources(gpus=1)]
    assert (
        RunNeeds(gpu_bytes=GB).why_none(unknown) == "It needs a GPU with 1.0 GB; the memory of the GPUs is not known."
    )
    assert (
        RunNeeds(gpu_kind="T4").why_none(unknown) == "It needs a GPU of the kind T4; the kind of the GPUs is not known."
    )
    assert RunNeeds(cpus=2, memory_bytes=GB).why_none(unknown) == (
        "It needs 1.0 GB of memory and 2 CPUs; the memory of the machines is not known, the number of CPUs is not "
        "known."
    )


def test_needs_and_resources_survive_json_also_that_of_another_version():
    needs = RunNeeds(gpus=2, gpu_kind="A100", cpus=3)
    assert RunNeeds.from_json(needs.to_json() | {"colour": "red"}) == needs
    assert RunNeeds().to_json() == {}
    assert SlotResources.from_json(asdict(PAIR) | {"gpu_kinds": list(PAIR.gpu_kinds), "age": 3}) == PAIR


def test_a_kind_or_memory_of_a_gpu_means_one_gpu_and_nothing_negative_is_needed():
    assert RunNeeds(gpu_kind="A100").gpus == RunNeeds(gpu_bytes=1).gpus == 1
    assert RunNeeds(cpus=1).is_stated
    assert not RunNeeds(estimated_bytes=GB).is_stated
    with pytest.raises(InvalidInput, match="cpus=-1"):
        RunNeeds(cpus=-1)
