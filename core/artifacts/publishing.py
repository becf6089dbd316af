"""Publishing a folder: its blobs, its listing, then one row in the registry, which makes it visible."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path

from core.artifacts.blobs import Blobs, open_blobs
from core.artifacts.garbage import collect, delete_doomed, holder
from core.artifacts.listing import ListedBlob, Listing, content_of, listing_of
from core.artifacts.marks import mark
from core.errors import Conflict, GraftError
from core.files.folders import artifact_mark
from core.registry import Registry
from core.registry.artifacts import PUBLICATION, Artifact
from core.registry.leases import Lease
from core.settings import Settings

PUBLICATION_SECONDS = 3600.0
"""The lease of a publication, renewed between blobs: a blob of several gigabytes may take long."""
_RENEW_SECONDS = 30.0
_PATIENCE_SECONDS = 120.0
"""How long it waits for blobs that others are deleting."""


def publish(
    settings: Settings,
    registry: Registry,
    name: str,
    folder: Path,
    token: int,
    *,
    names: Sequence[str] | None = None,
    check: Callable[[], None] | None = None,
) -> Artifact | None:
    """Publishes a folder that does not change any more, whole or not at all; only blobs that are not in the store go
    over the wire. With ``GRAFT_ARTIFACTS=home`` nothing is done.

    Args:
        name: ``datasets/<id>``, ``runs/<id>/model`` and so on (decision 25). token: of the lease under which it was
            made: the attempt, for a run. names: of the files that belong to it, where not all do.
        check: called between blobs; it may raise to stop.

    Returns:
        The artifact; None with ``GRAFT_ARTIFACTS=home``.

    Raises:
        NotFound: there is nothing to publish. Conflict: a later attempt has taken over. StoreAway, Unavailable,
            NoSpace: see ``Blobs``.
    """
    if not settings.artifacts:
        return None
    listing = listing_of(folder, names)
    content = listing.encoded()
    artifact = Artifact(
        name=name,
        token=token,
        digest=sha256(content).hexdigest(),
        size_bytes=listing.size_bytes,
        files=listing.files,
    )
    if registry.artifact(name) != artifact:
        blobs = open_blobs(settings.artifacts)
        digests = [artifact.digest, *(blob.digest for blob in listing.blobs)]
        with _publication(registry, blobs, digests) as lease:
            _put_all(blobs, listing, folder, _keeper(registry, lease, check))
            _put(blobs, artifact.digest, len(content), content)
            registry.publish_artifact(artifact, lease.name)
        with suppress(GraftError):  # what the former version alone needed; the next collection tries again
            collect(registry, blobs)
    mark(artifact_mark(folder, name), artifact)
    return artifact


@contextmanager
def _publication(registry: Registry, blobs: Blobs, digests: Sequence[str]) -> Iterator[Lease]:
    """A lease, and the statement that these blobs are needed; both end with the block, also when it fails."""
    name = f"{PUBLICATION}{secrets.token_hex(8)}"
    lease = registry.take(name, holder(), PUBLICATION_SECONDS)
    assert lease is not None  # nobody else knows its name
    try:
        _expect(registry, blobs, name, digests)
        yield lease
    finally:
        registry.forget_artifacts([name])
        registry.forget_lease(name)


def _expect(registry: Registry, blobs: Blobs, publication: str, digests: Sequence[str]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while registry.expect_blobs(publication, digests):
        if delete_doomed(registry, blobs) is None:
            if time.monotonic() > deadline:
                raise Conflict("Another process has been deleting files of the store for minutes. Try again.")
            time.sleep(0.5)


def _keeper(registry: Registry, lease: Lease, check: Callable[[], None] | None) -> Callable[[], None]:
    renewed = time.monotonic()

    def keep() -> None:
        nonlocal renewed
        if check is not None:
            check()
        if time.monotonic() - renewed > _RENEW_SECONDS:
            registry.renew(lease, PUBLICATION_SECONDS)
            renewed = time.monotonic()

    return keep


def _put_all(blobs: Blobs, listing: Listing, folder: Path, keep: Callable[[], None]) -> None:
    for blob in {blob.digest: blob for blob in listing.blobs}.values():
        keep()
        if blobs.size(blob.digest) != blob.size:
            blobs.put(blob.digest, _unchanged(folder, blob))


def _unchanged(folder: Path, blob: ListedBlob) -> Path | bytes:
    content = content_of(folder, blob)
    if isinstance(content, bytes) and sha256(content).hexdigest() != blob.digest:
        raise Conflict(f"Files in {folder} changed while they were published. Nothing was published.")
    return content


def _put(blobs: Blobs, digest: str, size: int, content: bytes) -> None:
    if blobs.size(digest) != size:
        blobs.put(digest, content)
