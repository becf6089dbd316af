"""What the machine must have that trains the runs of a launch. It is asked only where slots differ."""

from collections.abc import Sequence

import streamlit as st

from core.runs.needs import RunNeeds, SlotResources
from core.text.units import count, plain
from core.workbench import Workbench

ANY, GPU = "Any device", "Any GPU"
_GB = 10**9


def choose(bench: Workbench) -> RunNeeds:
    """What was chosen; nothing where all slots are alike, as on most machines."""
    slots = [one.resources for one in bench.registry.known_slots()]
    if len(set(slots)) < 2:
        return RunNeeds()
    with st.expander("What the machine must have", icon=":material/memory:", key="train.needs"):
        columns = st.columns(4)
        device = columns[0].selectbox("Device", devices(slots), key="train.needs.device")
        has_gpu = any(slot.gpu_bytes for slot in slots)
        help_ = "Of the GPU; 0 for any."
        gpu = columns[1].number_input("GPU memory in GB", 0, key="train.needs.gpu", help=help_, disabled=not has_gpu)
        help_ = "Main memory of the machine; 0 for any, or what the plan estimates."
        memory = columns[2].number_input("Memory in GB", 0, key="train.needs.memory", help=help_)
        cpus = columns[3].number_input("CPUs", 0, key="train.needs.cpus", help="0 for any number.")
        needs = chosen(device, gpu, memory, cpus)
        if needs:
            st.caption(plain(fitting(needs, slots)))
    return needs


def devices(slots: Sequence[SlotResources]) -> list[str]:
    """What can be asked for: any, any GPU, or one of the kinds there are."""
    kinds = sorted({kind for slot in slots for kind in slot.gpu_kinds})
    return [ANY, *([GPU] if any(slot.gpus for slot in slots) else []), *(kinds if len(kinds) > 1 else [])]


def chosen(device: str, gpu_gigabytes: int, gigabytes: int, cpus: int) -> RunNeeds:
    """0 for no need."""
    return RunNeeds(
        gpus=int(device != ANY),
        gpu_kind="" if device in (ANY, GPU) else device,
        gpu_bytes=gpu_gigabytes * _GB,
        memory_bytes=gigabytes * _GB,
        cpus=cpus,
    )


def fitting(needs: RunNeeds, slots: Sequence[SlotResources]) -> str:
    """How many slots fit, or why none does."""
    number = sum(needs.fits(slot) for slot in slots)
    return needs.why_none(slots) or f"{number} of {count(len(slots), 'slot')} {'fits' if number == 1 else 'fit'}."
