"""Published artifacts: which blobs of the store each one needs, and which blobs nothing needs any more.

A blob is deleted only after a transaction found that nothing needs it and wrote it into ``doomed_blobs``; a
publication that needs it again waits until it is deleted, and puts it again. A publication states what it needs before
it puts anything, so its blobs are safe from the start and those of a killed one are known. No time stamp decides.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Table, delete, exists, insert, select, update

from core.errors import Conflict
from core.registry.clock import now
from core.registry.connection import Store
from core.registry.schema import artifact_blobs, artifacts, begins_with, columns_of, doomed_blobs, leases, row_of, runs

PUBLICATION = "publish/"
"""How the name of a publication begins; it is the name of its lease too."""
_AT_ONCE = 500


@dataclass(frozen=True, kw_only=True)
class Artifact:
    """A published folder.

    Args:
        name: such as ``runs/<id>/model``. token: of the lease under which it was published; an attempt, for a run.
        digest: SHA-256 of the listing of its files, which is a blob of the store. size_bytes, files: of its files.
    """

    name: str
    token: int
    digest: str
    size_bytes: int
    files: int


class Artifacts(Store):
    """The tables of artifacts and their blobs."""

    def artifact(self, name: str) -> Artifact | None:
        """The published artifact of this name."""
        found = self.values(select(*columns_of(artifacts, Artifact)).where(artifacts.c.name == name), Artifact)
        return found[0] if found else None

    def artifacts(self, prefix: str = "") -> list[Artifact]:
        """All published artifacts whose names begin with ``prefix``, by name."""
        query = select(*columns_of(artifacts, Artifact)).where(begins_with(artifacts.c.name, prefix))
        return self.values(query.order_by(artifacts.c.name), Artifact)

    def expect_blobs(self, publication: str, digests: Iterable[str]) -> list[str]:
        """States that a publication needs these blobs, so that none of them is deleted.

        Returns:
            Those that are being deleted; then nothing was stated. Try again when they are deleted.
        """
        wanted = sorted(set(digests))
        with self.writing() as connection:
            doomed = [digest for some in _some(wanted) for digest in _among(connection, doomed_blobs, some)]
            if not doomed:
                _state(connection, publication, wanted)
            return doomed

    def publish_artifact(self, artifact: Artifact, publication: str) -> None:
        """Makes an artifact visible; its blobs are those that the publication expected.

        Raises:
            Conflict: a later attempt has published it or took the run over, or another process took the lease of
                these features; or the publication lasted so long that it was given up by others.
        """
        with self.writing() as connection:
            _refuse_older(connection, artifact)
            if not connection.scalar(select(exists().where(artifact_blobs.c.artifact == publication))):
                raise Conflict(f"The publication of {artifact.name} took too long and was given up. Try again.")
            before = _blobs_of(connection, [artifact.name])
            connection.execute(delete(artifact_blobs).where(artifact_blobs.c.artifact == artifact.name))
            connection.execute(
                update(artifact_blobs).where(artifact_blobs.c.artifact == publication).values(artifact=artifact.name)
            )
            connection.execute(delete(artifacts).where(artifacts.c.name == artifact.name))
            connection.execute(insert(artifacts).values(row_of(artifacts, artifact) | {"created_at": now()}))
            _doom(connection, before)

    def forget_artifacts(self, names: Iterable[str]) -> None:
        """Removes artifacts, or publications that were given up; blobs that nothing else needs are doomed."""
        with self.writing() as connection:
            for some in _some(sorted(set(names))):
                before = _blobs_of(connection, some)
                connection.execute(delete(artifact_blobs).where(artifact_blobs.c.artifact.in_(some)))
                connection.execute(delete(artifacts).where(artifacts.c.name.in_(some)))
                _doom(connection, before)

    def lost_publications(self) -> list[str]:
        """Publications whose process is gone: its lease has lapsed."""
        held = exists().where(leases.c.name == artifact_blobs.c.artifact, leases.c.expires_at > now())
        begun = begins_with(artifact_blobs.c.artifact, PUBLICATION)
        query = select(artifact_blobs.c.artifact).where(begun, ~held).distinct()
        with self.reading() as connection:
            return sorted(connection.scalars(query))

    def doomed_blobs(self) -> list[str]:
        """Blobs that nothing needs and that are to be deleted."""
        with self.reading() as connection:
            return sorted(connection.scalars(select(doomed_blobs.c.digest)))

    def blob_was_deleted(self, digest: str) -> None:
        """Ends the deletion of a blob: from now on it may be put again."""
        with self.writing() as connection:
            connection.execute(delete(doomed_blobs).where(doomed_blobs.c.digest == digest))


def _refuse_older(connection: Connection, artifact: Artifact) -> None:
    known = connection.scalar(select(artifacts.c.token).where(artifacts.c.name == artifact.name))
    kind, _, rest = artifact.name.partition("/")
    word = "lease" if kind == "features" else "attempt"
    if kind == "runs":
        attempt = connection.scalar(select(runs.c.attempt).where(runs.c.id == rest.partition("/")[0]))
        if attempt is None:
            raise Conflict(f"{artifact.name} is not published: its run was deleted.")
        known = max(known or 0, attempt)
    elif kind == "features":
        known = max(known or 0, connection.scalar(select(leases.c.token).where(leases.c.name == artifact.name)) or 0)
    if known is not None and known > artifact.token:
        raise Conflict(
            f"{artifact.name} is not published: {word} {known} has taken over. Received: {word} {artifact.token}"
        )


def _state(connection: Connection, publication: str, digests: Sequence[str]) -> None:
    if digests:
        rows = [{"artifact": publication, "digest": digest} for digest in digests]
        connection.execute(insert(artifact_blobs), rows)


def _blobs_of(connection: Connection, names: Sequence[str]) -> list[str]:
    query = select(artifact_blobs.c.digest).where(artifact_blobs.c.artifact.in_(names)).distinct()
    return sorted(connection.scalars(query))


def _doom(connection: Connection, digests: Sequence[str]) -> None:
    """Of these blobs those that nothing needs any more."""
    for some in _some(digests):
        needed = {*_among(connection, artifact_blobs, some), *_among(connection, doomed_blobs, some)}
        rows = [{"digest": digest} for digest in some if digest not in needed]
        if rows:
            connection.execute(insert(doomed_blobs), rows)


def _among(connection: Connection, table: Table, digests: Sequence[str]) -> list[str]:
    return sorted(set(connection.scalars(select(table.c.digest).where(table.c.digest.in_(digests)))))


def _some(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """In parts: a statement has a limited number of parameters."""
    return (values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE))
