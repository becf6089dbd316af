"""Signing in with a password and a code, and setting a password with a link. Blocking: routes call it in a thread."""

import math
from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True)
class Admission:
    """What follows a right password or link.

    Args:
        secret: for the cookie of the new session, or of the sign-in that waits for a code.
    """

    secret: str
    needs_code: bool


def sign_in(registry: Registry, name: str, password: str, *, address: str, agent: str) -> Admission:
    """Look at name and password.

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
    if user.second_factor:
        registry.sign_in_goes_on(name, address)
    else:
        registry.sign_in_succeeded(name, address)
    if user.password is not None and needs_new_hash(user.password):
        registry.store_password(user.name, hash_of(password))
    return _admitted(registry, user, "password", address, agent)


def enter_code(registry: Registry, secret: str, code: str, *, address: str, agent: str) -> str:
    """End a sign-in that waits for a code; the secret of a new session's cookie.

    Raises:
        NotFound: there is no such sign-in (any more). TooManyFailures: of the account or the address.
        InvalidInput: the code is wrong, or was used.
    """
    step = registry.second_step(secret)
    is_recovery = _used_code(registry, step.user, code, address)
    registry.end_second_step(step)
    registry.sign_in_succeeded(step.user, address)
    how = f"{step.how} and {'recovery code' if is_recovery else 'code'}"
    return registry.open_session(step.user, address=address, agent=agent, how=how)[1]


def remove_second_factor(registry: Registry, user: User, password: str, code: str, *, address: str) -> None:
    """Ask the acting person for no codes any more.

    Raises:
        InvalidInput: password or code are wrong. TooManyFailures: they were too often. NotFound: there is none.
    """
    _check_password(registry, user, password, address, goes_on=True)
    _used_code(registry, user.name, code, address)
    registry.sign_in_succeeded(user.name, address)
    registry.remove_second_factor()


def _used_code(registry: Registry, name: str, code: str, address: str) -> bool:
    """Whether it is a recovery code. A failure is counted before it is looked at."""
    wait = registry.begin_sign_in(name, address)
    if wait:
        raise TooManyFailures(wait)
    try:
        return registry.accept_code(name, code)
    except InvalidInput:
        registry.sign_in_failed(name, address, "wrong code")
        raise


def _admitted(registry: Registry, user: User, how: str, address: str, agent: str) -> Admission:
    if user.second_factor:
        return Admission(secret=registry.begin_second_step(user.name, how), needs_code=True)
    session = registry.open_session(user.name, address=address, agent=agent, how=how)[1]
    return Admission(secret=session, needs_code=False)


def use_link(
    registry: Registry, code: str, name: str, password: str, again: str, *, address: str, agent: str
) -> Admission:
    """Set the password of a link's account. Its second factor is asked for all the same: the link may have been read.

    Raises:
        NotFound: the link is of no use. InvalidInput: the password, or the name of the first admin.
    """
    from core.people.passwords import hash_of

    owner = registry.link_user(code)
    _check(password, again, name if owner == FIRST else owner)
    user = registry.use_link(code, name, hash_of(password))
    return _admitted(registry, user, "one-time link", address, agent)


def change_password(
    registry: Registry, user: User, now: str, password: str, again: str, *, keep: str, address: str
) -> None:
    """Replace a password and end the other sessions.

    Args:
        now: the one there is. keep: the digest of the session that goes on.

    Raises:
        InvalidInput: ``now`` is wrong, or the new one is not acceptable. TooManyFailures: it was wrong too often.
    """
    from core.people.passwords import hash_of

    _check_password(registry, user, now, address)
    _check(password, again, user.name)
    registry.store_password(user.name, hash_of(password))
    registry.end_sessions(user.name, but=keep)


def _check_password(registry: Registry, user: User, now: str, address: str, *, goes_on: bool = False) -> None:
    """Args:
    goes_on: a code is to come; see ``SignIns.sign_in_goes_on``.
    """
    from core.people.passwords import is_right

    wait = registry.begin_sign_in(user.name, address)
    if wait:
        raise TooManyFailures(wait)
    if not is_right(user.password, now):
        registry.sign_in_failed(user.name, address, "wrong password")
        raise InvalidInput("The present password is wrong.")
    (registry.sign_in_goes_on if goes_on else registry.sign_in_succeeded)(user.name, address)


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
