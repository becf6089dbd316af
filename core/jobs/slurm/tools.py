"""Slurm's own commands: how they are run here, and what their errors mean.

They are used in place of Slurm's REST API, which few clusters have: whoever may submit jobs has them, and they know the
cluster's way of authentication.
"""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence

from core.errors import InvalidInput, Unavailable

NAMES = ("sbatch", "squeue", "scancel", "scontrol")
SECONDS = 5.0
"""Longest wait for an answer; the commands themselves wait for 10 s for a controller that is away."""
SUBMIT_SECONDS = 20.0
"""Longest wait for a submission, which a loaded controller answers late; a supervisor's lease lasts longer."""
LOOKS_AWAY = ("unable to contact", "timed out", "zero bytes", "communication", "temporarily unable", "connection")
"""Parts of the messages of a controller that could not be asked."""

_KEPT = ("SLURM_CONF",)
_PREFIXES = ("SLURM_", "SQUEUE_", "SCANCEL_", "SCONTROL_")


class SlurmError(Unavailable):
    """A command failed; the message is Slurm's own sentence.

    Args:
        is_away: whether the controller could not be asked, so that the same may succeed later.
    """

    def __init__(self, message: str, *, is_away: bool) -> None:
        super().__init__(message)
        self.is_away = is_away


class SlurmTools:
    """The commands of this machine.

    Args:
        environ: of the supervisor.

    Raises:
        InvalidInput: one is missing.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        found = {name: shutil.which(name, path=environ.get("PATH")) for name in NAMES}
        missing = [name for name, path in found.items() if path is None]
        if missing:
            raise InvalidInput(
                f"GRAFT_LAUNCHER=slurm needs Slurm's command {missing[0]}, which was not found on this machine. "
                "Install Slurm's client here, and run Graft where jobs can be submitted."
            )
        self._paths = {name: str(path) for name, path in found.items()}
        self._environ = environment_of_commands(environ)

    def run(self, name: str, arguments: Sequence[str], *, stdin: str = "", seconds: float = SECONDS) -> str:
        """What a command prints.

        Raises:
            SlurmError: it failed, or did not end in time: then it may have done its work.
        """
        try:
            done = subprocess.run(
                [self._paths[name], *arguments],
                env=self._environ,
                input=stdin,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=seconds,
            )
        except subprocess.TimeoutExpired:
            raise SlurmError(f"Slurm did not answer {name} within {seconds:.0f} seconds.", is_away=True) from None
        except OSError as error:
            raise SlurmError(f"{name} could not be started ({error.strerror}).", is_away=True) from None
        if done.returncode:
            raise _error_of(name, done.stderr)
        return done.stdout


def environment_of_commands(environ: Mapping[str, str]) -> dict[str, str]:
    """Without what would change their output, or what a job would inherit of the job that Graft itself may be.

    ``SBATCH_*`` stays: it chooses the partition, account and so on of those who submit.
    """
    kept = {name: value for name, value in environ.items() if name in _KEPT or not name.startswith(_PREFIXES)}
    return kept | {"LC_ALL": "C.UTF-8"}


def _error_of(name: str, output: str) -> SlurmError:
    lines = [line.strip() for line in output.splitlines() if line.strip() and not line.startswith("Try ")]
    last = re.sub(r"^\w+: (error: )?|^slurm_\w+ error: ", "", lines[-1] if lines else f"{name} failed")
    text = last.removeprefix("Batch job submission failed: ").rstrip(".")[:300]
    return SlurmError(f"{text}.", is_away=any(part in output.lower() for part in LOOKS_AWAY))
