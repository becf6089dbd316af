"""``python -m core.jobs.node_trainer RUN --attempt N ...``: a trainer on a machine of a cluster.

It does what the supervisor does for a trainer of its own machine: it checks that the machine may train, sets the
environment that TensorFlow reads, takes the lock of the run, opens its log, and then becomes ``core.training``. It ends
with a sentence where anything is against it, before the run's lease was taken; so the run goes back into the queue.
"""

import argparse
import os
import platform
import sys
from collections.abc import Mapping

from core.errors import Conflict, GraftError, InvalidInput, NotFound
from core.files.home import run_folder
from core.files.locks import Lock, try_acquire
from core.jobs.holder import note_holder
from core.jobs.logs import open_log
from core.jobs.machine import register, settings_of_node
from core.jobs.node_upkeep import keep_up_here
from core.jobs.processes import identity_of
from core.jobs.protocol import code_version
from core.jobs.reuse import JOB
from core.jobs.slots import CPU, Slot, discover_slots
from core.jobs.trainers import trainer_command, trainer_environment
from core.registry import Registry
from core.runs.values import Status
from core.settings import REPOSITORY, Settings

NOT_STARTED = 64
"""Exit status where the machine cannot train the run."""
GIVEN_UP = 65
"""Exit status where nobody wants the attempt any more."""


def main(arguments: list[str] | None = None) -> int:
    """Become the trainer of an attempt; returns only where it cannot."""
    parser = argparse.ArgumentParser(prog="python -m core.jobs.node_trainer", description="Train one claimed run here.")
    parser.add_argument("run")
    parser.add_argument("--attempt", type=int, required=True)
    parser.add_argument("--job", required=True, help="id of the cluster's job")
    parser.add_argument("--machine", required=True, help="name of this machine in the cluster")
    parser.add_argument("--node", default="", help="id of this machine in the cluster")
    parser.add_argument("--version", required=True, help="code version of who submitted it")
    parser.add_argument("--cpus", type=int, default=0, help="threads for computing; 0 for all")
    options = parser.parse_args(arguments)
    try:
        settings = settings_of_node()
        registry = Registry.of(settings)
        facts = register(options.machine, options.node, settings, registry)
        if facts.problem:
            raise Conflict(facts.problem)
        check_version(options.version)
        keep_up_here(settings, registry)
        if not is_wanted(registry, options.run, options.attempt):
            print(f"Attempt {options.attempt} of run {options.run} was given up before it started.", file=sys.stderr)
            return GIVEN_UP
        slot = slot_of_job(os.environ)
        environment = environment_of_job(slot, settings, options.cpus) | {JOB: options.job}
        lock = lock_of(options.run, options.attempt, settings)
    except (GraftError, OSError) as error:
        print(error, file=sys.stderr)
        return NOT_STARTED
    registry.close()
    become_trainer(options.run, options.attempt, lock, environment, settings)
    return NOT_STARTED


def check_version(wanted: str) -> None:
    """Raises:
    Conflict: this machine has other code, which could train something else.
    """
    own = code_version()
    if own != wanted:
        raise Conflict(
            f"{platform.node()} has another version of Graft ({own}) than the machine that gave it the run ({wanted}). "
            "Install the same one there."
        )


def is_wanted(registry: Registry, run_id: str, attempt: int) -> bool:
    """Whether the attempt is still the run's, which it is not after a long wait for a place in the cluster."""
    try:
        run = registry.run(run_id)
    except NotFound:
        return False
    return run.status is Status.RUNNING and run.attempt == attempt


def slot_of_job(environ: Mapping[str, str]) -> Slot:
    """The GPUs that the cluster gave this job, or the CPU.

    Ray and Slurm name GPUs by their numbers in PCI order, Graft by their UUIDs, so that the device of a run is known.

    Raises:
        InvalidInput: the cluster gives GPUs that this machine does not have.
    """
    given = environ.get("CUDA_VISIBLE_DEVICES", "").strip()
    if given in ("", "-1", "NoDevFiles"):
        return CPU
    try:
        return discover_slots({"GRAFT_GPUS": "+".join(name.strip() for name in given.split(","))})[0]
    except InvalidInput as error:
        there = str(error).rpartition("GPUs of this machine: ")[2]
        raise InvalidInput(
            f"The cluster gives GPU {given} of {platform.node()}, which it does not have; it has: {there}. Start the "
            "cluster there with the number of GPUs that exist."
        ) from None


def environment_of_job(slot: Slot, settings: Settings, cpus: int) -> dict[str, str]:
    """The environment of the trainer: as on one machine, and with as many threads as the job may use."""
    environment = trainer_environment(slot, settings)
    environment.pop("OMP_NUM_THREADS", None)  # Ray sets it to 1
    return environment | ({"OMP_NUM_THREADS": str(cpus)} if cpus else {})


def lock_of(run_id: str, attempt: int, settings: Settings, patience: float = 5.0) -> Lock:
    """The lock of the run on this machine, which the trainer inherits.

    Raises:
        Conflict: an earlier attempt still runs here.
    """
    folder = run_folder(settings, run_id)
    folder.path.mkdir(parents=True, exist_ok=True)
    lock = try_acquire(folder.alive_lock, patience=patience)
    if lock is None:
        raise Conflict(f"An earlier attempt of run {run_id} still runs on {platform.node()}.")
    note_holder(lock, attempt, identity_of(os.getpid()))
    os.set_inheritable(lock.descriptor, True)
    folder.progress.unlink(missing_ok=True)
    return lock


def become_trainer(run_id: str, attempt: int, lock: Lock, environment: Mapping[str, str], settings: Settings) -> None:
    """Replace this process by the trainer, whose output goes to the log of the run."""
    log = open_log(run_folder(settings, run_id).log)
    sys.stdout.flush()
    sys.stderr.flush()
    for standard in (1, 2):
        os.dup2(log, standard)
    os.close(log)
    lock.detach()
    os.chdir(REPOSITORY)
    command = trainer_command(run_id, attempt)
    os.execvpe(command[0], command, dict(environment))


if __name__ == "__main__":
    raise SystemExit(main())
