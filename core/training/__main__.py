"""``python -m core.training RUN --attempt N``: trains one run, writes its exit record, then may train the next one.

The supervisor starts it with the run's lock held and the device in the environment. Exit codes: ``jobs.exit_policy``.
"""

import argparse
import ctypes
import errno
import gc
import os
import sys
import traceback
from types import ModuleType
from typing import Any

from core.artifacts import bringing
from core.errors import Conflict, GraftError
from core.files.folders import RunFolder
from core.files.home import run_folder
from core.jobs.exit_policy import ExitCode, write_exit_record
from core.jobs.reports import AttemptReports
from core.jobs.reuse import TrainerReuse
from core.jobs.run_lease import hold_run
from core.recipes.patterns import Pattern
from core.registry import Registry
from core.registry.patience import patient
from core.runs.costs import Meter, gpus_of_slot, rss_bytes, spent_by_thread, spent_now
from core.runs.progress import ProgressWriter
from core.runs.stages import LOADING
from core.runs.values import Status
from core.settings import Settings, load_settings
from core.training import shared
from core.training.cache import cached, report_to
from core.training.early import start_early
from core.training.hiding import hidden
from core.training.ledger import Ledger
from core.training.quantizing import Quantizing, quantize_run
from core.training.recording import CostRecorder
from core.training.stopping import Stop, Stopped

MOST_GROWTH_BYTES = 10**9
"""Largest growth of memory over the state before the first run. Beyond it the process ends instead of training another
run, whose measured memory would be wrong."""


def main(arguments: list[str] | None = None) -> int:
    """Trains one attempt, then others that can reuse this process; returns the exit code of the last."""
    parser = argparse.ArgumentParser(prog="python -m core.training", description="Train one claimed run.")
    parser.add_argument("run")
    parser.add_argument("--attempt", type=int, required=True)
    options = parser.parse_args(arguments)
    prepare_environment()
    stop = Stop()
    stop.install()
    try:
        settings = load_settings()
        bringing.install()
        registry = Registry.of(settings)
        return train_in_turn(options.run, options.attempt, settings=settings, registry=registry, stop=stop)
    except Stopped:  # before the first run began, or between two runs
        return ExitCode.INTERRUPTED
    except Conflict as error:  # the run was given to another process before this one began
        print(error, file=sys.stderr)
        return ExitCode.INTERRUPTED


def train_in_turn(run_id: str, number: int, *, settings: Settings, registry: Registry, stop: Stop) -> int:
    """Trains the run, then after each finished one the next in the queue that can reuse this process, and waits for one
    where none is in the queue."""
    reuse = TrainerReuse(run_id, settings, registry)
    lease = hold_run(run_id, number, settings, registry)
    try:
        while True:
            with AttemptReports(run_id, number, settings, registry):
                code = RunAttempt(run_id, number, settings=settings, registry=patient(registry), stop=stop).go()
            if code != ExitCode.FINISHED:
                return code
            stop = Stop()  # from here on a signal is meant for the next run
            stop.install()
            next_run = reuse.wait_for_next(run_id) if _is_clean() else None
            if next_run is None:
                return code
            run_id, number, ended = next_run.id, next_run.attempt, lease
            lease = hold_run(run_id, number, settings, registry)
            ended.release()
    finally:
        lease.release()


_baseline: list[int] = []
"""Memory in use after TensorFlow was imported, before the first run."""


_NOT_FOR_KERAS = ("pandas", "sklearn")
"""Keras imports them for inputs and wrappers that are not used here: 0.9 of 3.2 s of CPU."""


def _import_trainer() -> ModuleType:
    gc.disable()  # nothing that is imported is garbage: 0.4 of 1.9 s of CPU
    try:
        with hidden(_NOT_FOR_KERAS):
            import keras  # noqa: F401 and TensorFlow: several seconds
        from core.training import attempt
    finally:
        gc.enable()
    attempt.make_deterministic()
    gc.collect()
    gc.freeze()  # a million permanent objects: scanning them at every collection would cost 0.2 s a run
    _baseline.append(rss_bytes())
    return attempt


def _is_clean() -> bool:
    """Frees the memory of the last run (not the cache); returns whether enough was freed for another run here."""
    if not _baseline:  # only quantizations so far, which need no TensorFlow
        return True
    import keras

    keras.backend.clear_session(free_memory=True)  # layer names count from 1 again, mixed precision is off
    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # only glibc keeps freed memory, and only it has this
    if malloc_trim is not None:
        malloc_trim(0)
    growth = rss_bytes() - _baseline[0]
    if growth > MOST_GROWTH_BYTES:
        print(f"This process uses {growth / 1e6:.0f} MB more than at its start, so the next run gets a new process.")
    return growth <= MOST_GROWTH_BYTES


