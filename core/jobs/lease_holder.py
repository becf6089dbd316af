"""The holder of a lease as a text: who it is, the code it runs, and where it is."""

import hashlib

from core.files.home import supervisor_lock
from core.jobs.ownership import this_place, this_process
from core.settings import Settings


def holder_name(settings: Settings, code: str = "") -> str:
    """This process as the holder of a lease: who it is, then in brackets the code it runs and where it is."""
    runs = f"code {code}, " if code else ""
    return f"{this_process()} ({runs}place {place_of(settings)})"


def who_holds(holder: str) -> str:
    """The part of a holder that others are told."""
    return holder.partition(" (")[0]


def code_of(holder: str) -> str:
    """The version of the code that a holder runs; "" when it does not say."""
    return holder.partition("(code ")[2].partition(",")[0]


def is_of_this_place(holder: str, settings: Settings) -> bool:
    """Whether a holder runs, or ran, where its locks and process ids are those of this process."""
    return holder.endswith(f"place {place_of(settings)})")


def place_of(settings: Settings) -> str:
    """A short digest of boot, namespace of process ids, and the very file that is the lock of the home."""
    try:
        found = supervisor_lock(settings).stat()
        lock = f"{found.st_dev} {found.st_ino}"
    except OSError:  # no supervisor has been here yet
        lock = ""
    return hashlib.sha256(f"{this_place()} {lock}".encode()).hexdigest()[:12]
