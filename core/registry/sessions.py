"""Sessions: who has signed in where. Only the SHA-256 of a cookie's secret is stored.

A session ends on request, ``IDLE_SECONDS`` after it was last used, and ``MOST_SECONDS`` after it began (OWASP ASVS
3.3.2 asks for 30 days at most).
"""

import secrets
import time
from collections.abc import Container, Iterable
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import insert, select, update

from core.errors import NotFound
from core.people.acting import Role, acting, require_change
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import columns_of, ids_in, sessions, users
from core.registry.users import User, end_sessions_of, get_user

IDLE_SECONDS = 24 * 3600.0
MOST_SECONDS = 7 * 24 * 3600.0
SEEN_SECONDS = 900.0
"""The time of the last use is written at most this often: a write makes every page read its tables again."""


OPENID = "OpenID"
"""How a session began whose second factor, if any, was the provider's."""

_BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)  # fmt: skip
"""What browsers write of themselves, the more specific first: all but Firefox name Safari, most of them Chrome."""


@dataclass(frozen=True, kw_only=True)
class SignedIn:
    """One session; times in seconds since 1970, UTC.

    Args:
        digest: SHA-256 of the cookie's secret, hexadecimal. address, agent: of the browser that signed in.
        seen_at: to about a quarter of an hour. how: ``password``, ``OpenID``, ``one-time link``; "" of sessions from
            before 0.11.
    """

    digest: str
    user: str
    address: str
    agent: str
    created_at: float
    seen_at: float
    expires_at: float
    ended_at: float | None = None
    how: str = ""

    @property
    def id(self) -> str:
        """The beginning of the digest, for lists and commands; of no use as a cookie."""
        return self.digest[:12]

    @property
    def browser(self) -> str:
        """``Firefox on Linux``, from what the browser says of itself; "A program" where it says nothing known."""
        name = next((name for mark, name in _BROWSERS if mark in self.agent), "A program")
        system = next((name for mark, name in _SYSTEMS if mark in self.agent), "")
        return f"{name} on {system}" if system else name

    def lacks_factor(self, user: User, roles: Container[str]) -> bool:
        """Whether the account must have a second factor for this session, and has none.

        Args:
            roles: that must have one; see ``core.settings.FactorRule``.
        """
        by_provider = self.how == OPENID or (not self.how and user.password is None)
        return user.role in roles and not user.second_factor and not by_provider

    def is_open(self, now: float | None = None) -> bool:
        now = time.time() if now is None else now
        return self.ended_at is None and now < self.expires_at and now - self.seen_at < IDLE_SECONDS


_COLUMNS = columns_of(sessions, SignedIn)


class Sessions(Store):
    """The sessions of all accounts."""

    def open_session(self, name: str, *, address: str, agent: str, how: str) -> tuple[SignedIn, str]:
        """A new session and the secret for its cookie.

        Args:
            how: ``password``, ``OPENID``, ``one-time link``; for the audit log and the second factor.
        """
        secret, now = secrets.token_urlsafe(32), time.time()
        session = SignedIn(
            digest=session_digest(secret),
            user=name,
            address=address[:64],
            agent=agent[:200],
            created_at=now,
            seen_at=now,
            expires_at=now + MOST_SECONDS,
            how=how,
        )
        with self.writing(least=None) as connection:
            connection.execute(
                insert(sessions).values({column.name: getattr(session, column.name) for column in _COLUMNS})
            )
            add_entry(connection, "sign_in", {"user": name, "address": session.address, "with": how}, who=name)
        return session, secret

    def signed_in(self, digest: str) -> tuple[SignedIn, User] | None:
        """The session of this digest with its account, where it is open and the account is not disabled."""
        with self.reading() as connection:
            row = connection.execute(select(*_COLUMNS).where(sessions.c.digest == digest)).one_or_none()
            session = SignedIn(**row._mapping) if row else None
            if session is None or not session.is_open():
                return None
            user = get_user(connection, session.user)
        return None if user.disabled else (session, user)

    def session_was_used(self, session: SignedIn) -> None:
        """Writes the time of its last use, unless a recent one is written."""
        now = time.time()
        if now - session.seen_at > SEEN_SECONDS:
            with self.writing(least=None, quiet=True) as connection:
                connection.execute(update(sessions).where(sessions.c.digest == session.digest).values(seen_at=now))

    def closed_among(self, digests: Iterable[str], roles: Container[str] = ()) -> set[str]:
        """Which of these sessions are over, belong to a disabled account, or lack a second factor that these roles
        must have."""
        wanted = set(digests)
        query = select(*_COLUMNS).join(users, users.c.name == sessions.c.user)
        query = query.where(sessions.c.digest.in_(ids_in(wanted)), users.c.disabled.is_(False))
        with self.reading() as connection:
            found = [SignedIn(**row._mapping) for row in connection.execute(query)]
            known = {name: get_user(connection, name) for name in {one.user for one in found}} if roles else {}
        lacking = {one.digest for one in found if roles and one.lacks_factor(known[one.user], roles)}
        return wanted - {one.digest for one in found if one.is_open()} | lacking

    def sessions(self, name: str | None = None) -> list[SignedIn]:
        """The open sessions, of one account or of all, the last used first."""
        query = select(*_COLUMNS).where(sessions.c.ended_at.is_(None)).order_by(sessions.c.seen_at.desc())
        if name is not None:
            query = query.where(sessions.c.user == name)
        return [session for session in self.values(query, SignedIn) if session.is_open()]

    def end_session(self, session_id: str) -> SignedIn:
        """End a session by its digest or the beginning of it: one's own, or as an admin anybody's.

        Raises:
            NotFound: none that is open has this id. Forbidden: it is somebody else's.
        """
        found = next(
            (one for one in self.sessions() if len(session_id) >= 12 and one.digest.startswith(session_id)), None
        )
        if found is None:
            raise NotFound(f"There is no open session {session_id[:12]!r}.")
        if acting().name != found.user:
            require_change(found.user, "the session")
        with self.writing(least=Role.VIEWER) as connection:
            values = {"ended_at": time.time()}
            connection.execute(update(sessions).where(sessions.c.digest == found.digest).values(values))
            add_entry(connection, "end_session", {"user": found.user, "session": found.id})
        return found

    def end_sessions(self, name: str, *, but: str = "") -> None:
        """End all sessions of an account, one's own or as an admin anybody's, but that of the digest ``but``."""
        if acting().name != name:
            require_change(name, "the session")
        with self.writing(least=Role.VIEWER) as connection:
            end_sessions_of(connection, name, but)
            add_entry(connection, "end_sessions", {"user": name})


def session_digest(secret: str) -> str:
    """SHA-256 of a cookie's secret, hexadecimal."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