def prepare_environment() -> None:
    """Sets what TensorFlow reads at import. Deterministic operations make a resumed run bit-identical."""
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_DETERMINISTIC_OPS"] = "1"
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


class RunAttempt:
    """One attempt, from importing Keras to its exit record."""

    def __init__(self, run_id: str, number: int, *, settings: Settings, registry: Registry, stop: Stop) -> None:
        self._run_id, self._number = run_id, number
        self._settings, self._registry, self._stop = settings, registry, stop
        self._ledger: Ledger | None = None

    @property
    def _folder(self) -> RunFolder:
        return run_folder(self._settings, self._run_id)

    def go(self) -> int:
        """Trains; returns the exit code and records the reason of any failure."""
        try:
            self._train()
        except Stopped:
            return self._stopped()
        except Conflict as error:  # another attempt has taken over and owns exit.json
            print(error, file=sys.stderr)
            return ExitCode.INTERRUPTED
        except Exception as error:  # noqa: BLE001 the last line of defence: no run may end without a reason
            traceback.print_exc()
            return self._failed(reason_of(error))
        return self._record_exit(ExitCode.FINISHED, "finished")

    def _train(self) -> None:
        with Meter(gpus=gpus_of_slot()) as meter:
            ledger = self._ledger = Ledger(meter, self._registry.spent(self._run_id))
            report_to(ledger)
            with CostRecorder(lambda: self._registry.record_spent(self._run_id, self._number, ledger.so_far())):
                self._train_measured(meter, ledger)

    def _train_measured(self, meter: Meter, ledger: Ledger) -> None:
        progress = ProgressWriter(self._run_id, self._settings)  # it says "Loading" while TensorFlow is imported
        run = self._registry.run(self._run_id)
        with meter.stage(LOADING):
            shared.bring_inputs(
                run, settings=self._settings, registry=self._registry, progress=progress, stop=self._stop
            )
        parts: dict[str, Any] = {
            "run": run,
            "number": self._number,
            "settings": self._settings,
            "registry": self._registry,
            "meter": meter,
            "ledger": ledger,
            "progress": progress,
            "stop": self._stop,
        }
        if run.recipe.pattern is Pattern.QUANTIZATION:
            quantize_run(Quantizing(**parts))
            return
        early = None
        try:
            if not _baseline:  # TensorFlow is not imported yet
                early = start_early(run, settings=self._settings, registry=self._registry, ledger=ledger)
            with meter.stage(LOADING):
                attempt = cached("start", "TensorFlow", _import_trainer, clock=spent_by_thread if early else spent_now)
            from core.training.context import open_context  # imports Keras, as the attempt above

            attempt.train_run(open_context(**parts), early)
        finally:
            if early is not None:
                early.end()

    def _stopped(self) -> int:
        cancelled = self._registry.cancel_requested(self._run_id) is not None
        if not cancelled:
            return self._record_exit(ExitCode.INTERRUPTED, "interrupted")
        self._end(Status.KILLED, "Cancelled.")
        return self._record_exit(ExitCode.CANCELLED, "cancelled", "Cancelled.")

    def _failed(self, reason: str) -> int:
        self._end(Status.FAILED, reason)
        return self._record_exit(ExitCode.FAILED, "failed", reason)

    def _end(self, status: Status, reason: str) -> None:
        self._record_spent()
        self._registry.end(self._run_id, self._number, status, reason)

    def _record_spent(self) -> None:
        """The cost of an unfinished attempt is part of the run's cost."""
        if self._ledger is None:
            return
        try:
            self._registry.record_spent(self._run_id, self._number, self._ledger.so_far())
        except Conflict:  # another process ended the run in the meantime
            return

    def _record_exit(self, code: int, outcome: str, reason: str = "") -> int:
        if code == ExitCode.INTERRUPTED:
            self._record_spent()
        if code != ExitCode.FINISHED and self._settings.artifacts:
            run = self._registry.run(self._run_id)
            shared.Publisher(run, self._number, self._settings, self._registry).attempt_ended()
        write_exit_record(self._folder.exit_record, self._number, code, outcome, reason)
        return code


def reason_of(error: Exception) -> str:
    """One sentence for the user."""
    if isinstance(error, GraftError):
        return str(error)
    name, text = type(error).__name__, " ".join(str(error).split())
    if isinstance(error, MemoryError) or name == "ResourceExhaustedError":
        return "It ran out of memory. Choose a smaller backbone or close other programs, then resume."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space, then resume."
    if isinstance(error, FileNotFoundError):
        return f"A file is missing: {error.filename}."
    return f"Unexpected error: {name}: {text[:300].rstrip('.')}. See the log."


if __name__ == "__main__":
    sys.exit(main())
