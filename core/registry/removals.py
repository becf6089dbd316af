"""Deleting an account for good, and all that the registry holds about one.

The log of actions only grows, so its entries keep the name; it is given to nobody else, because they would mean
somebody else then.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, func, or_, select, update

from core.errors import InvalidInput
from core.people.acting import Role
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import (
    alias_moves,
    begins_with,
    datasets,
    links,
    log,
    recovery_codes,
    runs,
    second_factors,
    second_steps,
    sessions,
    shortlists,
    stored_sizes,
    tokens,
    users,
)
from core.registry.sign_ins import forget_failures
from core.registry.users import DELETED, get_user, refuse_without_admin
from core.text.units import count

FORMER = "a deleted account"
"""In place of a name in the histories of aliases and shortlists."""
OWNED: tuple[Table, ...] = (datasets, runs, stored_sizes)
"""Tables whose ``owner`` becomes another account."""
HISTORIES: tuple[Table, ...] = (alias_moves, shortlists)
"""Tables whose ``who`` becomes ``FORMER``."""
FORGOTTEN = (
    sessions.c.user, links.c.user, tokens.c.owner, second_factors.c.user, recovery_codes.c.user, second_steps.c.user,
)  # fmt: skip
"""Columns with the account whose rows are deleted."""
TOLD: dict[str, tuple[Table, tuple[str, ...]]] = {
    "sessions": (sessions, ("address", "agent", "how", "created_at", "seen_at", "expires_at", "ended_at")),
    "one_time_links": (links, ("created_at", "expires_at", "used_at")),
    "access_tokens": (tokens, ("name", "scope", "created_at", "expires_at", "revoked_at", "used_at")),
    "datasets": (datasets, ("id", "name", "version", "size_bytes", "created_at", "notes")),
    "runs": (runs, ("id", "dataset_id", "name", "status", "created_at", "started_at", "ended_at", "notes", "tags")),
    "stored": (stored_sizes, ("run_id", "bytes", "measured_at")),
    "alias_moves": (alias_moves, ("dataset_id", "alias", "run_name", "at", "who", "why")),
    "shortlists": (shortlists, ("dataset_id", "question", "seconds", "who", "created_at")),
    "log": (log, ("number", "at", "who", "action", "detail")),
}
"""What a person is told of each table: all about them but digests, which are of no use to anybody."""


@dataclass(frozen=True, kw_only=True)
class Belongings:
    """What an account owns."""

    datasets: int
    runs: int

    def __bool__(self) -> bool:
        return bool(self.datasets or self.runs)

    def __str__(self) -> str:
        parts = [count(number, what) for number, what in ((self.datasets, "dataset"), (self.runs, "run")) if number]
        return " and ".join(parts) or "nothing"


class Removals(Store):
    """What there is of an account, and its end."""

    def belongings(self, name: str) -> Belongings:
        """Raises:
        NotFound: there is no such account.
        """
        with self.reading() as connection:
            return _belongings(connection, get_user(connection, name).name)

    def account_data(self, name: str) -> dict[str, Any]:
        """All about an account, for JSON; of its secrets only whether there are any.

        Raises:
            NotFound: there is no such account.
        """
        with self.reading() as connection:
            user = get_user(connection, name)
            codes = select(func.count()).where(recovery_codes.c.user == user.name)
            account = {
                "name": user.name,
                "role": str(user.role),
                "disabled": user.disabled,
                "created_at": user.created_at,
                "has_password": user.password is not None,
                "openid": user.subject,
                "second_factor": user.second_factor,
                "recovery_codes_left": connection.scalar(codes),
            }
            return {"account": account} | {
                part: [dict(row._mapping) for row in connection.execute(_query(table, columns, user.name))]
                for part, (table, columns) in TOLD.items()
            }

    def delete_user(self, name: str, heir: str = "") -> Belongings:
        """Delete an account with its sessions, links, tokens, password, second factor and OpenID link, for good.

        Args:
            heir: the account that gets what this one owns; not needed where it owns nothing.

        Returns:
            What the heir got.

        Raises:
            NotFound: there is no such account, or heir. InvalidInput: no heir is named, or one that cannot be it.
            Conflict: nobody else is an admin.
        """
        with self.writing(least=Role.ADMIN) as connection:
            user = get_user(connection, name)
            owned = _belongings(connection, user.name)
            to = _heir(connection, user.name, heir, owned)
            for table in OWNED:
                connection.execute(update(table).where(table.c.owner == user.name).values(owner=to))
            for table in HISTORIES:
                connection.execute(update(table).where(_is_of(table.c.who, user.name)).values(who=FORMER))
            for column in FORGOTTEN:
                connection.execute(delete(column.table).where(column == user.name))
            connection.execute(delete(users).where(users.c.name == user.name))
            forget_failures(connection, user.name)
            refuse_without_admin(connection, user)
            detail = {"user": user.name, "heir": to, "datasets": owned.datasets, "runs": owned.runs}
            add_entry(connection, DELETED, detail)
        return owned


def _belongings(connection: Connection, name: str) -> Belongings:
    numbers = [
        connection.scalar(select(func.count()).select_from(table).where(table.c.owner == name)) or 0
        for table in (datasets, runs)
    ]
    return Belongings(datasets=numbers[0], runs=numbers[1])


def _heir(connection: Connection, name: str, heir: str, owned: Belongings) -> str:
    if not heir and owned:
        raise InvalidInput(
            f"{name} owns {owned}. Name the account that gets them: python -m core users delete {name} --to NAME"
        )
    to = get_user(connection, heir) if heir else None
    if to is not None and (to.name == name or to.disabled):
        raise InvalidInput(f"What {name} owns goes to another account that is not disabled. Received: {to.name!r}")
    return "" if to is None else to.name


def _query(table: Table, columns: tuple[str, ...], name: str) -> Any:
    query = select(*(table.c[column] for column in columns)).order_by(*table.primary_key)
    if table is log:
        return query.where(or_(_is_of(log.c.who, name), log.c.detail["user"].as_string() == name))
    if "who" in table.c:
        return query.where(_is_of(table.c.who, name))
    return query.where((table.c.user if "user" in table.c else table.c.owner) == name)


def _is_of(who: ColumnElement[str], name: str) -> ColumnElement[bool]:
    """With and without a token; see ``Person.label``."""
    return (who == name) | begins_with(who, f"{name} (")
