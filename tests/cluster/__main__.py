"""``python -m tests.cluster``: the tests of this folder, in namespaces of their own.

The user is not root there (PostgreSQL refuses root) but may make network namespaces, and whatever a test leaves behind
ends with the namespace of processes. It works for root and for any user who may make user namespaces.
"""

import os
import sys
from pathlib import Path

ALONE = [
    "unshare",
    "--user",
    "--map-user=1000",
    "--map-group=1000",
    "--keep-caps",
    "--net",
    "--pid",
    "--mount",
    "--fork",
]
ALONE += ["--mount-proc", "--kill-child"]
INSIDE = "GRAFT_CLUSTER_TESTS"


def run_alone(folder: Path, inside: str) -> None:
    """Replace this process by the tests of a folder, in namespaces of their own.

    Args:
        inside: the variable that tells the tests that they are there.
    """
    tests = [sys.executable, "-m", "pytest", str(folder), "--timeout=600", "-p", "no:cacheprovider", *sys.argv[1:]]
    os.execvpe(ALONE[0], [*ALONE, *tests], os.environ | {inside: "1"})


if __name__ == "__main__":
    run_alone(Path(__file__).parent, INSIDE)
