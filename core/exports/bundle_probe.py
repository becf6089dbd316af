"""The process that opens the inference files of a bundle for the first time: ``python -m core.exports.bundle_probe``.

They come from outside and are read by code in C++: what would end the process must not end the one that imports.
"""

import json
import subprocess
import sys
from pathlib import Path

from core.errors import GraftError, InvalidInput
from core.models.inference.stored import load_graph
from core.settings import REPOSITORY

SECONDS = 120.0


def main() -> None:
    """Predicts one black photo with the model in the folder that is the only argument."""
    try:
        load_graph(Path(sys.argv[1]))
        answer = ""
    except GraftError as error:
        answer = str(error)
    print(json.dumps({"problem": answer}))


def probe(folder: Path) -> None:
    """Raises:
    InvalidInput: the model in ``folder`` (``model`` of a run) cannot predict.
    """
    command = [sys.executable, "-m", "core.exports.bundle_probe", str(folder.absolute())]
    try:
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=SECONDS)
        problem = str(json.loads(done.stdout.strip().splitlines()[-1])["problem"])
    except subprocess.TimeoutExpired:
        problem = f"it did not predict within {SECONDS:.0f} s"
    except (ValueError, KeyError, IndexError):
        problem = "its files ended the process that opened them"
    if problem:
        raise InvalidInput(f"The model of the bundle cannot be used: {problem}")


if __name__ == "__main__":
    main()
