"""What a run needs of the slot in which it trains, and whether a slot has it; no part of its recipe or fingerprint."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.errors import InvalidInput
from core.text.units import count, listed, size

_WORD = re.compile(r"[a-z0-9]+")


@dataclass(frozen=True, kw_only=True)
class SlotResources:
    """What a slot has; 0 or () where it is not known.

    Args:
        gpus: how many train one run together.
        gpu_kinds: their names, each once, such as "NVIDIA A100-SXM4-40GB".
        gpu_bytes: memory of one of them, of the smallest.
        memory_bytes: main memory of its machine, which all slots there share.
        cpus: that a run there may use.
    """

    gpus: int = 0
    gpu_kinds: tuple[str, ...] = ()
    gpu_bytes: int = 0
    memory_bytes: int = 0
    cpus: int = 0

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "SlotResources":
        """Reverse of ``asdict``; what is unknown is left out, as another version may have written it."""
        known = {field.name: content[field.name] for field in fields(cls) if field.name in content}
        return cls(**known | {"gpu_kinds": tuple(known.get("gpu_kinds", ()))})


@dataclass(frozen=True, kw_only=True)
class RunNeeds:
    """What a run needs; without anything every slot fits.

    Args:
        gpus: of one slot. At least 1 where a kind or the memory of a GPU is given.
        gpu_kind: part of the name of the GPU in whole words, such as "A100" or "RTX 4090"; "" for any.
        gpu_bytes: memory of each GPU.
        memory_bytes: main memory of the machine. cpus: that the run may use.
        estimated_bytes: main memory by the plan's estimate; it counts where no ``memory_bytes`` is given, and is
            ignored on a machine whose memory is not known.

    Raises:
        InvalidInput: one is negative.
    """

    gpus: int = 0
    gpu_kind: str = ""
    gpu_bytes: int = 0
    memory_bytes: int = 0
    cpus: int = 0
    estimated_bytes: int = 0

    def __post_init__(self) -> None:
        for name in ("gpus", "gpu_bytes", "memory_bytes", "cpus", "estimated_bytes"):
            if getattr(self, name) < 0:
                raise InvalidInput(f"A run cannot need less than nothing. Received: {name}={getattr(self, name)}")
        if not self.gpus and (self.gpu_kind or self.gpu_bytes):
            object.__setattr__(self, "gpus", 1)

    def __bool__(self) -> bool:
        return self != RunNeeds()

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "RunNeeds":
        """Reverse of ``to_json``; what is unknown is left out, as another version may have written it."""
        return cls(**{field.name: content[field.name] for field in fields(cls) if field.name in content})

    def to_json(self) -> dict[str, Any]:
        """Without what is not needed."""
        return {name: value for name, value in asdict(self).items() if value}

    @property
    def is_stated(self) -> bool:
        """Whether a person has stated anything."""
        return bool({*self.to_json()} - {"estimated_bytes"})

    def fits(self, slot: SlotResources) -> bool:
        """Whether the slot has all of it. What a person states must be known of the slot."""
        return all(need.is_met(slot) for need in self._each())

    def describe(self) -> str:
        """``a GPU with 40 GB and 8 CPUs``; "" for nothing."""
        return listed([need.label for need in self._each()], limit=9)

    def why_none(self, slots: Sequence[SlotResources]) -> str:
        """What is missing in every one of these slots, as a sentence; "" where one fits.

        ``It needs a GPU with 40 GB; the largest GPU has 24 GB.``
        """
        if any(self.fits(slot) for slot in slots):
            return ""
        short = [need for need in self._each() if not any(map(need.is_met, slots))]
        if not short:
            return f"It needs {self.describe()}; no slot has all of that."
        return f"It needs {listed([need.label for need in short], 9)}; {', '.join(need.most(slots) for need in short)}."

    def _each(self) -> list["_Need"]:
        needs = [_memory(self), _cpus(self)]
        return [need for need in (*_of_gpus(self), *needs) if need is not None]


@dataclass(frozen=True, kw_only=True)
class _Need:
    """One of the needs of a run.

    Args:
        label: "a GPU with 40 GB". is_met: whether a slot meets it.
        most: what the best of these slots has instead: "the largest GPU has 24 GB".
    """

    label: str
    is_met: Callable[[SlotResources], bool]
    most: Callable[[Sequence[SlotResources]], str]


def _of_gpus(needs: RunNeeds) -> list[_Need]:
    """One, or none: number, kind and memory are of the same GPUs."""
    if not needs.gpus:
        return []
    number = "a" if needs.gpus == 1 else str(needs.gpus)
    kind = f" of the kind {needs.gpu_kind}" if needs.gpu_kind else ""
    memory = f" with {size(needs.gpu_bytes)}" if needs.gpu_bytes else ""
    each = " each" if memory and needs.gpus > 1 else ""

    def is_met(slot: SlotResources) -> bool:
        return slot.gpus >= needs.gpus and _is_kind(needs.gpu_kind, slot) and slot.gpu_bytes >= needs.gpu_bytes

    return [
        _Need(
            label=f"{number} GPU{'s' if needs.gpus > 1 else ''}{kind}{memory}{each}",
            is_met=is_met,
            most=lambda slots: _most_gpus(needs, slots),
        )
    ]


def _is_kind(wanted: str, slot: SlotResources) -> bool:
    """Whether the wanted words follow each other in the name of each of its GPUs, in any case: A10 is no A100."""
    words = _words(wanted)
    return not words or bool(slot.gpu_kinds and all(words in _words(kind) for kind in slot.gpu_kinds))


def _words(text: str) -> str:
    return "".join(f" {word} " for word in _WORD.findall(text.casefold()))


def _most_gpus(needs: RunNeeds, slots: Sequence[SlotResources]) -> str:
    with_gpu = [slot for slot in slots if slot.gpus]
    if not with_gpu:
        return "there is no GPU"
    if max(slot.gpus for slot in with_gpu) < needs.gpus:
        return f"the most that one slot has is {count(max(slot.gpus for slot in with_gpu), 'GPU')}"
    of_kind = [slot for slot in with_gpu if _is_kind(needs.gpu_kind, slot)]
    if not of_kind:
        kinds = sorted({kind for slot in with_gpu for kind in slot.gpu_kinds})
        return f"the GPUs are: {listed(kinds)}" if kinds else "the kind of the GPUs is not known"
    largest = max(slot.gpu_bytes for slot in of_kind)
    these = "GPU of that kind" if needs.gpu_kind else "GPU"
    if largest < needs.gpu_bytes:
        return f"the largest {these} has {size(largest)}" if largest else "the memory of the GPUs is not known"
    return "no slot has all of that"


def _memory(needs: RunNeeds) -> _Need | None:
    wanted = needs.memory_bytes or needs.estimated_bytes
    if not wanted:
        return None
    is_estimate = not needs.memory_bytes

    def is_met(slot: SlotResources) -> bool:
        return slot.memory_bytes >= wanted or (is_estimate and not slot.memory_bytes)

    def most(slots: Sequence[SlotResources]) -> str:
        largest = max((slot.memory_bytes for slot in slots), default=0)
        return f"the largest machine has {size(largest)}" if largest else "the memory of the machines is not known"

    label = f"about {size(wanted)} of memory (estimated)" if is_estimate else f"{size(wanted)} of memory"
    return _Need(label=label, is_met=is_met, most=most)


def _cpus(needs: RunNeeds) -> _Need | None:
    if not needs.cpus:
        return None

    def most(slots: Sequence[SlotResources]) -> str:
        largest = max((slot.cpus for slot in slots), default=0)
        return f"the largest slot has {count(largest, 'CPU')}" if largest else "the number of CPUs is not known"

    return _Need(label=count(needs.cpus, "CPU"), is_met=lambda slot: slot.cpus >= needs.cpus, most=most)
