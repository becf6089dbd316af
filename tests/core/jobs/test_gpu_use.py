"""What the GPUs do, with a driver in place of NVIDIA's."""

import sys
from types import ModuleType, SimpleNamespace

import pytest

from core.jobs.gpu_use import GpuUse, gpu_use


@pytest.fixture
def driver(monkeypatch) -> ModuleType:
    module = ModuleType("pynvml")
    module.NVMLError = type("NVMLError", (Exception,), {})
    module.open = 0

    def opened(by: int) -> None:
        module.open += by

    module.nvmlInit, module.nvmlShutdown = lambda: opened(1), lambda: opened(-1)
    module.nvmlDeviceGetCount = lambda: 1
    module.nvmlDeviceGetHandleByIndex = lambda index: index
    module.nvmlDeviceGetUUID, module.nvmlDeviceGetName = lambda handle: b"GPU-1", lambda handle: "NVIDIA H200"
    module.nvmlDeviceGetMemoryInfo = lambda handle: SimpleNamespace(used=5, total=7, free=2)
    module.nvmlDeviceGetUtilizationRates = lambda handle: SimpleNamespace(gpu=40, memory=90)
    monkeypatch.setitem(sys.modules, "pynvml", module)
    return module


def failing(driver: ModuleType):
    def fail(*_):
        raise driver.NVMLError("Not Supported")

    return fail


def test_memory_and_use_of_each(driver):
    assert gpu_use() == (GpuUse(name="GPU-1", title="NVIDIA H200", used_bytes=5, total_bytes=7, busy=0.4),)
    assert driver.open == 0, "the driver is closed again"


def test_a_gpu_that_does_not_say_how_busy_it_is_has_its_memory(driver):
    driver.nvmlDeviceGetUtilizationRates = failing(driver)
    assert gpu_use() == (GpuUse(name="GPU-1", title="NVIDIA H200", used_bytes=5, total_bytes=7, busy=None),)


@pytest.mark.parametrize("broken", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetMemoryInfo"])
def test_without_a_driver_or_with_a_gpu_that_failed_there_is_none(driver, broken):
    setattr(driver, broken, failing(driver))
    assert gpu_use() == () and driver.open == 0
