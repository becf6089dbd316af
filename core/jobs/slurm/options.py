"""``GRAFT_SLURM_OPTIONS``: what a cluster wants to know of every job, such as its partition, account and time limit."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass

from core.errors import InvalidInput

OPTIONS = "GRAFT_SLURM_OPTIONS"
"""Variable with options of sbatch that every job of Graft gets."""
WAIT = "GRAFT_SLURM_WAIT"
"""Variable with the minutes for which a job may wait in Slurm."""
PENDING_SECONDS = 60.0
"""For so long it may where the variable is unset; jobs of other people have taken its place."""

SET_BY_GRAFT = (
    *("job-name", "nodelist", "nodefile", "nodes", "ntasks", "ntasks-per-node", "cpus-per-task", "gres", "gpus"),
    *("gpus-per-node", "gpus-per-task", "gpus-per-socket", "cpus-per-gpu", "export", "export-file", "get-user-env"),
    *("requeue", "no-requeue", "array", "wrap", "parsable", "dependency", "signal", "comment", "chdir", "exclusive"),
    *("test-only", "wait", "hold", "begin", "clusters", "cluster", "help", "usage", "version", "input"),
)
"""Options that Graft sets, or that would keep a job from being what Graft counts on."""


@dataclass(frozen=True, kw_only=True)
class SlurmOptions:
    """Args:
    arguments: options of sbatch, each ``--name`` or ``--name=value``.
    partition: names with commas; "" for the cluster's default.
    pending_seconds: for so long a job may wait.
    """

    arguments: tuple[str, ...] = ()
    partition: str = ""
    pending_seconds: float = PENDING_SECONDS

    @property
    def have_memory(self) -> bool:
        """Whether they say how much memory a job reserves."""
        return any(argument.startswith("--mem") for argument in self.arguments)


def options_of(environ: Mapping[str, str]) -> SlurmOptions:
    """The options that the environment sets.

    Raises:
        InvalidInput: they are none, or one of those that Graft sets itself.
    """
    text = environ.get(OPTIONS, "").strip()
    try:
        arguments = tuple(shlex.split(text))
    except ValueError as error:
        raise InvalidInput(f"{OPTIONS} cannot be read ({error}). Received: {text!r}") from None
    for argument in arguments:
        _check(argument)
    named = [one.partition("=")[2] for one in arguments if one.startswith("--partition=")]
    return SlurmOptions(
        arguments=arguments,
        partition=named[-1] if named else environ.get("SBATCH_PARTITION", ""),
        pending_seconds=_pending_seconds(environ),
    )


def _check(argument: str) -> None:
    name = argument.partition("=")[0].removeprefix("--")
    if not argument.startswith("--") or not name:
        raise InvalidInput(
            f"{OPTIONS} must be long options of sbatch, such as --partition=gpu --account=lab. Received: {argument!r}"
        )
    if any(one.startswith(name) for one in SET_BY_GRAFT):  # sbatch takes the beginning of a name, too
        raise InvalidInput(f"{OPTIONS} must not have --{name}, which Graft sets itself. Received: {argument!r}")


def _pending_seconds(environ: Mapping[str, str]) -> float:
    text = environ.get(WAIT, "").strip()
    if not text:
        return PENDING_SECONDS
    if not text.isdecimal() or int(text) < 1:
        raise InvalidInput(f"{WAIT} must be a whole number of minutes, at least 1. Received: {text!r}")
    return int(text) * 60.0
