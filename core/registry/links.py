"""One-time links: whoever has one sets the password of an account, once. Only the SHA-256 of a link is stored."""

import secrets
import time
from hashlib import sha256

from sqlalchemy import Connection, insert, select, update

from core.errors import Conflict, NotFound
from core.people.acting import Role
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import links, users
from core.registry.users import User, admins, checked_name, end_sessions_of, get_user, insert_user

HOURS = 24
"""A link is valid for."""

FIRST = ""
"""In place of an account: the link of the first admin, who chooses a name."""


def path_of(secret: str) -> str:
    """What follows the address of Graft in a link. Behind the ``#``, which browsers send to no server."""
    return f"/welcome#code={secret}"


class Links(Store):
    """One-time links of accounts."""

    def new_link(self, name: str) -> str:
        """The secret of a new link, which replaces the unused ones of the account.

        Raises:
            NotFound: there is no such account.
        """
        with self.writing(least=Role.ADMIN) as connection:
            user = get_user(connection, name)
            add_entry(connection, "new_link", {"user": user.name})
            return _new(connection, user.name)

    def first_link(self) -> str | None:
        """The secret of a new link for the first admin; None where an admin can sign in."""
        with self.writing(least=None) as connection:
            if admins(connection):
                return None
            add_entry(connection, "first_link", {}, who="server")
            return _new(connection, FIRST)

    def link_user(self, secret: str) -> str:
        """The account of a link that can be used now; ``FIRST`` for that of the first admin.

        Raises:
            NotFound: there is no such link, or it was used, replaced, or is too old.
        """
        with self.reading() as connection:
            return _find(connection, secret)

    def use_link(self, secret: str, name: str, password: str) -> User:
        """Set the password of the link's account (made with the role *admin* for the link of the first admin), end its
        other sessions, and make the link useless.

        Args:
            name: of the first admin; not read otherwise. password: its hash.

        Raises:
            NotFound: as ``link_user``. InvalidInput: the first admin's name. Conflict: it is taken, or disabled.
        """
        with self.writing(least=None) as connection:
            owner = _find(connection, secret)
            if owner == FIRST:
                if admins(connection):
                    raise NotFound(_USELESS)
                user = insert_user(connection, User(name=checked_name(name), role=Role.ADMIN))
                add_entry(connection, "add_user", {"user": user.name, "role": str(user.role)}, who="one-time link")
            else:
                user = get_user(connection, owner)
            if user.disabled:
                raise Conflict(f"The account {user.name} is disabled. Ask an admin.")
            connection.execute(update(users).where(users.c.name == user.name).values(password=password))
            connection.execute(update(links).where(links.c.user == owner).values(used_at=time.time()))
            end_sessions_of(connection, user.name)
            add_entry(connection, "set_password", {"user": user.name}, who=f"{user.name} (one-time link)")
            return get_user(connection, user.name)


_USELESS = "This link cannot be used (any more). Ask an admin for a new one: python -m core users link NAME"


def _new(connection: Connection, name: str) -> str:
    now, secret = time.time(), secrets.token_urlsafe(32)
    connection.execute(update(links).where(links.c.user == name, links.c.used_at.is_(None)).values(used_at=now))
    values = {"digest": _digest(secret), "user": name, "created_at": now, "expires_at": now + 3600 * HOURS}
    connection.execute(insert(links).values(values))
    return secret


def _find(connection: Connection, secret: str) -> str:
    usable = (links.c.digest == _digest(secret)) & links.c.used_at.is_(None) & (links.c.expires_at > time.time())
    name = connection.scalar(select(links.c.user).where(usable))
    if name is None:
        raise NotFound(_USELESS)
    return str(name)


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
