"""The launcher of this machine: trainers are processes, their life is the lock of their run, and they leave files."""

import json
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress

from core.files.home import run_folder, run_folders
from core.files.locks import is_held, try_acquire
from core.jobs import logs, processes
from core.jobs.exit_policy import read_exit_record
from core.jobs.holder import note_holder, read_holder
from core.jobs.launching import Traces
from core.jobs.lease_holder import is_of_this_place
from core.jobs.leased_trainer import LeasedTrainer
from core.jobs.reports import traces_of
from core.jobs.slots import Slot
from core.jobs.trainers import Command, TrainerProcess, spawn, trainer_command
from core.registry import Registry
from core.registry.leases import lease_of_run
from core.runs.progress import read_progress
from core.runs.values import Attempt, Progress
from core.settings import Settings

LocalTrainer = TrainerProcess | LeasedTrainer


class LocalLauncher:
    """Starts trainers as processes of this machine.

    Args:
        settings, registry: the home.
        slots: GPUs or the CPU.
        command: makes the command line of a trainer.
    """

    def __init__(
        self, settings: Settings, registry: Registry, slots: Sequence[Slot], *, command: Command = trainer_command
    ):
        self._settings, self._registry, self._slots, self._command = settings, registry, tuple(slots), command

    def slots(self) -> tuple[Slot, ...]:
        """The GPUs or the CPU that were found when the supervisor was started."""
        return self._slots

    def start(self, run_id: str, attempt: int, slot: Slot) -> TrainerProcess | None:
        """Start an attempt; None while a process of an earlier attempt still holds the run.

        Raises:
            OSError: no space, no memory, no such program.
        """
        folder = run_folder(self._settings, run_id)
        lock = try_acquire(folder.alive_lock, patience=0.2)
        if lock is None:
            return None
        with lock:  # the trainer inherits it
            note_holder(lock, attempt)
            folder.progress.unlink(missing_ok=True)
            child = spawn(self._command(run_id, attempt), lock, folder.log, slot, self._settings)
            process = processes.identity_of_child(child.pid)
            with suppress(OSError):  # a full disk; the process can still be found by the lock file it has open
                note_holder(lock, attempt, process)
            return TrainerProcess(run_id, attempt, slot.name, self._settings, process=process, child=child)

    def adopt(self) -> list[LocalTrainer]:
        """Trainers of all runs whose locks are held, whatever their status: one about to exit still has its slot."""
        held = [folder.run_id for folder in run_folders(self._settings) if is_held(folder.alive_lock)]
        return _one_per_process(self._found(run_id) for run_id in held)

    def find(self, attempt: Attempt) -> LocalTrainer | None:
        """The trainer that holds the lock of the attempt's run, or only its lease: on a machine with another home.

        A trainer takes a run's lock before it claims the run; so a claimed run without a lock has lost its trainer.
        """
        if is_held(run_folder(self._settings, attempt.run_id).alive_lock):
            return self._found(attempt.run_id)
        return self._elsewhere(attempt.run_id, attempt.number, "")  # it takes no slot of this machine

    def _found(self, run_id: str) -> LocalTrainer:
        holder = read_holder(run_folder(self._settings, run_id).alive_lock)
        attempts = {attempt.number: attempt for attempt in self._registry.attempts(run_id)}
        number = holder.attempt if holder.attempt is not None else max(attempts, default=0)
        slot = attempts[number].slot if number in attempts else ""
        found = self._elsewhere(run_id, number, slot)
        return found or TrainerProcess(run_id, number, slot, self._settings, process=holder.process)

    def _elsewhere(self, run_id: str, attempt: int, slot: str) -> LeasedTrainer | None:
        """The trainer, when it has the lease and is of another container or machine: its process id means nothing."""
        lease = self._registry.lease(lease_of_run(run_id))
        if lease is None or lease.token != attempt or is_of_this_place(lease.holder, self._settings):
            return None
        return LeasedTrainer(run_id, attempt, slot, lease.holder, self._registry)

    def traces(self, run_id: str, attempt: int) -> Traces:
        """Exit record and log in the folder of the run; what a trainer of another machine has reported."""
        folder = run_folder(self._settings, run_id)
        record = read_exit_record(folder.exit_record, attempt)
        if record is None and self._settings.registry:
            return traces_of(run_id, attempt, self._registry)
        return Traces(record=record, last_line=" ".join(logs.last_lines(folder.log)))

    def progress(self, run_id: str) -> Progress | None:
        """The last progress in the folder of the run."""
        return read_progress(run_id, self._settings)

    def trim_log(self, run_id: str) -> bool:
        """Cut the log in the folder of the run when it is too long; whether it was."""
        limit = self._settings.log_limit_bytes
        return bool(limit) and logs.trim(run_folder(self._settings, run_id).log, limit, min(limit, logs.KEPT))


def stop_unwatched(settings: Settings, grace: float) -> bool:
    """Stop every trainer of the home that runs, known by the locks of the runs alone; False when there was none."""
    held = [folder for folder in run_folders(settings) if is_held(folder.alive_lock)]
    holders = [(folder.run_id, read_holder(folder.alive_lock)) for folder in held]
    found = [
        TrainerProcess(run_id, holder.attempt or 0, "", settings, process=holder.process) for run_id, holder in holders
    ]
    deadline = time.monotonic() + grace + 10
    while (alive := [trainer for trainer in found if not trainer.is_dead()]) and time.monotonic() < deadline:
        for trainer in alive:
            trainer.stop(grace)
        time.sleep(0.05)
    return bool(found)


def _one_per_process(found: Iterable[LocalTrainer]) -> list[LocalTrainer]:
    """One per process: a trainer that is moving on holds two locks; its slot is known from the run it comes from."""
    trainers: dict[object, LocalTrainer] = {}
    for trainer in found:
        key = json.dumps(trainer.identity) if trainer.identity else trainer
        if key not in trainers or (trainer.slot and not trainers[key].slot):
            trainers[key] = trainer
    return list(trainers.values())
