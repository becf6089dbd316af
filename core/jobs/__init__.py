"""Background jobs: the supervisor that starts scheduled runs, and how to reach it.

Layout: ``control`` (start, find, stop the supervisor) · ``service`` (its process and loop) · ``supervisor`` (its work)
``trainers`` (one trainer process) · ``exit_policy`` (what becomes of a run whose trainer is gone) · ``exit_record``
(what a trainer says at its end) · ``reuse`` (how a trainer goes on with the next run) · ``holder`` (who holds the lock
of a run) · ``slots``, ``processes``, ``logs`` · ``imports`` (of photos, in the background).

This module itself is light: no SQL, no TensorFlow.
"""

from core.jobs.control import SupervisorStatus, ensure_supervisor, stop_supervisor, supervisor_status, wake
from core.jobs.logs import tail
from core.jobs.slots import Slot, discover_slots

__all__ = [
    "Slot",
    "SupervisorStatus",
    "discover_slots",
    "ensure_supervisor",
    "wake",
    "stop_supervisor",
    "supervisor_status",
    "tail",
]
