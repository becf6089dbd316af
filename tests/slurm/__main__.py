"""``python -m tests.slurm``: the tests of this folder, in namespaces of their own, as those of ``tests.cluster``."""

from pathlib import Path

from tests.cluster.__main__ import run_alone

INSIDE = "GRAFT_SLURM_TESTS"


if __name__ == "__main__":
    run_alone(Path(__file__).parent, INSIDE)
