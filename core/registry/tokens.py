"""Tokens: what a program shows to use REST and MCP. Only the SHA-256 of a token is stored.

A token is 32 random bytes, so there is nothing to guess and its digest needs no slow hash; it is found by its digest,
whose comparison by the index of the table tells nothing about the token.
"""

import re
import secrets
import time
from dataclasses import dataclass, replace
from enum import StrEnum
from hashlib import sha256

from sqlalchemy import func, insert, select, update

from core.errors import Conflict, Forbidden, InvalidInput, NotFound
from core.people.acting import Person, Role, acting, require
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import columns_of, row_of, tokens
from core.registry.users import get_user

PREFIX = "graft_"
"""A token begins with it, so that a scanner of secrets recognises one."""
DAYS = 90
MOST_DAYS = 3650
USE_SECONDS = 600
"""The time of the last use is written at most this often: a write makes every page read its tables again."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")


class Scope(StrEnum):
    """What a token allows; each includes the ones before it."""

    READ = "read"
    PREDICT = "predict"
    TRAIN = "train"

    def allows(self, needed: "Scope") -> bool:
        order = list(Scope)
        return order.index(self) >= order.index(needed)


class TokenState(StrEnum):
    """Whether a token can be used."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, kw_only=True)
class AccessToken:
    """What is stored of a token; times in seconds since 1970, UTC.

    Args:
        digest: SHA-256 of the secret, hexadecimal. used_at: to about ten minutes; None before the first use.
        owner: name of the account it belongs to; "" of one that was made without a login, or on the command line.
    """

    name: str
    digest: str
    scope: Scope
    created_at: float
    expires_at: float
    revoked_at: float | None = None
    used_at: float | None = None
    owner: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "scope", Scope(self.scope))

    def state(self, now: float | None = None) -> TokenState:
        """Whether it can be used now."""
        if self.revoked_at is not None:
            return TokenState.REVOKED
        return TokenState.EXPIRED if (time.time() if now is None else now) >= self.expires_at else TokenState.VALID

    def limited_to(self, role: Role) -> "AccessToken":
        """The token as its owner, who has this role now, may use it: a viewer's trains nothing."""
        least = min((self.scope, Scope.PREDICT), key=list(Scope).index)
        return self if role.allows(Role.TRAINER) else replace(self, scope=least)

    def person(self, role: Role) -> Person:
        """Who acts with it, where its owner has this role: one that only reads or predicts changes nothing."""
        used = role if self.scope is Scope.TRAIN else Role.VIEWER
        return Person(name=self.owner, role=used, via=f"token {self.name}")


_COLUMNS = columns_of(tokens, AccessToken)


class Tokens(Store):
    """The tokens of this home; they are kept when they expire or are revoked.

    Attributes:
        revocations: how many tokens this object has revoked.
    """

    revocations = 0

    def create_token(
        self, name: str, scope: str, days: float = DAYS, *, owner: str | None = None
    ) -> tuple[AccessToken, str]:
        """A new token and its secret, which is stored nowhere and cannot be shown again.

        Args:
            owner: the account it belongs to; the acting person by default, who must be an admin to name another one.

        Raises:
            InvalidInput: the name, the scope or the number of days. Conflict: a valid token has this name.
            NotFound: there is no such account. Forbidden: the scope is more than the acting person's role allows.
        """
        person = require(Role.TRAINER if scope == Scope.TRAIN else Role.VIEWER, "Creating this token")
        owner = person.name if owner is None else owner
        if owner != person.name:
            require(Role.ADMIN, "Creating a token of somebody else")
        _check(name, scope, days)
        secret, now = PREFIX + secrets.token_urlsafe(32), time.time()
        token = AccessToken(
            name=name,
            digest=digest_of(secret),
            scope=Scope(scope),
            created_at=now,
            expires_at=now + 86_400 * days,
            owner=owner,
        )
        with self.writing(least=Role.VIEWER) as connection:
            if owner:
                get_user(connection, owner)
            held = connection.execute(select(*_COLUMNS).where(tokens.c.name == name))
            if any(AccessToken(**row._mapping).state(now) is TokenState.VALID for row in held):
                raise Conflict(f"There is already a token {name!r}. Revoke it first, or choose another name.")
            connection.execute(insert(tokens).values(row_of(tokens, token)))
            add_entry(connection, "create_token", {"name": name, "scope": scope, "days": days})
        return token, secret

    def tokens(self) -> list[AccessToken]:
        """All that the acting person may see, the newest first: one's own, or as an admin everybody's."""
        person, query = acting(), select(*_COLUMNS).order_by(tokens.c.number.desc())
        return self.values(query if person.may(Role.ADMIN) else query.where(tokens.c.owner == person.name), AccessToken)

    def role_of_owner(self, token: AccessToken) -> Role | None:
        """The role of a token's owner; None where the account is disabled. Not of one without an owner."""
        with self.reading() as connection:
            return get_user(connection, token.owner).person().role

    def find_token(self, secret: str) -> AccessToken | None:
        """The token with this secret, also one that expired or was revoked; None where there is none."""
        found = self.values(select(*_COLUMNS).where(tokens.c.digest == digest_of(secret)), AccessToken)
        return found[0] if found else None

    def token_was_used(self, token: AccessToken) -> None:
        """Writes the time of its last use, unless a recent one is written."""
        now = time.time()
        if token.used_at is None or now - token.used_at > USE_SECONDS:
            with self.writing(least=None, quiet=True) as connection:
                connection.execute(update(tokens).where(tokens.c.digest == token.digest).values(used_at=now))

    def revoke_token(self, name: str) -> AccessToken:
        """Make the token of this name useless at once.

        Raises:
            NotFound: no token that is not revoked has this name. Forbidden: it is somebody else's.
        """
        person = require(Role.VIEWER, "Revoking a token")
        newest = select(func.max(tokens.c.number)).where(tokens.c.name == name, tokens.c.revoked_at.is_(None))
        with self.writing(least=Role.VIEWER) as connection:
            number = connection.scalar(newest)
            if number is None:
                raise NotFound(f"There is no token {name[:80]!r} that could be revoked.")
            owner = connection.scalar(select(tokens.c.owner).where(tokens.c.number == number))
            if owner != person.name and not person.may(Role.ADMIN):
                raise Forbidden(f"The token {name!r} is not yours. Only its owner and admins may revoke it.")
            connection.execute(update(tokens).where(tokens.c.number == number).values(revoked_at=time.time()))
            add_entry(connection, "revoke_token", {"name": name})
            row = connection.execute(select(*_COLUMNS).where(tokens.c.number == number)).one()
        self.revocations += 1
        return AccessToken(**row._mapping)


def digest_of(secret: str) -> str:
    """SHA-256 of a token, hexadecimal."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def _check(name: str, scope: str, days: float) -> None:
    if not _NAME.fullmatch(name):
        raise InvalidInput(
            "A token's name has 1 to 60 letters, digits, '-', '_' and '.', and begins with a letter or digit. "
            f"Received: {name[:80]!r}"
        )
    if scope not in list(Scope):
        raise InvalidInput(f"The scope of a token is one of: {', '.join(Scope)}. Received: {scope[:40]!r}")
    if not 0 < days <= MOST_DAYS:
        raise InvalidInput(f"A token is valid for more than 0 and up to {MOST_DAYS} days. Received: {days:g}")
