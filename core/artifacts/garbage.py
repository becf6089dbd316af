"""Forgetting artifacts, and deleting the blobs that nothing needs any more.

The registry alone decides which those are, in the transaction in which the last artifact or publication that needs a
blob goes (``core.registry.artifacts``). So a blob of a publication under way is never deleted, no time stamp and no
listing of the store is needed, and what a kill interrupted is completed by the next collection.
"""

import os
import platform
import secrets
import time
from collections.abc import Iterable

from core.artifacts.blobs import Blobs, open_blobs
from core.registry import Registry
from core.registry.leases import GIVE_UP_SECONDS, RENEW_SECONDS
from core.settings import Settings

_COLLECTION = "artifacts/collection"


def forget(settings: Settings, registry: Registry, names: Iterable[str]) -> None:
    """Deletes artifacts and the blobs that only they needed. With ``GRAFT_ARTIFACTS=home`` nothing is done.

    Raises:
        StoreAway, Unavailable: of the blobs; the artifacts are forgotten, and the next collection deletes the blobs.
    """
    if not settings.artifacts:
        return
    registry.forget_artifacts(names)
    collect(registry, open_blobs(settings.artifacts))


def collect(registry: Registry, blobs: Blobs) -> int:
    """Deletes all blobs that nothing needs, also those of publications whose process was killed.

    Returns:
        The number of deleted blobs; 0 also while another process does it.
    """
    registry.forget_artifacts(lost := registry.lost_publications())
    for name in lost:
        registry.forget_lease(name)
    return delete_doomed(registry, blobs) or 0 if registry.doomed_blobs() else 0


def delete_doomed(registry: Registry, blobs: Blobs) -> int | None:
    """Deletes the blobs that transactions doomed; their number, or None while another process does it."""
    lease = registry.take(_COLLECTION, holder())
    if lease is None:
        return None
    renewed, deleted = time.monotonic(), 0
    try:
        for digest in registry.doomed_blobs():  # read under the lease: another process may have just deleted some
            since = time.monotonic() - renewed
            if since > GIVE_UP_SECONDS or (since > RENEW_SECONDS and not registry.renew(lease)):
                return None  # it was frozen, or cut off: another process may be doing it now
            renewed = time.monotonic() if since > RENEW_SECONDS else renewed
            blobs.delete(digest)
            registry.blob_was_deleted(digest)
            deleted += 1
    finally:
        registry.release(lease)
    return deleted


def holder() -> str:
    """A name for a lease that this call alone has; it says which process of which machine it is."""
    return f"{platform.node()}:{os.getpid()}:{secrets.token_hex(4)}"
