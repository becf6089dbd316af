"""The command line: ``python -m core COMMAND``; the same workbench as the pages.

With ``--json`` a command prints one JSON object on stdout and nothing else. Exit code 0 only if everything
requested was done; errors are one line on stderr.
"""

import errno
import json
import os
import sys
from typing import TextIO


def main(arguments: list[str] | None = None) -> int:
    try:
        from core.cli.parser import parser  # here, so that Ctrl-C is one line also while it loads
        from core.errors import GraftError
        from core.output.finite import finite
    except KeyboardInterrupt:
        return _stopped()
    try:
        options = parser().parse_args(arguments)
        result, done = options.command(options)
        _print(json.dumps(finite(result), allow_nan=False) if options.json else options.text(result), sys.stdout)
    except GraftError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:  # the reader of the output closed it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _fail(_message(error))
    return 0 if done else 1


def _print(text: str, stream: TextIO) -> None:
    """Bytes of file names that are not valid text are printed escaped."""
    encoding = stream.encoding or "utf-8"
    if text:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def _stopped() -> int:
    return _fail("Stopped. Incomplete results were discarded; runs in the background continue.", code=130)


def _message(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space and try again."
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}."


def _fail(message: str, code: int = 1) -> int:
    _print(" ".join(message.split()), sys.stderr)
    return code


def _without_docstrings() -> None:
    """The dashboard runs with ``-OO``: its process needs 17 MB less without the docstrings of its libraries
    (decision 41). The descriptions of the API are made in a process that has them."""
    if sys.argv[1:2] == ["run"] and sys.flags.optimize < 2:
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-OO", *sys.orig_argv[1:]])


if __name__ == "__main__":
    _without_docstrings()
    sys.exit(main())
