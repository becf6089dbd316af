"""``python -m tests.soak.cluster --minutes N [--seed S] [--store s3|folder] [--folder F]``: faults on several machines.

It runs in namespaces of its own, as ``tests.cluster`` does: as root or as any user who may make user namespaces.
"""

import os
import sys

from tests.cluster.__main__ import ALONE, INSIDE

SECONDS = 18.0
"""Of a lease, in place of 45 s: what is to be longer than a lease takes less of the test's time."""


def main() -> int:
    if os.environ.get(INSIDE) == "1":
        from tests.soak.cluster.rounds import soak

        return soak(sys.argv[1:])
    os.environ.setdefault("GRAFT_LEASE_SECONDS", str(SECONDS))  # read when core.registry.leases is imported
    again = [*ALONE, sys.executable, "-m", "tests.soak.cluster", *sys.argv[1:]]
    return os.execvpe(again[0], again, os.environ | {INSIDE: "1"})


if __name__ == "__main__":
    sys.exit(main())
