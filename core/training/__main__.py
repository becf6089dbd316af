"""``python -m core.training RUN --attempt N``: trains one run and says how it ended; then perhaps the next one.

Started by the supervisor with the run's lock held and its device in the environment. Exit codes: ``jobs.exit_record``.
"""

import argparse
import ctypes
import errno
import gc
import os
import sys
import traceback
from pathlib import Path
from types import ModuleType

from core.errors import Conflict, GraftError
from core.jobs import exit_record
from core.jobs.reuse import TrainerReuse
from core.registry import Registry
from core.runs.costs import Meter, gpus_of_slot, rss_bytes
from core.runs.values import Status
from core.settings import Settings, load_settings
from core.training.cache import kept, report_to
from core.training.ledger import Ledger
from core.training.stopping import Stop, Stopped

MOST_GROWTH_BYTES = 10**9
"""A process that holds so much more after a run than before its first one does not go on: its memory is no longer its
next run's, and what would be measured there neither."""


def main(arguments: list[str] | None = None) -> int:
    """Runs one attempt, then those that may follow in the same process; returns the exit code of the last."""
    parser = argparse.ArgumentParser(prog="python -m core.training", description="Train one claimed run.")
    parser.add_argument("run")
    parser.add_argument("--attempt", type=int, required=True)
    options = parser.parse_args(arguments)
    prepare_environment()
    stop = Stop()
    stop.install()
    try:
        settings = load_settings()
        registry = Registry.open(settings.registry_path)
        return train_in_turn(options.run, options.attempt, settings=settings, registry=registry, stop=stop)
    except Stopped:  # before there was anything to stop, or between two runs
        return exit_record.INTERRUPTED


def train_in_turn(run_id: str, number: int, *, settings: Settings, registry: Registry, stop: Stop) -> int:
    """The run, and after each that finished the next one in the queue if it needs the same things."""
    succession = TrainerReuse(run_id, settings, registry)
    while True:
        code = RunAttempt(run_id, number, settings=settings, registry=registry, stop=stop).go()
        if code != exit_record.FINISHED:
            return code
        stop = Stop()  # from here on a signal is meant for the next run
        stop.install()
        following = succession.claim_next(run_id) if _is_clean() else None
        if following is None:
            return code
        run_id, number = following.id, following.attempt


_baseline: list[int] = []
"""Memory held once TensorFlow was there and nothing else."""


def _import_trainer() -> ModuleType:
    from core.training import attempt  # Keras and TensorFlow: several seconds

    attempt.make_deterministic()
    gc.collect()
    gc.freeze()  # a million objects that stay: looked through at every collection, they cost 0.2 s a run
    _baseline.append(rss_bytes())
    return attempt


def _is_clean() -> bool:
    """Whether what the run took is given back; what is kept on purpose stays."""
    import keras

    keras.backend.clear_session(free_memory=True)  # names count from one again, mixed precision is off
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc holds on to what was freed, others don't
    if give_back is not None:
        give_back(0)
    growth = rss_bytes() - _baseline[0]
    if growth > MOST_GROWTH_BYTES:
        print(f"The process holds {growth / 1e6:.0f} MB more than at its start: the next run gets one of its own.")
    return growth <= MOST_GROWTH_BYTES


def prepare_environment() -> None:
    """What TensorFlow reads when it is imported. Deterministic arithmetic makes a resumed run the same run."""
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    os.environ["TF_DETERMINISTIC_OPS"] = "1"
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")


class RunAttempt:
    """One attempt from the first import to its last word."""

    def __init__(self, run_id: str, number: int, *, settings: Settings, registry: Registry, stop: Stop) -> None:
        self._run_id, self._number = run_id, number
        self._settings, self._registry, self._stop = settings, registry, stop
        self._ledger: Ledger | None = None

    @property
    def _folder(self) -> Path:
        return self._settings.run_dir(self._run_id)

    def go(self) -> int:
        """Trains, and turns whatever happens into an exit code and a sentence."""
        try:
            self._train()
        except Stopped:
            return self._stopped()
        except Conflict as error:  # another attempt has taken over: exit.json is theirs now
            print(error, file=sys.stderr)
            return exit_record.INTERRUPTED
        except Exception as error:  # noqa: BLE001 the last line of defence: no run may end without a reason
            traceback.print_exc()
            return self._failed(reason_of(error))
        return self._say(exit_record.FINISHED, "finished")

    def _train(self) -> None:
        with Meter(gpus=gpus_of_slot()) as meter:
            self._ledger = Ledger(meter, self._registry.spent(self._run_id))
            report_to(self._ledger)
            with meter.stage("Loading"):
                attempt = kept("start", "TensorFlow", _import_trainer)
            run = self._registry.run(self._run_id)
            from core.training.context import open_context  # imports Keras, as the attempt above

            attempt.train_run(
                open_context(
                    run,
                    self._number,
                    settings=self._settings,
                    registry=self._registry,
                    meter=meter,
                    ledger=self._ledger,
                    stop=self._stop,
                )
            )

    def _stopped(self) -> int:
        cancelled = self._registry.cancel_requested(self._run_id) is not None
        if not cancelled:
            return self._say(exit_record.INTERRUPTED, "interrupted")
        self._end(Status.KILLED, "Cancelled.")
        return self._say(exit_record.CANCELLED, "cancelled", "Cancelled.")

    def _failed(self, reason: str) -> int:
        self._end(Status.FAILED, reason)
        return self._say(exit_record.FAILED, "failed", reason)

    def _end(self, status: Status, reason: str) -> None:
        self._record_spent()
        self._registry.end(self._run_id, self._number, status, reason)

    def _record_spent(self) -> None:
        """What an unfinished attempt cost is part of the run's cost."""
        if self._ledger is None:
            return
        try:
            self._registry.record_spent(self._run_id, self._number, self._ledger.so_far())
        except Conflict:  # ended by somebody else in the meantime
            return

    def _say(self, code: int, outcome: str, reason: str = "") -> int:
        if code == exit_record.INTERRUPTED:
            self._record_spent()
        exit_record.write_exit(self._folder, self._number, code, outcome, reason)
        return code


def reason_of(error: Exception) -> str:
    """One sentence for a person."""
    if isinstance(error, GraftError):
        return str(error)
    name, text = type(error).__name__, " ".join(str(error).split())
    if isinstance(error, MemoryError) or name == "ResourceExhaustedError":
        return "It ran out of memory. Choose a smaller backbone or close other programs, then resume."
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space, then resume."
    if isinstance(error, FileNotFoundError):
        return f"A file is missing: {error.filename}."
    return f"An error nobody expected: {name}: {text[:300].rstrip('.')}. The log says more."


if __name__ == "__main__":
    sys.exit(main())
