"""``python -m tests.slurm``: the tests of this folder, in namespaces of their own, as those of ``tests.cluster``."""

import os
import sys
from pathlib import Path

from tests.cluster.__main__ import ALONE

INSIDE = "GRAFT_SLURM_TESTS"


def main() -> None:
    folder = str(Path(__file__).parent)
    tests = [sys.executable, "-m", "pytest", folder, "--timeout=600", "-p", "no:cacheprovider", *sys.argv[1:]]
    os.execvpe(ALONE[0], [*ALONE, *tests], os.environ | {INSIDE: "1"})


if __name__ == "__main__":
    main()
