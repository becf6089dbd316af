"""The lease of a run that a trainer trains: ``run/<id>``, whose token is the attempt."""

import os
import sys

from core.errors import Conflict
from core.files import atomic
from core.jobs.exit_policy import ExitCode
from core.jobs.lease_holder import holder_name
from core.registry import Registry
from core.registry.keeping import KeptLease
from core.registry.leases import GIVE_UP_SECONDS, lease_of_run
from core.settings import Settings


def hold_run(run_id: str, attempt: int, settings: Settings, registry: Registry) -> KeptLease:
    """Take the lease of an attempt. When it is lost, this process ends at once with ``ExitCode.LOST``: what it wrote
    until then is as after a kill. No file gets its name while another process may have the lease.

    Raises:
        Conflict: the run has been given to another process.
        Unavailable, NoSpace: the registry cannot be used now.
    """
    lease = registry.take(lease_of_run(run_id), holder_name(settings), token=attempt)
    if lease is None:
        raise Conflict(f"Attempt {attempt} of run {run_id} has been given to another process.")
    kept = KeptLease(registry, lease, lambda: _end(run_id, attempt))
    atomic.set_fence(kept.wait)
    return kept


def _end(run_id: str, attempt: int) -> None:
    text = (
        f"Attempt {attempt} of run {run_id} ends: another process has taken its lease, or the registry could not be "
        f"reached for {GIVE_UP_SECONDS:.0f} seconds."
    )
    try:
        print(text, file=sys.stderr, flush=True)
    finally:
        os._exit(ExitCode.LOST)
