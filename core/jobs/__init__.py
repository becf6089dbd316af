"""Background jobs: the supervisor that starts scheduled runs, and how to reach it.

Layout: ``control`` (start and stop the supervisor) · ``protocol`` (what it has in common with its callers) ·
``ownership`` (which machine or container has the home) · ``lease_holder``, ``leadership`` (which supervisor acts) ·
``service`` (its process) · ``supervisor`` (its work) · ``launching`` (what it needs of something that starts trainers)
· ``launchers`` (which one that is) · ``local_launcher``, ``trainers`` (processes of this machine) · ``holder`` (who
holds the lock of a run) · ``exit_policy`` (how a trainer ends, and what becomes of its run) · ``reuse`` (further runs
in one trainer) · ``limits`` (of a running run) · ``slots`` (GPUs) · ``machine`` (what one says about itself),
``node_trainer`` (a trainer on a machine of a cluster), ``cluster`` (its launcher), ``ray`` (requests to Ray) ·
``processes`` · ``logs`` · in the background: ``imports`` (of photos), ``additions`` (of backbones),
``tables`` (of predictions).

This module itself is light: no SQL, no TensorFlow.
"""

from core.jobs.control import ensure_supervisor, stop_supervisor, wake, was_killed
from core.jobs.logs import tail
from core.jobs.protocol import SupervisorStatus, supervisor_status, why_paused
from core.jobs.slots import Slot, discover_slots

__all__ = [
    "Slot",
    "SupervisorStatus",
    "discover_slots",
    "ensure_supervisor",
    "stop_supervisor",
    "supervisor_status",
    "tail",
    "wake",
    "was_killed",
    "why_paused",
]
