"""How a trainer ends: exit codes, and the last word it leaves in ``runs/<id>/exit.json``.

The registry is told first (``finish``, ``end``), then ``exit.json`` is written, then the process exits with the same
code. The file speaks for a trainer whose supervisor was away; the code for one that could not write a file.

A trainer that gets SIGTERM stops at its next batch and keeps the last checkpoint. It ends as CANCELLED when the
registry says ``cancel_requested(run) is Cancel.NOW``; otherwise somebody else stopped it (``stop --now``, a machine
going down) and it ends as INTERRUPTED, without ending the run in the registry: the supervisor puts it back.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from core.files import atomic

FINISHED = 0
CANCELLED = 3
"""The user asked for it; the run is KILLED."""
FAILED = 4
"""With a reason the trainer could name."""
INTERRUPTED = 5
"""Not the user's wish: the run goes back to SCHEDULED."""


@dataclass(frozen=True, kw_only=True)
class Exit:
    """The last word of one attempt; ``reason`` is a sentence for a person, may be empty."""

    attempt: int
    code: int
    outcome: str
    reason: str = ""


def write_exit(path: Path, attempt: int, code: int, outcome: str, reason: str = "") -> None:
    """Write ``exit.json`` whole or not at all, and have it on disk before the process is gone."""
    word = Exit(attempt=attempt, code=code, outcome=outcome, reason=reason)
    atomic.write_json(path, asdict(word))


def read_exit(path: Path, attempt: int) -> Exit | None:
    """The last word of this attempt, None when it left none that can be read."""
    try:
        data = json.loads(path.read_bytes())
        word = Exit(
            attempt=int(data["attempt"]),
            code=int(data["code"]),
            outcome=str(data["outcome"]),
            reason=str(data["reason"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return word if word.attempt == attempt else None
