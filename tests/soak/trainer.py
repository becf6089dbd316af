"""The real trainer; before every attempt it appends a line to the file ``GRAFT_SOAK_NOTES``, and locks the run there.

A line has run, attempt, process and whether another process was at the same run.
"""

import fcntl
import json
import os
import sys
import time
from pathlib import Path

from core.training import __main__ as trainer

NOTES = Path(os.environ["GRAFT_SOAK_NOTES"])
_go = trainer.RunAttempt.go


def noted(self: trainer.RunAttempt) -> int:
    folder = NOTES.with_suffix(".locks")
    folder.mkdir(exist_ok=True)
    with (folder / self._run_id).open("w") as lock:  # close-on-exec: no child keeps it
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            alone = True
        except OSError:
            alone = False
        note = {"run": self._run_id, "attempt": self._number, "pid": os.getpid(), "at": time.time(), "alone": alone}
        with NOTES.open("a") as notes:
            notes.write(json.dumps(note) + "\n")
        return _go(self)


trainer.RunAttempt.go = noted

if __name__ == "__main__":
    sys.exit(trainer.main())
