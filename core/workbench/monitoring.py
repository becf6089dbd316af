"""What Graft shows to Prometheus: queue, slots, leases, runs, stores and memory."""

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from core import jobs
from core.backups.schedule import problem_of, state_of
from core.files.home import features_folder, runs_folder
from core.files.room import free_bytes
from core.jobs.gpu_use import GpuUse, gpu_use
from core.jobs.quota import QuotaUse, quota_uses
from core.registry import Registry
from core.registry.monitoring import RegistryFigures
from core.runs.costs import rss_bytes
from core.runs.values import Status
from core.serving.engine import memory
from core.settings import Settings
from core.text.prometheus import Gauge, Metric, exposition

FIGURES_SECONDS = 5.0
"""The registry is asked at most so often, whoever scrapes."""
FOLDERS_SECONDS = 900.0
"""Folders are measured again after so long; a walk over a million files takes seconds."""


class Monitor:
    """The figures of one home. Safe to use from several threads.

    Args:
        measure: bytes of a folder.
    """

    def __init__(
        self,
        settings: Settings,
        registry: Registry,
        *,
        clock: Callable[[], float] = time.monotonic,
        measure: Callable[[Path], int] | None = None,
    ) -> None:
        self._settings, self._registry, self._clock = settings, registry, clock
        self._measure = measure or bytes_below
        self._lock = threading.Lock()
        self._figures: tuple[float, RegistryFigures] | None = None
        self._gpus: tuple[GpuUse, ...] = ()
        self._uses: Mapping[str, QuotaUse] = {}
        self._folders: dict[str, int] = {}
        self._measured_at: float | None = None
        self._measuring: threading.Thread | None = None

    def text(self, more: Sequence[Metric] = ()) -> str:
        """All figures, in Prometheus' text format.

        Args:
            more: figures of others.

        Raises:
            Unavailable: the registry cannot be read.
        """
        figures = self._current()
        of_home = (*self._of_process(figures), *self._of_stores(figures), *self._of_backups(), *self._of_owners())
        return exposition((*_of_registry(figures), *of_home, *_of_gpus(self._gpus), *more))

    def _current(self) -> RegistryFigures:
        with self._lock:
            if self._figures is None or self._clock() - self._figures[0] >= FIGURES_SECONDS:
                self._figures = self._clock(), self._registry.registry_figures()
                self._gpus = gpu_use()
                if self._settings.user_limit_bytes:
                    self._uses = quota_uses(self._settings, self._registry)
            return self._figures[1]

    def _of_process(self, figures: RegistryFigures) -> tuple[Gauge, ...]:
        supervisor = jobs.supervisor_status(self._settings)
        up = supervisor.running or "supervisor" in figures.leases
        slots: dict[tuple[str, ...], float] = {}
        if supervisor.running:
            busy = min(len(supervisor.slots), figures.runs[Status.RUNNING])
            slots = {("busy",): busy, ("free",): len(supervisor.slots) - busy}
        return (
            Gauge(name="graft_supervisor_up", help="Whether a supervisor starts runs.", samples={(): up}),
            Gauge(
                name="graft_slots",
                help="Slots of the supervisor of this home, busy and free.",
                labels=("state",),
                samples=slots,
            ),
            Gauge(
                name="graft_queue_paused",
                help="Whether no waiting run starts because the disk has too little space.",
                samples={(): bool(jobs.why_paused(self._settings))},
            ),
            Gauge(
                name="graft_disk_free_bytes",
                help="Free space on the disk of the home.",
                samples={(): free_bytes(self._settings)},
            ),
            Gauge(name="graft_web_resident_bytes", help="Memory of this web process.", samples={(): rss_bytes()}),
            Gauge(
                name="graft_web_models_bytes",
                help="Memory of the loaded models, as an estimate.",
                samples={(): memory.used_bytes},
            ),
        )

    def _of_backups(self) -> tuple[Gauge, ...]:
        """Only where backups are scheduled; no age before the first one."""
        state = state_of(self._settings, self._registry)
        if state is None:
            return ()
        age = state.age()
        return (
            Gauge(
                name="graft_backup_age_seconds",
                help="Age of the newest scheduled backup.",
                samples={} if age is None else {(): age},
            ),
            Gauge(
                name="graft_backup_failing",
                help="Whether the newest attempt failed, or the newest backup is too old.",
                samples={(): bool(problem_of(self._settings, state))},
            ),
        )

    def _of_owners(self) -> tuple[Gauge, ...]:
        """Only where accounts have a quota."""
        limit = self._settings.user_limit_bytes
        if not limit:
            return ()
        return (
            Gauge(
                name="graft_owner_bytes",
                help="What each account stores in datasets, runs and uploads.",
                labels=("owner",),
                samples={(owner,): use.used for owner, use in self._uses.items()},
            ),
            Gauge(name="graft_owner_limit_bytes", help="What each account may store.", samples={(): limit}),
        )

    def _of_stores(self, figures: RegistryFigures) -> tuple[Gauge, ...]:
        sizes: dict[str, float] = {"datasets": figures.dataset_bytes, "models": figures.model_bytes}
        with suppress(OSError, NotImplementedError):
            sizes["registry"] = self._registry.size
        sizes |= self._measured()
        return (
            Gauge(
                name="graft_store_bytes",
                help=f"Size of a store. Folders (features, runs) are measured every {FOLDERS_SECONDS / 60:g} minutes.",
                labels=("store",),
                samples={(name,): size for name, size in sizes.items()},
            ),
            Gauge(
                name="graft_store_items",
                help="How many datasets and models there are.",
                labels=("store",),
                samples={("datasets",): figures.datasets, ("models",): figures.models},
            ),
        )

    def _measured(self) -> Mapping[str, int]:
        """The sizes of folders as last measured; nothing before the first measurement, which a thread does."""
        with self._lock:
            old = self._measured_at is None or self._clock() - self._measured_at >= FOLDERS_SECONDS
            if old and (self._measuring is None or not self._measuring.is_alive()):
                self._measuring = threading.Thread(target=self._measure_folders, name="sizes", daemon=True)
                self._measuring.start()
            return dict(self._folders)

    def _measure_folders(self) -> None:
        folders = {"features": features_folder(self._settings), "runs": runs_folder(self._settings)}
        found = {name: self._measure(folder) for name, folder in folders.items()}
        with self._lock:
            self._folders, self._measured_at = found, self._clock()


