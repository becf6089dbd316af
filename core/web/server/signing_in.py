"""Signing in with a password, and setting one with a one-time link. Blocking: the routes call it in a thread."""

import math

from core.errors import GraftError, InvalidInput, NotFound
from core.registry import Registry
from core.registry.links import FIRST
from core.registry.users import User

WRONG = "The name or the password is wrong."


class TooManyFailures(GraftError):
    """Signing in has failed too often; nothing was looked at."""

    def __init__(self, wait: float) -> None:
        self.seconds = max(1, math.ceil(wait))
        super().__init__(f"Signing in has failed too often. Try again in {self.seconds} seconds.")


def sign_in(registry: Registry, name: str, password: str, *, address: str, agent: str) -> str:
    """The secret of a new session's cookie.

    Raises:
        TooManyFailures: of the account or the address. InvalidInput: the account, or its password, is another one.
    """
    from core.people.passwords import hash_of, is_right, needs_new_hash  # only needed where there is a login

    wait = registry.begin_sign_in(name, address)
    if wait:
        raise TooManyFailures(wait)
    user = _usable(registry, name)
    if not is_right(user.password if user else None, password) or user is None:
        registry.sign_in_failed(name, address, "no such account" if user is None else "wrong password")
        raise InvalidInput(WRONG)
    registry.sign_in_succeeded(name, address)
    if user.password is not None and needs_new_hash(user.password):
        registry.store_password(user.name, hash_of(password))
    return registry.open_session(user.name, address=address, agent=agent, how="password")[1]


def use_link(registry: Registry, code: str, name: str, password: str, again: str, *, address: str, agent: str) -> str:
    """Set the password of a link's account; the secret of a new session's cookie.

    Raises:
        NotFound: the link is of no use. InvalidInput: the password, or the name of the first admin.
    """
    from core.people.passwords import hash_of

    owner = registry.link_user(code)
    _check(password, again, name if owner == FIRST else owner)
    user = registry.use_link(code, name, hash_of(password))
    return registry.open_session(user.name, address=address, agent=agent, how="one-time link")[1]


def change_password(
    registry: Registry, user: User, now: str, password: str, again: str, *, keep: str, address: str
) -> None:
    """Replace a password and end the other sessions.

    Args:
        now: the one there is. keep: the digest of the session that goes on.

    Raises:
        InvalidInput: ``now`` is wrong, or the new one is not acceptable. TooManyFailures: it was wrong too often.
    """
    from core.people.passwords import hash_of, is_right

    wait = registry.begin_sign_in(user.name, address)
    if wait:
        raise TooManyFailures(wait)
    if not is_right(user.password, now):
        registry.sign_in_failed(user.name, address, "wrong password")
        raise InvalidInput("The present password is wrong.")
    registry.sign_in_succeeded(user.name, address)
    _check(password, again, user.name)
    registry.store_password(user.name, hash_of(password))
    registry.end_sessions(user.name, but=keep)


def _check(password: str, again: str, name: str) -> None:
    from core.people.passwords import check_password

    if password != again:
        raise InvalidInput("The two passwords differ.")
    check_password(password, name)


def _usable(registry: Registry, name: str) -> User | None:
    try:
        user = registry.user(name)
    except NotFound:
        return None
    return user if user.can_sign_in else None
