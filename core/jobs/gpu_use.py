"""What the GPUs of this machine do now, from NVIDIA's driver; nothing of it is kept."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class GpuUse:
    """One GPU at one moment.

    Args:
        name: UUID. title: "NVIDIA H200". used_bytes, total_bytes: its memory, of all programs.
        busy: share of the last moments (up to 1 s, the driver's choice) in which something ran on it; None where the
            driver does not say.
    """

    name: str
    title: str
    used_bytes: int
    total_bytes: int
    busy: float | None


def gpu_use() -> tuple[GpuUse, ...]:
    """One entry for each GPU that answers; none without the package, the driver or a GPU."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except (ImportError, OSError):
        return ()
    except pynvml.NVMLError:
        return ()
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return tuple(_use(pynvml, handle) for handle in handles)
    except pynvml.NVMLError:  # a GPU that has failed
        return ()
    finally:
        pynvml.nvmlShutdown()


def _use(nvml: Any, handle: Any) -> GpuUse:
    memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    try:
        busy = nvml.nvmlDeviceGetUtilizationRates(handle).gpu / 100
    except nvml.NVMLError:  # not supported, as on a part of a GPU (MIG)
        busy = None
    return GpuUse(
        name=_text(nvml.nvmlDeviceGetUUID(handle)),
        title=_text(nvml.nvmlDeviceGetName(handle)),
        used_bytes=int(memory.used),
        total_bytes=int(memory.total),
        busy=busy,
    )


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
