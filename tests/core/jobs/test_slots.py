"""Where runs run: GPUs that the driver lists, or the CPU."""

import os
import sys

import pytest

from core.errors import InvalidInput
from core.jobs.slots import CPU, discover_slots
from tests.jobs_home import FAKE_DRIVER


@pytest.fixture
def two_gpus(tmp_path, monkeypatch):
    (tmp_path / "pynvml.py").write_text(FAKE_DRIVER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    yield
    sys.modules.pop("pynvml", None)


def test_every_gpu_is_a_slot_that_sees_only_itself(two_gpus):
    slots = discover_slots({})
    assert [(slot.name, slot.title) for slot in slots] == [("GPU-0", "Fake GPU 0"), ("GPU-1", "Fake GPU 1")]
    assert slots[1].environment == {
        "CUDA_VISIBLE_DEVICES": "GPU-1",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }


@pytest.mark.parametrize(
    ("wanted", "names"),
    [("all", ["GPU-0", "GPU-1"]), ("1", ["GPU-1"]), ("GPU-1, 0", ["GPU-1", "GPU-0"]), ("none", ["cpu"])],
)
def test_the_user_may_restrict_the_gpus(two_gpus, wanted, names):
    assert [slot.name for slot in discover_slots({"GRAFT_GPUS": wanted})] == names


def test_a_gpu_that_is_not_there_is_refused_with_those_that_are(two_gpus):
    with pytest.raises(InvalidInput, match=r"'7'.*0 \(GPU-0\), 1 \(GPU-1\)"):
        discover_slots({"GRAFT_GPUS": "7"})


def test_several_gpus_can_be_one_slot(two_gpus):
    (slot,) = discover_slots({"GRAFT_GPUS": "0 + GPU-1"})
    assert (slot.name, slot.title) == ("GPU-0+GPU-1", "Fake GPU 0 + Fake GPU 1")
    assert slot.environment["CUDA_VISIBLE_DEVICES"] == "GPU-0,GPU-1"
    assert slot.environment["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"


def test_a_slot_says_what_it_has_and_two_gpus_have_the_memory_of_the_smaller_one(two_gpus):
    small, both = (discover_slots({"GRAFT_GPUS": chosen})[0].resources for chosen in ("0", "0+1"))
    assert (small.gpus, small.gpu_kinds, small.gpu_bytes) == (1, ("Fake GPU 0",), 24 * 10**9)
    assert (both.gpus, both.gpu_kinds, both.gpu_bytes) == (2, ("Fake GPU 0", "Fake GPU 1"), 24 * 10**9)
    (cpu,) = discover_slots({"GRAFT_GPUS": "none"})
    assert (cpu.resources.gpus, cpu.resources.cpus) == (0, len(os.sched_getaffinity(0)))
    assert cpu.resources.memory_bytes == both.memory_bytes > 10**8


def test_a_gpu_whose_memory_the_driver_does_not_tell_is_a_slot_all_the_same(two_gpus, monkeypatch):
    import pynvml

    def fail(handle):
        raise pynvml.NVMLError("Not Supported")

    monkeypatch.setattr(pynvml, "nvmlDeviceGetMemoryInfo", fail)
    assert [slot.resources.gpu_bytes for slot in discover_slots({})] == [0, 0]


def test_alike_gpus_of_one_slot_are_counted_in_its_title(two_gpus, monkeypatch):
    import pynvml

    monkeypatch.setattr(pynvml, "nvmlDeviceGetName", lambda handle: "NVIDIA H100")
    assert discover_slots({"GRAFT_GPUS": "0+1"})[0].title == "2 x NVIDIA H100"


@pytest.mark.parametrize("wanted", ["0,GPU-0", "0+1,1", "0+0"])
def test_a_gpu_in_two_slots_is_refused(two_gpus, wanted):
    with pytest.raises(InvalidInput, match="names a GPU twice: GPU-"):
        discover_slots({"GRAFT_GPUS": wanted})


@pytest.mark.parametrize("broken", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetUUID"])
def test_without_a_working_driver_there_is_the_cpu(two_gpus, monkeypatch, broken):
    import pynvml

    def fail(*_):
        raise pynvml.NVMLError("Driver Not Loaded")

    monkeypatch.setattr(pynvml, broken, fail)
    assert discover_slots({}) == (CPU,)