def bytes_below(folder: Path) -> int:
    """Bytes of all files below; those that are deleted meanwhile do not count, and linked ones count once."""
    sizes: dict[tuple[int, int], int] = {}
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(OSError):
                found = os.lstat(os.path.join(place, name))
                sizes[found.st_dev, found.st_ino] = found.st_size
    return sum(sizes.values())


def _of_gpus(gpus: Sequence[GpuUse]) -> tuple[Gauge, ...]:
    memory: dict[tuple[str, ...], float] = {}
    for one in gpus:
        memory |= {(one.name, one.title, "used"): one.used_bytes, (one.name, one.title, "total"): one.total_bytes}
    return (
        Gauge(
            name="graft_gpu_memory_bytes",
            help="Memory of the GPUs of this machine, used by all programs, and total.",
            labels=("gpu", "title", "kind"),
            samples=memory,
        ),
        Gauge(
            name="graft_gpu_busy_ratio",
            help="Share of the last moments, up to a second, in which something ran on a GPU.",
            labels=("gpu", "title"),
            samples={(one.name, one.title): one.busy for one in gpus if one.busy is not None},
        ),
    )


def _of_registry(figures: RegistryFigures) -> tuple[Gauge, ...]:
    waiting = figures.runs[Status.SCHEDULED]
    return (
        Gauge(name="graft_runs", help="Runs by status.", labels=("status",), samples=_labelled(figures.runs)),
        Gauge(name="graft_queue_length", help="Runs that wait.", samples={(): waiting}),
        Gauge(
            name="graft_queue_oldest_wait_seconds",
            help="How long the run has waited that waits longest.",
            samples={(): figures.oldest_wait},
        ),
        Gauge(
            name="graft_attempts",
            help="Ended attempts by outcome; INTERRUPTED: lost, the run went back into the queue.",
            labels=("outcome",),
            samples=_labelled({"INTERRUPTED": 0} | figures.attempts),
        ),
        Gauge(
            name="graft_finished_runs",
            help="Finished runs with a recorded cost, by pattern; falls when runs are deleted.",
            labels=("pattern",),
            samples={(name,): number for name, (number, _) in sorted(figures.finished.items())},
        ),
        Gauge(
            name="graft_finished_runs_seconds",
            help="Time spent by finished runs, by pattern; falls when runs are deleted.",
            labels=("pattern",),
            samples={(name,): seconds for name, (_, seconds) in sorted(figures.finished.items())},
        ),
        Gauge(
            name="graft_sign_ins_total",
            help="Sign-ins in the audit log, of all web processes.",
            labels=("outcome",),
            samples={(outcome,): number for outcome, number in figures.sign_ins.items()},
            counts=True,
        ),
        Gauge(
            name="graft_leases",
            help="Held leases by kind.",
            labels=("kind",),
            samples={(kind,): number for kind, (number, _) in sorted(figures.leases.items())},
        ),
        Gauge(
            name="graft_lease_least_remaining_seconds",
            help="Seconds until the first lease of a kind lapses unless it is renewed.",
            labels=("kind",),
            samples={(kind,): left for kind, (_, left) in sorted(figures.leases.items())},
        ),
    )


def _labelled(values: Mapping[str, float]) -> dict[tuple[str, ...], float]:
    return {(str(name),): value for name, value in values.items()}
