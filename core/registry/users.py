"""Accounts: who may sign in, with which role.

The name of one that is deleted (``core.registry.removals``) is given to nobody else, so that the log keeps its meaning.
"""

import re
import time
from dataclasses import dataclass

from sqlalchemy import Connection, delete, exists, func, insert, select, update

from core.errors import Conflict, InvalidInput, NotFound
from core.people.acting import Person, Role
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import columns_of, log, second_factors, second_steps, sessions, users

DELETED = "delete_user"
"""Action of the log."""
_NAME = re.compile(r"[a-z0-9][a-z0-9_.@+-]{0,59}")


@dataclass(frozen=True, kw_only=True)
class User:
    """An account.

    Args:
        name: in small letters. password: argon2id; None without one. subject: the person at an OpenID provider, see
            ``core.registry.subjects``.
        created_at: seconds since 1970, UTC. second_factor: whether codes of an authenticator app are asked for; see
            ``core.registry.second_factors``.
    """

    name: str
    role: Role
    password: str | None = None
    subject: str | None = None
    disabled: bool = False
    created_at: float = 0.0
    second_factor: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "role", Role(self.role))
        object.__setattr__(self, "second_factor", bool(self.second_factor))

    @property
    def can_sign_in(self) -> bool:
        return not self.disabled and (self.password is not None or self.subject is not None)

    def person(self, via: str = "") -> Person:
        """Who acts when this account is used."""
        return Person(name=self.name, role=None if self.disabled else self.role, via=via)


_CONFIRMED = exists().where(second_factors.c.user == users.c.name, second_factors.c.confirmed_at.is_not(None))
_COLUMNS = [*columns_of(users, User), _CONFIRMED.label("second_factor")]


class Users(Store):
    """The accounts of this home."""

    def users(self) -> list[User]:
        """All, by name."""
        return self.values(select(*_COLUMNS).order_by(users.c.name), User)

    def user(self, name: str) -> User:
        """Raises:
        NotFound: there is no such account.
        """
        with self.reading() as connection:
            return get_user(connection, name)

    def add_user(self, name: str, role: str) -> User:
        """A new account, without a password; see ``Links``.

        Raises:
            InvalidInput: the name or the role. Conflict: there is one of this name.
        """
        with self.writing(least=Role.ADMIN) as connection:
            user = insert_user(connection, User(name=checked_name(name), role=checked_role(role)))
            add_entry(connection, "add_user", {"user": user.name, "role": str(user.role)})
            return user

    def set_role(self, name: str, role: str) -> User:
        """Give an account another role, from the next request on.

        Raises:
            NotFound: there is none. InvalidInput: the role. Conflict: nobody else is an admin.
        """
        with self.writing(least=Role.ADMIN) as connection:
            user = get_user(connection, name)
            connection.execute(update(users).where(users.c.name == user.name).values(role=checked_role(role)))
            refuse_without_admin(connection, user)
            add_entry(connection, "set_role", {"user": user.name, "role": role, "before": str(user.role)})
            return get_user(connection, name)

    def disable_user(self, name: str, on: bool = True) -> User:
        """Make an account useless and end its sessions, or (``on=False``) usable again.

        Raises:
            NotFound: there is none. Conflict: nobody else is an admin.
        """
        with self.writing(least=Role.ADMIN) as connection:
            user = get_user(connection, name)
            connection.execute(update(users).where(users.c.name == user.name).values(disabled=on))
            if on:
                refuse_without_admin(connection, user)
                end_sessions_of(connection, user.name)
            add_entry(connection, "disable_user" if on else "enable_user", {"user": user.name})
            return get_user(connection, name)

    def store_password(self, name: str, password: str) -> None:
        """Replace the hash of an account's password, by one with other parameters or of another password.

        Raises:
            NotFound: there is no such account.
        """
        with self.writing(least=None) as connection:
            user = get_user(connection, name)
            connection.execute(update(users).where(users.c.name == user.name).values(password=password))


def get_user(connection: Connection, name: str) -> User:
    """Within a transaction."""
    row = connection.execute(select(*_COLUMNS).where(users.c.name == name.strip().casefold())).one_or_none()
    if row is None:
        raise NotFound(f"There is no account {name[:80]!r}. See: python -m core users")
    return User(**row._mapping)


def insert_user(connection: Connection, user: User) -> User:
    """Add an account within a transaction."""
    if connection.scalar(select(func.count()).where(users.c.name == user.name)):
        raise Conflict(f"There is already an account {user.name!r}. Choose another name.")
    was_deleted = (log.c.action == DELETED) & (log.c.detail["user"].as_string() == user.name)
    if connection.scalar(select(func.count()).where(was_deleted)):
        raise Conflict(f"An account {user.name!r} was deleted, and the audit log has its name. Choose another name.")
    values = {"name": user.name, "role": str(user.role), "password": user.password, "subject": user.subject}
    connection.execute(insert(users).values(values | {"disabled": False, "created_at": time.time()}))
    return get_user(connection, user.name)


def end_sessions_of(connection: Connection, name: str, but: str = "") -> None:
    """End the sessions of an account within a transaction, and sign-ins that have begun.

    Args:
        but: the digest of a session that goes on.
    """
    connection.execute(delete(second_steps).where(second_steps.c.user == name))
    open_ones = (sessions.c.user == name) & sessions.c.ended_at.is_(None) & (sessions.c.digest != but)
    connection.execute(update(sessions).where(open_ones).values(ended_at=time.time()))


def checked_name(name: str) -> str:
    """Raises:
    InvalidInput: it cannot be the name of an account.
    """
    plain = name.strip().casefold()
    if not _NAME.fullmatch(plain):
        raise InvalidInput(
            "The name of an account has 1 to 60 letters (a to z), digits, '-', '_', '.', '+' and '@', and begins with "
            f"a letter or digit. Received: {name[:80]!r}"
        )
    return plain


def checked_role(role: str) -> Role:
    """Raises:
    InvalidInput: there is no such role.
    """
    if role not in list(Role):
        raise InvalidInput(f"The role of an account is one of: {', '.join(Role)}. Received: {role[:40]!r}")
    return Role(role)


def admins(connection: Connection) -> list[User]:
    """Those who can sign in, within a transaction."""
    rows = connection.execute(select(*_COLUMNS).where(users.c.role == Role.ADMIN))
    return [user for user in (User(**row._mapping) for row in rows) if user.can_sign_in]


def refuse_without_admin(connection: Connection, changed: User) -> None:
    """Raises Conflict where the change of an admin's account left no admin."""
    if changed.role is Role.ADMIN and changed.can_sign_in and not admins(connection):
        raise Conflict(f"{changed.name} is the only admin who can sign in. Make somebody else an admin first.")
