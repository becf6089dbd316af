"""Separate processes that tests can kill, without importing Graft and its libraries for each of them.

One process imports everything and runs nothing; each process of a test is a fork of it. The process of the tests itself
cannot be forked: it has threads and open registries, and where TensorFlow has computed, a fork would hang or fail.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

from core.settings import REPOSITORY

_NURSERY = """
import json, os, sys, traceback

def check():
    pass

exec(sys.argv[1])
answers = os.fdopen(os.dup(1), "w")
for line in sys.stdin:
    task = json.loads(line)
    check()
    child = os.fork()
    if child == 0:
        answers.close()
        os.dup2(os.open(task["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
        os.dup2(2, 1)
        sys.argv, code = ["-c", *task["arguments"]], 1
        try:
            exec(task["code"], {"__name__": "__main__"})
            code = 0
        except SystemExit as ended:
            code = ended.code or 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    answers.write(json.dumps([task["number"], os.waitstatus_to_exitcode(status)]) + "\\n")
    answers.flush()
"""


class Forks:
    """Runs code in forks, one at a time; a context manager, which ends them all.

    Args:
        folder: for what they print.
        prepare: code that imports what they need. It may define ``check``, which is called before every fork.
    """

    def __init__(self, folder: Path, prepare: str):
        self._folder, self._asked = folder, 0
        self._nursery = subprocess.Popen(
            [sys.executable, "-c", _NURSERY, prepare],
            cwd=REPOSITORY,
            env=os.environ | {"PYTHONPATH": str(REPOSITORY)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(folder / "nursery.txt").open("wb"),
            text=True,
        )

    def __enter__(self) -> "Forks":
        return self

    def __exit__(self, *_) -> None:
        self._nursery.communicate()

    def run(self, code: str, *arguments: str) -> tuple[int, str]:
        """(exit code, or minus the signal that killed it; what it printed)."""
        self._asked += 1
        log = self._folder / f"log-{self._asked}.txt"
        task = {"code": code, "arguments": arguments, "log": str(log), "number": self._asked}
        assert self._nursery.stdin and self._nursery.stdout
        self._nursery.stdin.write(json.dumps(task) + "\n")
        self._nursery.stdin.flush()
        for answer in self._nursery.stdout:
            number, code_of_fork = json.loads(answer)
            if number == self._asked:  # not the late reply to a test that timed out
                return code_of_fork, log.read_text()
        raise AssertionError(f"The process that forks has ended; see nursery.txt beside {log}")
