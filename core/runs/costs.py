"""Measurement of a run's cost. Values without a counter are None, never estimated."""

import os
import re
import resource
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

POWERCAP = Path("/sys/class/powercap")
FULL_COSTS, RECORDED_AT, OVERLAP = "full_costs", "recorded_at", "overlap"
"""Keys of an attempt's recorded cost: what the shared results it used cost to compute, when it was recorded, and the
wall seconds that are charged to several shared results at once, because they were computed side by side."""

TRAINER_START = "start 'TensorFlow'"
"""Name under which a run is charged for the start of its process (``core.training.cache``)."""

SOLVER_LIBRARY = "scikit-learn"
SOLVER_START = f"library {SOLVER_LIBRARY!r}"
"""Name under which a run with a scikit-learn solver is charged for its import."""

_SAMPLE_SECONDS = 1.0  # a RAPL counter of 262 kJ wraps after half an hour at 150 W: reading it twice is not enough


@dataclass(frozen=True, kw_only=True)
class Spent:
    """Wall seconds and CPU seconds (user + system, children included)."""

    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            wall_seconds=self.wall_seconds + other.wall_seconds, cpu_seconds=self.cpu_seconds + other.cpu_seconds
        )

    def larger(self, other: "Spent") -> "Spent":
        """The larger wall and the larger CPU seconds."""
        return Spent(
            wall_seconds=max(self.wall_seconds, other.wall_seconds),
            cpu_seconds=max(self.cpu_seconds, other.cpu_seconds),
        )

    def times(self, factor: float) -> "Spent":
        return Spent(wall_seconds=factor * self.wall_seconds, cpu_seconds=factor * self.cpu_seconds)

    def minus(self, other: "Spent") -> "Spent":
        """The difference to ``other``, at least 0."""
        return Spent(
            wall_seconds=max(0.0, self.wall_seconds - other.wall_seconds),
            cpu_seconds=max(0.0, self.cpu_seconds - other.cpu_seconds),
        )


@dataclass(frozen=True, kw_only=True)
class MeterReading:
    """What a meter has measured.

    Args:
        spent: wall and CPU seconds.
        peak_rss_bytes, peak_gpu_bytes: largest memory; the GPU's is that of the whole device (several: their sum),
            None without one.
        energy_joules, energy_source: of the counters that could be read, which count the whole device.
        device_seconds: seconds a GPU slot was held, times its GPUs; None on the CPU.
        stages: wall seconds per stage, in the order of their first start.
    """

    spent: Spent
    peak_rss_bytes: int
    peak_gpu_bytes: int | None = None
    energy_joules: float | None = None
    energy_source: str = ""
    device_seconds: float | None = None
    stages: dict[str, float] = field(default_factory=dict)


def money(seconds: float | None, rate_per_hour: float | None) -> float | None:
    """Price of ``seconds`` at ``rate_per_hour``; None when either is not known."""
    if seconds is None or rate_per_hour is None:
        return None
    return seconds / 3600 * rate_per_hour


_watched: set[int] = set()
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


def watch(pid: int) -> None:
    """Counts a child that runs as long as this process; the kernel counts children only once they have ended."""
    _watched.add(pid)


def unwatch(pid: int) -> None:
    """Ends ``watch``, after the child was waited for."""
    _watched.discard(pid)


def spent_now() -> Spent:
    """Wall and CPU seconds of this process, its ended and its watched children; only differences are meaningful."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    return Spent(wall_seconds=time.monotonic(), cpu_seconds=cpu + sum(map(_cpu_seconds_of, tuple(_watched))))


Clock = Callable[[], Spent]
"""As ``spent_now``: only differences are meaningful."""


def spent_by_thread() -> Spent:
    """As ``spent_now``, CPU seconds of this thread alone."""
    return Spent(wall_seconds=time.monotonic(), cpu_seconds=time.thread_time())


def clock_without_thread(thread: int) -> Clock:
    """As ``spent_now``, without the CPU seconds of one thread.

    Args:
        thread: its ``ident``; it must live as long as the clock is read.
    """
    its_clock = time.pthread_getcpuclockid(thread)

    def clock() -> Spent:
        now = spent_now()
        return Spent(wall_seconds=now.wall_seconds, cpu_seconds=now.cpu_seconds - time.clock_gettime(its_clock))

    return clock


def _cpu_seconds_of(pid: int) -> float:
    """CPU seconds (user and system) of a running process, by the kernel's table; 0 where there is none."""
    try:
        numbers = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(numbers[11]) + int(numbers[12])) / _TICKS_A_SECOND


