"""Accounts, sessions and the audit log as JSON: ``core users`` and ``core audit``."""

from collections.abc import Mapping, Sequence

from core.jobs.quota import QuotaUse
from core.registry import LogEntry
from core.registry.links import HOURS
from core.registry.removals import Belongings
from core.registry.sessions import SignedIn
from core.registry.users import User


def user_row(user: User) -> dict:
    """An account in a list; its password is not in it."""
    row = {"name": user.name, "role": str(user.role), "disabled": user.disabled, "created_at": user.created_at}
    ways = {"openid": user.subject is not None, "second_factor": user.second_factor}
    return row | {"can_sign_in": user.can_sign_in} | ways


def users_json(users: Sequence[User], sessions: Sequence[SignedIn], uses: Mapping[str, QuotaUse], quota: int) -> dict:
    """All accounts with what they store, and open sessions.

    Args:
        quota: bytes that each may store; 0: any number.
    """
    rows = [user_row(user) | _stored_row(uses.get(user.name)) for user in users]
    return {"users": rows, "sessions": [session_row(one) for one in sessions], "quota_bytes": quota or None}


def _stored_row(use: QuotaUse | None) -> dict:
    """Bytes."""
    if use is None:
        return {"stored": {"bytes": 0, "datasets": 0, "runs": 0, "uploads": 0}}
    parts = {"datasets": use.stored.datasets, "runs": use.stored.runs, "uploads": use.uploads}
    return {"stored": {"bytes": use.used} | parts}


def session_row(session: SignedIn) -> dict:
    """A session in a list."""
    names = ("id", "user", "address", "agent", "created_at", "seen_at", "expires_at")
    return {name: getattr(session, name) for name in names}


def link_json(user: User, link: str) -> dict:
    """An account with a one-time link, which is never shown again."""
    return user_row(user) | {"link": link, "link_hours": HOURS}


def deleted_json(name: str, owned: Belongings, heir: str) -> dict:
    """An account that is no more, and who has what it owned."""
    return {
        "deleted": name,
        "heir": heir or None,
        "datasets": owned.datasets,
        "runs": owned.runs,
        "owned": str(owned),
    }


def audit_json(entries: Sequence[LogEntry]) -> dict:
    """Entries of the audit log, the newest first."""
    return {"entries": [entry_row(entry) for entry in entries]}


def entry_row(entry: LogEntry) -> dict:
    """One entry."""
    return {name: getattr(entry, name) for name in ("number", "at", "who", "action", "detail")}
