"""Sign-ins whose password was right and whose code is still to come. Of a cookie's secret the SHA-256 is stored."""

import secrets
import time
from dataclasses import dataclass
from hashlib import sha256

from sqlalchemy import delete, insert, select

from core.errors import NotFound
from core.registry.connection import Store
from core.registry.schema import columns_of, second_steps

SECONDS = 300.0
"""So long the code may take."""


@dataclass(frozen=True, kw_only=True)
class SecondStep:
    """A sign-in that waits for a code.

    Args:
        how: it has begun, as of ``Sessions.open_session``.
    """

    digest: str
    user: str
    how: str
    expires_at: float


class SecondSteps(Store):
    """They end with the sessions of their account, and by time."""

    def begin_second_step(self, name: str, how: str) -> str:
        """The secret for the cookie of a sign-in that waits for a code from now on."""
        secret, now = secrets.token_urlsafe(32), time.time()
        values = {"digest": _digest(secret), "user": name, "how": how, "expires_at": now + SECONDS}
        with self.writing(least=None, quiet=True) as connection:
            connection.execute(delete(second_steps).where(second_steps.c.expires_at < now))
            connection.execute(insert(second_steps).values(values))
        return secret

    def second_step(self, secret: str) -> SecondStep:
        """Raises:
        NotFound: there is none with this secret, or it took too long.
        """
        is_it = (second_steps.c.digest == _digest(secret)) & (second_steps.c.expires_at > time.time())
        found = self.values(select(*columns_of(second_steps, SecondStep)).where(is_it), SecondStep)
        if not found:
            raise NotFound("The sign-in took too long. Begin it again.")
        return found[0]

    def end_second_step(self, step: SecondStep) -> None:
        """Raises:
        NotFound: it was used, or ended, meanwhile.
        """
        with self.writing(least=None, quiet=True) as connection:
            if not connection.execute(delete(second_steps).where(second_steps.c.digest == step.digest)).rowcount:
                raise NotFound("The sign-in took too long. Begin it again.")


def _digest(secret: str) -> str:
    return sha256(secret.encode("utf-8", "replace")).hexdigest()
