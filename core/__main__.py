"""The command line: ``python -m core COMMAND``; the same workbench as the pages.

With ``--json`` a command prints one JSON object on stdout and nothing else. Exit code 0 only when what was asked was
done; errors are one line on stderr.
"""

import errno
import json
import math
import os
import sys
from typing import Any, TextIO


def main(arguments: list[str] | None = None) -> int:
    try:
        from core.cli.parser import parser  # here, so that Ctrl-C is one line also while it loads
        from core.errors import GraftError
    except KeyboardInterrupt:
        return _stopped()
    try:
        options = parser().parse_args(arguments)
        result, done = options.command(options)
        _print(json.dumps(_numbers(result), allow_nan=False) if options.json else options.text(result), sys.stdout)
    except GraftError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _stopped()
    except BrokenPipeError:  # whoever read the output has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _fail(_in_words(error))
    return 0 if done else 1


def _numbers(value: Any) -> Any:
    """``value`` with None for what is not a number, such as a loss that ran away: JSON has no word for it."""
    if isinstance(value, dict):
        return {key: _numbers(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _print(text: str, stream: TextIO) -> None:
    """File names may hold bytes that are no text; those are printed escaped."""
    encoding = stream.encoding or "utf-8"
    if text:
        print(text.encode(encoding, "backslashreplace").decode(encoding), file=stream, flush=True)


def _stopped() -> int:
    return _fail("Stopped. Nothing half-done was kept; runs in the background go on.", code=130)


def _in_words(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Free some space and try again."
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}."


def _fail(message: str, code: int = 1) -> int:
    _print(" ".join(message.split()), sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
