"""A trainer without TensorFlow on a machine of the cluster: it has the lease of its run, records epochs in the
registry, and goes on with the next run as real ones do.

``GRAFT_FAKE_NOTES`` names a file of the test to which every epoch is appended once it was recorded, and
``GRAFT_FAKE_SECONDS`` how long an epoch takes.
"""

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from core.errors import Conflict, GraftError
from core.jobs.exit_policy import ExitCode
from core.jobs.reuse import JOB, TrainerReuse
from core.jobs.run_lease import hold_run
from core.registry import Registry
from core.runs.values import Cancel, Epoch, Status
from core.settings import load_settings
from tests.factories import make_cost, make_evaluation, make_model


class Stopped(Exception):
    """SIGTERM came."""


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("run")
    parser.add_argument("--attempt", type=int)
    arguments = parser.parse_args()
    run_id, attempt = arguments.run, arguments.attempt
    settings = load_settings()
    registry = Registry.of(settings)
    reuse = TrainerReuse(run_id, settings, registry)
    lease = hold_run(run_id, attempt, settings, registry)
    signal.signal(signal.SIGTERM, _stop)
    try:
        while True:
            code = train(registry, run_id, attempt)
            following = reuse.wait_for_next(run_id, 5.0) if code == ExitCode.FINISHED else None
            if following is None:
                return code
            run_id, attempt, ended = following.id, following.attempt, lease
            lease = hold_run(run_id, attempt, settings, registry)
            ended.release()
    finally:
        lease.release()


def _stop(number, frame):
    raise Stopped


def train(registry: Registry, run_id: str, attempt: int) -> int:
    run = registry.run(run_id)
    note(run_id, attempt, 0)
    try:
        for number in range(run.epochs_done + 1, run.recipe.hyperparameters.epochs + 1):
            time.sleep(float(os.environ.get("GRAFT_FAKE_SECONDS", "0.5")))
            record(registry, run_id, attempt, number)
            note(run_id, attempt, number)
        model = make_model(run)
        registry.finish(run_id, attempt, evaluation=make_evaluation(), cost=make_cost(), model=model, best_epoch=1)
    except Stopped:
        if registry.cancel_requested(run_id) is not Cancel.NOW:
            return ExitCode.INTERRUPTED
        registry.end(run_id, attempt, Status.KILLED, "Cancelled.")
        return ExitCode.CANCELLED
    except Conflict as error:
        print(error, file=sys.stderr)
        return ExitCode.INTERRUPTED
    return ExitCode.FINISHED


def record(registry: Registry, run_id: str, attempt: int, number: int) -> None:
    """Tried again while the registry cannot be reached, as a real trainer buffers."""
    values = {"loss": 1.0, "accuracy": 0.5, "val_loss": 1.0, "val_accuracy": 0.5, "seconds": 0.1}
    while True:
        try:
            registry.record_epoch(run_id, attempt, Epoch(number=number, attempt=attempt, **values))
            return
        except Conflict:
            raise
        except GraftError as error:
            print(error, file=sys.stderr)
            time.sleep(0.2)


def note(run_id: str, attempt: int, epoch: int) -> None:
    found = {"run": run_id, "attempt": attempt, "epoch": epoch, "machine": Path(os.environ["HOME"]).name}
    found |= {"job": os.environ[JOB], "threads": os.environ.get("OMP_NUM_THREADS"), "at": time.time()}
    found |= {"gpus": os.environ.get("CUDA_VISIBLE_DEVICES"), "home": os.environ["GRAFT_HOME"]}
    with open(os.environ["GRAFT_FAKE_NOTES"], "a") as file:
        file.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    raise SystemExit(main())
