"""``python -m tests.deploy``: the tests of this folder; arguments go to pytest."""

import os
import sys
from pathlib import Path


def main() -> None:
    tests = [sys.executable, "-m", "pytest", str(Path(__file__).parent), *sys.argv[1:]]
    os.execv(sys.executable, tests)


if __name__ == "__main__":
    main()
