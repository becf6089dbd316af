"""The person on whose behalf this code runs, and what a role allows.

Whoever changes something asks ``acting()``: the registry at every transaction that writes, so that nothing can be
changed by a path that nobody thought of, and the use cases where something has an owner. There are three answers:

* an explicit one, of ``acting_as``: a request with a token, or the server itself;
* the one that ``ask`` was given: the pages, whose visitor is known by the cookie of the connection;
* else ``LOCAL``: command line, supervisor and trainers, which run as the user of this machine.
"""

import os
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from enum import StrEnum

from core.errors import Forbidden

VARIABLE = "GRAFT_ACTING"
"""Name of the person on whose behalf a process in the background was started."""


class Role(StrEnum):
    """What a person may do; each includes the ones before it."""

    VIEWER = "viewer"
    TRAINER = "trainer"
    ADMIN = "admin"

    def allows(self, needed: "Role") -> bool:
        order = list(Role)
        return order.index(self) >= order.index(needed)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Who acts.

    Args:
        name: of the account, which is the owner of what it makes; "" where there is none.
        role: None of somebody who has not signed in.
        via: the token that was used, or the program, for the audit log.
    """

    name: str = ""
    role: Role | None = None
    via: str = ""

    @property
    def label(self) -> str:
        """For the audit log: ``anna``, ``anna (token notebook)``, ``token notebook``, ``local``."""
        if self.name and self.via:
            return f"{self.name} ({self.via})"
        return self.name or self.via or "local"

    def may(self, needed: Role) -> bool:
        return self.role is not None and self.role.allows(needed)

    def may_change(self, owner: str) -> bool:
        """Whether this person may change or delete something of ``owner``; "": from before there were accounts."""
        return self.may(Role.ADMIN) or (self.may(Role.TRAINER) and owner in ("", self.name))


LOCAL = Person(role=Role.ADMIN)
"""The user of this machine, who can read and write every file of the home anyway."""
SERVER = Person(role=Role.ADMIN, via="server")
NOBODY = Person(via="nobody")

_explicit: ContextVar[Person | None] = ContextVar("acting", default=None)


def acting() -> Person:
    """The person on whose behalf this code runs."""
    found = _explicit.get()
    if found is not None:
        return found
    source: Callable[[], Person] | None = _process().get("source")
    if source is not None:
        return source()
    name = os.environ.get(VARIABLE, "")
    return Person(name=name, role=Role.ADMIN) if name else LOCAL


@contextmanager
def acting_as(person: Person) -> Iterator[None]:
    """Within, and in what is awaited or started in a thread of anyio or asyncio there, ``person`` acts."""
    before = _explicit.set(person)
    try:
        yield
    finally:
        _explicit.reset(before)


def ask(source: Callable[[], Person] | None) -> None:
    """Ask ``source`` who acts wherever ``acting_as`` does not say it; None: ``LOCAL`` again.

    It stays when Streamlit loads this module again.
    """
    _process()["source"] = source


def _process() -> dict:
    name = "_graft_acting"
    return sys.modules.setdefault(name, types.ModuleType(name)).__dict__


def require(needed: Role, what: str = "This") -> Person:
    """The acting person.

    Raises:
        Forbidden: the role is too small; nothing was changed.
    """
    person = acting()
    if not person.may(needed):
        raise Forbidden(_needs(person, needed, what))
    return person


def require_change(owner: str, what: str) -> Person:
    """The acting person, who may change or delete ``what`` of ``owner``.

    Raises:
        Forbidden: it is somebody else's, or the role is too small; nothing was changed.
    """
    person = require(Role.TRAINER, f"Changing {what}")
    if not person.may_change(owner):
        raise Forbidden(f"{what[:1].upper()}{what[1:]} belongs to {owner}. Only {owner} and admins may change it.")
    return person


def _needs(person: Person, needed: Role, what: str) -> str:
    if person.role is None:
        return f"{what} needs the role {needed}, and nobody is signed in. Sign in again."
    return f"{what} needs the role {needed}; {person.label} is a {person.role}. Ask an admin."
