"""Passwords: argon2id, in constant time, few at once.

Parameters: the second recommendation of RFC 9106 (section 4): 64 MiB, 3 passes, 4 lanes. A hash names its own, so that
later ones may differ (``needs_new_hash``).
"""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from core.errors import InvalidInput

LEAST, MOST = 12, 200
"""Characters. OWASP ASVS 2.1.1 and 2.1.2: at least 12, and at least 64 must be possible."""

_at_once = threading.Semaphore(2)
"""Each takes 64 MiB."""
hasher = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def hash_of(password: str) -> str:
    """The hash to store."""
    with _at_once:
        return hasher.hash(password)


def is_right(stored: str | None, password: str) -> bool:
    """Whether ``password`` is the one of the hash ``stored``.

    Without a hash (an unknown account, one without a password) a hash is verified all the same, so that the time tells
    nothing.
    """
    with _at_once:
        try:
            return hasher.verify(stored or _nobody(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def needs_new_hash(stored: str) -> bool:
    """Whether the hash was made with other parameters."""
    return hasher.check_needs_rehash(stored)


@cache
def _nobody() -> str:
    return hasher.hash("nobody has this password")


def check_password(password: str, name: str) -> None:
    """Raises:
    InvalidInput: it is too short, too long, or contains the name of the account.
    """
    if not LEAST <= len(password) <= MOST:
        raise InvalidInput(f"A password has {LEAST} to {MOST} characters. Received: {len(password)}")
    if name.casefold() in password.casefold() or len(set(password)) < 4:
        raise InvalidInput(
            "A password must not contain the name of the account, and has at least four different characters."
        )