def rss_bytes() -> int:
    """Resident memory of this process now (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def peak_rss_bytes(status: Path = Path("/proc/self/status"), *, children_before: int = 0) -> int:
    """Largest resident memory of this process since ``forget_peak``, or of one ended child.

    VmHWM rather than ``ru_maxrss``, which includes the peak of the parent this process was forked from.

    Args:
        children_before: of ``children_peak_bytes`` at the start; an unchanged peak is that of an earlier child.
    """
    children = children_peak_bytes()
    found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(), re.MULTILINE) if status.exists() else None
    own = int(found[1]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return max(own * 1024, children if children > children_before else 0)


def children_peak_bytes() -> int:
    """Largest resident memory of all ended children; the kernel never resets it."""
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024


def forget_peak(clear_refs: Path = Path("/proc/self/clear_refs")) -> None:
    """Resets the peak to the current memory, because one process may train several runs."""
    with suppress(OSError):  # without it the peak of the former run is kept, which is too large rather than too small
        clear_refs.write_text("5")


class CpuEnergy:
    """Joules of the CPU packages since the start, from Linux' RAPL counters (powercap).

    Only ``package`` zones are added: ``core``, ``uncore`` and ``dram`` lie inside or beside them, ``psys`` around them.
    """

    source = "CPU packages (RAPL)"

    def __init__(self, powercap: Path = POWERCAP) -> None:
        self._zones = [zone for zone in sorted(powercap.glob("intel-rapl:*")) if _is_package(zone)]
        self._last = {zone: value for zone in self._zones if (value := _number(zone / "energy_uj")) is not None}
        self._microjoules = 0

    @property
    def readable(self) -> bool:
        return bool(self._last)

    def sample(self) -> float:
        for zone, before in self._last.items():
            now = _number(zone / "energy_uj")
            if now is None:
                continue
            span = _number(zone / "max_energy_range_uj") or 0
            self._microjoules += now - before if now >= before else now + span - before
            self._last[zone] = now
        return self._microjoules / 1e6


def _is_package(zone: Path) -> bool:
    name = zone / "name"
    return bool(re.fullmatch(r"intel-rapl:\d+", zone.name)) and name.exists() and "package" in name.read_text()


def _number(path: Path) -> int | None:
    """The counter's value; None where it cannot be read (root only since CVE-2020-8694)."""
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


class Gpu:
    """Energy and memory of one NVIDIA GPU by its UUID, through NVML."""

    source = "GPU (NVML)"

    def __init__(self, uuid: str, nvml: Any) -> None:
        self._nvml = nvml
        nvml.nvmlInit()
        self._handle = nvml.nvmlDeviceGetHandleByUUID(uuid)
        self._first = self._counter()
        self.peak_bytes = 0

    def _counter(self) -> int | None:
        try:
            return int(self._nvml.nvmlDeviceGetTotalEnergyConsumption(self._handle))
        except self._nvml.NVMLError:
            return None

    @property
    def readable(self) -> bool:
        return self._first is not None

    def sample(self) -> float:
        self.peak_bytes = max(self.peak_bytes, int(self._nvml.nvmlDeviceGetMemoryInfo(self._handle).used))
        now = self._counter()
        return (now - self._first) / 1000 if now is not None and self._first is not None else 0.0


def gpus_of_slot(environ: dict[str, str] | None = None) -> tuple[str, ...]:
    """UUIDs of the GPUs that the supervisor assigned to this process; () for the CPU slot."""
    visible = (os.environ if environ is None else environ).get("CUDA_VISIBLE_DEVICES", "")
    return tuple(name for name in visible.split(",") if name.startswith(("GPU-", "MIG-")))


def gpu_of_slot(environ: dict[str, str] | None = None) -> str | None:
    """UUID of the first GPU assigned to this process; None for the CPU slot."""
    return next(iter(gpus_of_slot(environ)), None)


class Meter:
    """Measures one attempt: ``with Meter() as meter: ... meter.reading()``.

    Args:
        gpus: UUIDs of the slot's GPUs, () on the CPU; ``nvml``: the pynvml module (a fake in tests).
        powercap: folder of the RAPL counters.
    """

    def __init__(self, *, gpus: Sequence[str] = (), powercap: Path = POWERCAP, nvml: Any = None):
        self._gpus = [Gpu(uuid, nvml or _pynvml()) for uuid in gpus]
        readable = all(gpu.readable for gpu in self._gpus)  # energy of some GPUs only is not that of the run
        counters = [*(self._gpus if readable else ()), CpuEnergy(powercap)]
        self._counters = [counter for counter in counters if counter.readable]
        self._stages: dict[str, float] = {}
        self._running: tuple[str, float] | None = None
        self._stop = threading.Event()
        self._lock = threading.Lock()

    def __enter__(self) -> "Meter":
        forget_peak()
        self._children_before = children_peak_bytes()
        self._begin = spent_now()
        self._sample()
        if self._gpus or self._counters:
            threading.Thread(target=self._watch, name="meter", daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()

    def _watch(self) -> None:
        while not self._stop.wait(_SAMPLE_SECONDS):
            self._sample()

    def _sample(self) -> float | None:
        with self._lock:
            for gpu in self._gpus:
                if gpu not in self._counters:
                    gpu.sample()  # its memory can still be read
            return sum(counter.sample() for counter in self._counters) if self._counters else None

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Counts the block's seconds under ``name``; a stage entered again adds to its seconds.

        A stage within another one interrupts it, so that no second counts twice.
        """
        outer = self._running
        self._enter(name)
        try:
            yield
        finally:
            self._enter(outer[0] if outer else None)

    def _enter(self, name: str | None) -> None:
        self._stages = self._stages_now()
        self._running = None if name is None else (name, time.monotonic())

    def _stages_now(self) -> dict[str, float]:
        if self._running is None:
            return dict(self._stages)
        name, since = self._running
        return self._stages | {name: self._stages.get(name, 0.0) + time.monotonic() - since}

    def spent(self) -> Spent:
        return spent_now().minus(self._begin)

    def reading(self) -> MeterReading:
        """Everything so far, the running stage included."""
        energy, spent = self._sample(), self.spent()
        return MeterReading(
            spent=spent,
            peak_rss_bytes=peak_rss_bytes(children_before=self._children_before),
            peak_gpu_bytes=sum(gpu.peak_bytes for gpu in self._gpus) if self._gpus else None,
            energy_joules=energy,
            energy_source=" + ".join(dict.fromkeys(counter.source for counter in self._counters)),
            device_seconds=len(self._gpus) * spent.wall_seconds if self._gpus else None,
            stages=self._stages_now(),
        )


def _pynvml() -> Any:
    import pynvml

    return pynvml
