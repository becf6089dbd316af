"""Passwords: argon2id, in constant time, few at once.

Parameters: the second recommendation of RFC 9106 (section 4): 64 MiB, 3 passes, 4 lanes. A hash names its own, so that
later ones may differ (``needs_new_hash``).
"""

import re
import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

from core.errors import InvalidInput

LEAST, MOST = 12, 128
"""Characters. OWASP ASVS 2.1.1 and 2.1.2: at least 12; 64 must be possible, more than 128 must not."""

ENOUGH_GUESSES = 1e8
"""zxcvbn's score of 3. At the 70 guesses an hour that ``core.registry.sign_ins`` allows, they take 160 years."""
_LOOKED_AT = 72
"""Characters; the time grows with their square."""

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
    InvalidInput: it is too short, too long, contains the name of the account, or is easy to guess: a common password,
        also with digits behind it or letters replaced, a pattern of the keyboard, a repetition (zxcvbn, whose list
        has 30,000 passwords of breaches; OWASP ASVS 2.1.7). No request is made.
    """
    if _length(password) < LEAST or len(password) > MOST:
        raise InvalidInput(f"A password has {LEAST} to {MOST} characters. Received: {len(password)}")
    if _is_simple(password, name):
        raise InvalidInput(
            "A password must not contain the name of the account, and has at least four different characters."
        )
    if _guesses(password, name) < ENOUGH_GUESSES:
        raise InvalidInput(
            "This password is a common one, or similar to one, and is guessed soon. Choose a sentence of your own."
        )


def strength(password: str, name: str) -> tuple[int, str]:
    """For a meter: 0 to 4, and a word for it; 3 and 4 are what ``check_password`` accepts."""
    if _length(password) < LEAST:
        return 0, "Too short"
    if len(password) > MOST:
        return 0, "Too long"
    guesses = 0.0 if _is_simple(password, name) else _guesses(password, name)
    level = 1 + sum(guesses >= least for least in (ENOUGH_GUESSES / 100, ENOUGH_GUESSES, ENOUGH_GUESSES * 100))
    return level, ("Very weak", "Weak", "Good", "Strong")[level - 1]


def _length(password: str) -> int:
    return len(re.sub(" +", " ", password))  # ASVS 2.1.1: several spaces count as one


def _is_simple(password: str, name: str) -> bool:
    has_name = bool(name) and name.casefold() in password.casefold()
    return has_name or len(set(password)) < 4


def _guesses(password: str, name: str) -> float:
    """How many guesses find the password, by an estimate; of the beginning of a longer one."""
    from zxcvbn import zxcvbn  # several MB of words, only needed here

    return float(zxcvbn(password[:_LOOKED_AT], [name, "graft"])["guesses"])
