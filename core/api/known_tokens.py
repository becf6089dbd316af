"""Tokens that were let in a moment ago, so that not every request of a program reads the registry.

A token is looked up again after ``FRESH_SECONDS``, and at once where this process has revoked any token. So a token
that another process revokes (the command line, another server) is refused after ``FRESH_SECONDS`` at the latest.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from core.people.acting import Role
from core.registry import Registry
from core.registry.tokens import AccessToken, TokenState, digest_of

FRESH_SECONDS = 2.0
_MOST = 1000
"""Tokens that are kept; the one used longest ago goes first."""


@dataclass(frozen=True, kw_only=True)
class _Known:
    """A valid token of ``registry``. ``until``: of the clock. ``revocations``: of the registry before the look-up."""

    registry: Registry
    token: AccessToken
    role: Role | None
    until: float
    revocations: int


class KnownTokens:
    """The valid tokens that this process has seen. Safe to call from several threads.

    Args:
        registry: of this process; only ``find`` calls it, because opening one takes a while. ownerless: the role of
            tokens without an owner.
    """

    def __init__(
        self,
        registry: Callable[[], Registry],
        clock: Callable[[], float] = time.monotonic,
        ownerless: Callable[[], Role] = lambda: Role.ADMIN,
    ) -> None:
        self._registry, self._clock, self._ownerless = registry, clock, ownerless
        self._lock = threading.Lock()
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def __contains__(self, digest: str) -> bool:
        """Whether the token was valid when it was last looked up."""
        return digest in self._known

    def fresh(self, digest: str) -> tuple[AccessToken, Role | None] | None:
        """The token, and the role of its owner, if it was looked up a moment ago and is valid; reads nothing."""
        with self._lock:
            known = self._known.get(digest)
        if known is None or self._clock() >= known.until or known.revocations != known.registry.revocations:
            return None
        return (known.token, known.role) if known.token.state() is TokenState.VALID else None

    def find(self, secret: str) -> tuple[AccessToken, Role | None] | None:
        """The token as the registry has it, valid or not, and the role of its owner (None where the account is
        disabled, ``ownerless`` without an owner); None where there is none. Writes when it was used.
        """
        registry, digest = self._registry(), digest_of(secret)
        revocations = registry.revocations  # read first: a revocation meanwhile makes what is kept here outdated
        token = registry.find_token(secret)
        valid = token is not None and token.state() is TokenState.VALID
        role = None if token is None else registry.role_of_owner(token) if token.owner else self._ownerless()
        with self._lock:
            self._known.pop(digest, None)
            if token is not None and valid:
                until = self._clock() + FRESH_SECONDS
                self._known[digest] = _Known(
                    registry=registry, token=token, role=role, until=until, revocations=revocations
                )
            while len(self._known) > _MOST:
                self._known.popitem(last=False)
        if token is not None and valid:
            registry.token_was_used(token)
        return None if token is None else (token, role)
