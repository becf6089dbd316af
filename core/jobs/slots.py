"""Slots: one or several GPUs, or the CPU. A trainer gets its slot through its environment."""

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import InvalidInput
from core.runs.needs import SlotResources


@dataclass(frozen=True, kw_only=True)
class Slot:
    """Devices that train one run at a time.

    Args:
        name: a GPU's UUID (several joined by "+"), or ``cpu``; stored with every attempt.
        title: shown to the user.
        environment: variables that must be set before TensorFlow is imported.
        resources: what it has, by which a run that needs something finds its slot.
    """

    name: str
    title: str
    environment: Mapping[str, str] = field(default_factory=dict)
    resources: SlotResources = field(default_factory=SlotResources, compare=False)

    @property
    def is_gpu(self) -> bool:
        return self.name != "cpu"


CPU = Slot(name="cpu", title="CPU", environment={"CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"})
"""With a higher log level than a GPU's slot: TensorFlow reports hidden GPUs as an error."""


def discover_slots(environ: Mapping[str, str] | None = None) -> tuple[Slot, ...]:
    """Every NVIDIA GPU of this machine, else the CPU.

    ``GRAFT_GPUS`` restricts them: ``none``, or a list of numbers (in PCI order) and UUIDs as ``nvidia-smi -L`` shows
    them. What is joined by "+" is one slot: ``0+1,2`` trains one run on two GPUs and another one on the third.
    ``CUDA_VISIBLE_DEVICES`` is ignored: Graft's own processes set it to hide the GPUs from themselves.
    """
    wanted = (os.environ if environ is None else environ).get("GRAFT_GPUS", "all").strip()
    return tuple(_of_this_machine(slot) for slot in _chosen(wanted))


def _chosen(wanted: str) -> tuple[Slot, ...]:
    if wanted.lower() in ("none", "-1"):
        return (CPU,)
    found = _gpus()
    if wanted.lower() in ("", "all"):
        return found or (CPU,)
    slots = [[_pick(found, name.strip()) for name in group.split("+")] for group in wanted.split(",")]
    _check_once([gpu for group in slots for gpu in group])
    return tuple(_joined(group) for group in slots)


def _of_this_machine(slot: Slot) -> Slot:
    """With the memory and the CPUs that all slots here share."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    resources = replace(slot.resources, memory_bytes=memory, cpus=len(os.sched_getaffinity(0)))
    return replace(slot, resources=resources)


def _check_once(gpus: list[Slot]) -> None:
    twice = next((gpu.name for number, gpu in enumerate(gpus) if gpu in gpus[:number]), None)
    if twice:
        raise InvalidInput(f"GRAFT_GPUS names a GPU twice: {twice}. Every GPU can be in one slot only.")


def _joined(gpus: list[Slot]) -> Slot:
    """One slot of several GPUs."""
    names, titles = [gpu.name for gpu in gpus], Counter(gpu.title for gpu in gpus)
    return Slot(
        name="+".join(names),
        title=" + ".join(title if count == 1 else f"{count} x {title}" for title, count in titles.items()),
        environment={**gpus[0].environment, "CUDA_VISIBLE_DEVICES": ",".join(names)},
        resources=SlotResources(
            gpus=len(gpus), gpu_kinds=tuple(titles), gpu_bytes=min(gpu.resources.gpu_bytes for gpu in gpus)
        ),
    )


def _pick(found: tuple[Slot, ...], name: str) -> Slot:
    for number, slot in enumerate(found):
        if name in (str(number), slot.name):
            return slot
    there = ", ".join(f"{number} ({slot.name})" for number, slot in enumerate(found)) or "none"
    raise InvalidInput(f"GRAFT_GPUS names a GPU that is not there: {name!r}. GPUs of this machine: {there}")


def _gpus() -> tuple[Slot, ...]:
    """GPUs in the order of the driver; none without the package, the driver or a GPU."""
    try:
        import pynvml
    except ImportError:
        return ()
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return ()
    try:
        handles = [pynvml.nvmlDeviceGetHandleByIndex(index) for index in range(pynvml.nvmlDeviceGetCount())]
        return tuple(
            _gpu(_text(pynvml.nvmlDeviceGetUUID(h)), _text(pynvml.nvmlDeviceGetName(h)), _memory(pynvml, h))
            for h in handles
        )
    except pynvml.NVMLError:  # a GPU that has failed: the CPU is better than no supervisor
        return ()
    finally:
        pynvml.nvmlShutdown()


def _memory(nvml: Any, handle: Any) -> int:
    """All of a GPU's memory; 0 where the driver does not say."""
    try:
        return int(nvml.nvmlDeviceGetMemoryInfo(handle).total)
    except nvml.NVMLError:
        return 0


def _gpu(uuid: str, title: str, memory: int) -> Slot:
    environment = {
        "CUDA_VISIBLE_DEVICES": uuid,
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }
    resources = SlotResources(gpus=1, gpu_kinds=(title,), gpu_bytes=memory)
    return Slot(name=uuid, title=title, environment=environment, resources=resources)


def _text(value: str | bytes) -> str:
    """Older releases of the package return bytes."""
    return value.decode() if isinstance(value, bytes) else value
