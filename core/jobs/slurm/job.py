"""``python -m core.jobs.slurm.job MODULE ...``: what a job of Slurm runs on its machine.

It is ``core.jobs.machine`` or ``core.jobs.node_trainer``. When that ends with a sentence, the supervisor could not
read it: the output of a job is a file of its machine. So it becomes the comment of the job, which ``squeue`` shows.
"""

import io
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr

from core.jobs import machine, node_trainer

PROGRAMS: dict[str, Callable[[list[str]], int]] = {
    "core.jobs.machine": machine.main,
    "core.jobs.node_trainer": node_trainer.main,
}
LONGEST = 400
"""Characters of a comment."""


def main(arguments: list[str] | None = None) -> int:
    """Run a program; returns its exit status, unless it becomes a trainer."""
    module, *given = sys.argv[1:] if arguments is None else arguments
    said, status = io.StringIO(), 1
    try:
        with redirect_stderr(said):
            problem = why_no_gpu(os.environ)
            if problem:
                print(problem, file=sys.stderr)
            status = node_trainer.NOT_STARTED if problem else PROGRAMS[module](given)
    finally:
        error = sys.exc_info()[1]  # of a program that broke; it goes on from here
        print(said.getvalue(), file=sys.stderr, end="")
        if status:
            comment(said.getvalue() if error is None else f"{said.getvalue()}\n{type(error).__name__}: {error}")
    return status


def why_no_gpu(environ: Mapping[str, str]) -> str:
    """A GPU is reserved, and nobody says which: training on the CPU in its place would go unnoticed."""
    if environ.get("SLURM_GPUS_ON_NODE", "0") == "0" or environ.get("CUDA_VISIBLE_DEVICES"):
        return ""
    return (
        f"Slurm reserves a GPU of {platform.node()}, but CUDA_VISIBLE_DEVICES does not say which. Name the files of "
        "the GPUs in gres.conf (or AutoDetect=nvml)."
    )


def comment(text: str) -> None:
    """Make the last line the comment of this job; nothing where ``scontrol`` cannot be used here."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    job = os.environ.get("SLURM_JOB_ID", "")
    if not lines or not job:
        return
    command = ["scontrol", "update", f"JobId={job}", f"Comment={lines[-1][:LONGEST]}"]
    try:
        subprocess.run(command, capture_output=True, timeout=30)
    except (OSError, subprocess.SubprocessError) as error:
        print(f"The comment of job {job} could not be set: {error}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
