"""Leases: who may act for a name, until when. The clock is the database's, so that no machine's clock decides.

A holder that was cut off and comes back finds a larger token, by which everything that it still writes is refused
(a fencing token: Kleppmann, Designing Data-Intensive Applications, chapter 8).
"""

import os
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select, update

from core.registry.clock import now
from core.registry.connection import Store
from core.registry.schema import begins_with, columns_of, leases, row_of

LEASE_SECONDS = float(os.environ.get("GRAFT_LEASE_SECONDS", 45.0))
"""A lease lapses so long after it was taken or renewed. The variable is for tests; it is the same on all machines."""
RENEW_SECONDS = LEASE_SECONDS * 10 / 45
"""A holder renews this often: every 10 s."""
GIVE_UP_SECONDS = LEASE_SECONDS * 30 / 45
"""30 s: a holder that could not renew for so long ends what it does, well before another one may take the lease."""


SUPERVISOR = "supervisor"
"""The lease of the supervisor that acts."""


def lease_of_run(run_id: str) -> str:
    """The lease of the trainer of a run; its token is the attempt."""
    return f"run/{run_id}"


@dataclass(frozen=True, kw_only=True)
class Lease:
    """The right to act for a name.

    Args:
        name: what it is for, such as ``supervisor`` or ``features/<key>``.
        token: grows by one whenever another holder takes it.
        holder: who has it, as others are told.
        expires_at: seconds since 1970, UTC, by the clock of the database.
    """

    name: str
    token: int
    holder: str
    expires_at: float


class Leases(Store):
    """The table of leases."""

    def take(self, name: str, holder: str, seconds: float = LEASE_SECONDS, *, token: int | None = None) -> Lease | None:
        """The lease, or None while another holder has it. Who has it already renews it and keeps its token.

        Args:
            token: what its token has to be, for a lease whose token is that of something else, as an attempt. It is
                taken from a holder with a smaller token, and refused when it has had this one or a larger one.
        """
        with self.writing(least=None, quiet=True) as connection:
            found = _read(connection, name)
            if found is not None and _is_refused(found, holder, token, _time(connection)):
                return None
            given = token or _next_token(found, holder)
            at = _time(connection)
            lease = Lease(name=name, token=given, holder=holder, expires_at=at + seconds)
            values = row_of(leases, lease) | {"taken_at": at}
            if found is None:
                connection.execute(insert(leases).values(values))
            else:
                connection.execute(update(leases).where(leases.c.name == name).values(values))
            return lease

    def renew(self, lease: Lease, seconds: float = LEASE_SECONDS) -> bool:
        """Keeps a lease that nobody else has taken, also one that has lapsed; False when another holder has it."""
        with self.writing(least=None, quiet=True) as connection:
            statement = update(leases).where(_is(lease)).values(expires_at=_time(connection) + seconds)
            return connection.execute(statement).rowcount == 1

    def release(self, lease: Lease) -> None:
        """Ends a lease now; nothing when another holder has it. Its row stays, so that the token keeps growing."""
        with self.writing(least=None, quiet=True) as connection:
            connection.execute(update(leases).where(_is(lease)).values(expires_at=0.0))

    def lease(self, name: str) -> Lease | None:
        """The lease of this name while somebody has it."""
        with self.reading() as connection:
            found = _read(connection, name)
            return found if found is not None and found.expires_at > _time(connection) else None

    def last_lease(self, name: str) -> Lease | None:
        """The lease that was taken last, also one that has lapsed or was released."""
        with self.reading() as connection:
            return _read(connection, name)

    def held_leases(self, prefix: str = "") -> list[Lease]:
        """All leases that somebody has, by name."""
        with self.reading() as connection:
            query = select(*columns_of(leases, Lease)).where(begins_with(leases.c.name, prefix))
            query = query.where(leases.c.expires_at > _time(connection)).order_by(leases.c.name)
            return [Lease(**row._mapping) for row in connection.execute(query)]

    def forget_lease(self, name: str) -> None:
        """Removes the row of something that was deleted."""
        with self.writing(least=None, quiet=True) as connection:
            connection.execute(delete(leases).where(leases.c.name == name))


def _is_refused(found: Lease, holder: str, token: int | None, at: float) -> bool:
    if token is not None:
        return found.token > token or (found.token == token and found.holder != holder)
    return found.holder != holder and found.expires_at > at


def _next_token(found: Lease | None, holder: str) -> int:
    if found is None:
        return 1
    return found.token if found.holder == holder and found.expires_at > 0 else found.token + 1


def _read(connection: Connection, name: str) -> Lease | None:
    row = connection.execute(select(*columns_of(leases, Lease)).where(leases.c.name == name)).first()
    return None if row is None else Lease(**row._mapping)


def _is(lease: Lease) -> ColumnElement[bool]:
    return and_(leases.c.name == lease.name, leases.c.token == lease.token, leases.c.holder == lease.holder)


def _time(connection: Connection) -> float:
    return connection.scalar(select(now())) or 0.0
