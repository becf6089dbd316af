"""The work of a launch: what every run takes, and when each begins and ends when runs share work and slots."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from core.recipes.patterns import Pattern
from core.recipes.recipe import Recipe

MOST_RUNS = 50
"""Runs that one trainer process trains at most, which limits what leaks of libraries add up to."""


def process_of(dataset_id: str, recipe: Recipe) -> str:
    """What a trainer process has in memory for a run: the photos and the first backbone, or the model to quantize.

    Runs with the same value can be trained one after the other in one process; "" where no process is needed.
    """
    source = recipe.members[0] if recipe.pattern is Pattern.QUANTIZATION else "".join(recipe.backbones[:1])
    return f"{dataset_id} {source}" if source else ""


class SharedKind(StrEnum):
    """What runs compute or fetch once for all of them."""

    WEIGHTS = "weights"  # downloaded
    LIBRARY = "library"  # imported into a process
    NETWORK = "network"  # built in a process, which keeps one
    EXPORT = "export"  # the backbone optimised for this machine
    FEATURES = "features"

    @property
    def is_in_memory(self) -> bool:
        """Whether only the process that computed it can use it, until it computes another one of this kind."""
        return self in (SharedKind.LIBRARY, SharedKind.NETWORK)


@dataclass(frozen=True, kw_only=True)
class Shared:
    """A result that every run with the same ``key`` uses and the first one computes (of what is in memory: the first
    one in each process).

    Args:
        seconds: to compute it. bytes: on disk. stored: whether it exists already.
        rows, copied: of features, one a photo, and those of them that are copied from other stored features.
        copied_seconds: what computing these would take in addition.
    """

    key: str
    kind: SharedKind
    seconds: float
    bytes: int = 0
    stored: bool = False
    rows: int = 0
    copied: int = 0
    copied_seconds: float = 0.0

    @property
    def whole_seconds(self) -> float:
        """To compute all of it."""
        return self.seconds + self.copied_seconds

    def times(self, factor: float) -> "Shared":
        """The same where everything takes ``factor`` times as long."""
        return replace(self, seconds=factor * self.seconds, copied_seconds=factor * self.copied_seconds)


@dataclass(frozen=True, kw_only=True)
class Work:
    """The work of one run.

    Args:
        process: of ``process_of``; "" where stored predictions are combined at once, without a process.
        start: seconds until a new process can train; not needed where a process continues.
        shared: what it needs from here on, in order.
        own: seconds of everything that only this run does.
        alone: seconds of the whole run, had it been the only one, with nothing to reuse.
    """

    process: str
    start: float
    shared: tuple[Shared, ...]
    own: float
    alone: float

    def times(self, factor: float) -> "Work":
        """The same work where everything takes ``factor`` times as long."""
        shared = tuple(one.times(factor) for one in self.shared)
        parts = {name: factor * getattr(self, name) for name in ("start", "own", "alone")}
        return replace(self, shared=shared, **parts)


class Span(NamedTuple):
    """When a run begins and ends, in seconds after the launch, and what of it was the start of its process and shared
    work that it computed (by kind)."""

    begin: float
    end: float
    start: float
    shared: dict[SharedKind, float]

    @property
    def seconds(self) -> float:
        return self.end - self.begin


@dataclass
class _Slot:
    free_at: float
    process: str = ""
    runs: int = 0
    memory: dict[SharedKind, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BusySlot:
    """A slot that trains a run, or whose trainer waits for one.

    Args:
        left: seconds until that run ends. process: of ``process_of``. shared: keys of what the run computes for others.
        memory: what the process will have in memory then, as kinds and keys.
    """

    left: float
    process: str
    shared: tuple[str, ...] = ()
    memory: frozenset[tuple[SharedKind, str]] = frozenset()


def timeline(works: Sequence[Work], slots: int, busy: Sequence[BusySlot] = ()) -> list[Span]:
    """When every waiting run begins and ends, in the order of the queue.

    As the supervisor does it: every slot takes the first run that waits; a process goes on with it where it can use
    what is in its memory; what several runs share is computed by the first, and those that need it meanwhile wait.

    Args:
        busy: the slots that train now; the others are free.
    """
    combined = sum(work.own for work in works if not work.process)
    pool = [
        _Slot(free_at=max(combined, one.left), process=one.process, runs=1, memory=dict(one.memory)) for one in busy
    ]
    pool += [_Slot(free_at=combined) for _ in range(max(slots, 1) - len(pool))]
    ready = {key: one.left for one in busy for key in one.shared}
    moment, spans = 0.0, []
    for work in works:
        if not work.process:
            spans.append(Span(moment, moment + work.own, 0.0, {}))
            moment += work.own
        else:
            spans.append(_train(work, _next_slot(pool, work), ready))
    return spans


def _next_slot(pool: Sequence[_Slot], work: Work) -> _Slot:
    """The slot that is free first; of several the one whose process can continue."""
    return min(pool, key=lambda slot: (slot.free_at, slot.process != work.process))


def _train(work: Work, slot: _Slot, ready: dict[str, float]) -> Span:
    warm = slot.process == work.process and slot.runs < MOST_RUNS
    start = 0.0 if warm else work.start
    now = slot.free_at + start
    if not warm:
        slot.memory = {}
    computed: dict[SharedKind, float] = {}
    for shared in work.shared:
        if shared.kind.is_in_memory:
            if slot.memory.get(shared.kind) != shared.key:
                slot.memory[shared.kind] = shared.key
                computed[shared.kind] = computed.get(shared.kind, 0.0) + shared.seconds
                now += shared.seconds
        elif shared.key in ready:
            now = max(now, ready[shared.key])
        elif not shared.stored:
            computed[shared.kind] = computed.get(shared.kind, 0.0) + shared.seconds
            now = ready[shared.key] = now + shared.seconds
    span = Span(slot.free_at, now + work.own, start, computed)
    slot.free_at, slot.process, slot.runs = span.end, work.process, slot.runs + 1 if warm else 1
    return span


def makespan(seconds: Iterable[float], slots: int) -> float:
    """When the last of these runs ends that share nothing but the slots."""
    free = [0.0] * max(slots, 1)
    for one in seconds:
        free[free.index(min(free))] += one
    return max(free)
