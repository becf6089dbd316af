"""How often signing in may fail: a bucket for each account and each address, in the registry, so that it holds for all
processes together and across restarts.

OWASP ASVS 2.2.1 asks for at most 100 failures an hour of one account. An account is never locked for longer than the
bucket takes to refill: whoever attacks it delays its owner by a minute, and a one-time link always works.
"""

import time
from hashlib import sha256

from sqlalchemy import Connection, delete, insert, select, update

from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import sign_in_limits

ACCOUNT_AT_ONCE, ACCOUNT_SECONDS = 10, 60.0
"""Failures of one account: ten, then one a minute."""
ADDRESS_AT_ONCE, ADDRESS_SECONDS = 30, 10.0
"""Failures of one address: thirty, then one in ten seconds."""


class SignIns(Store):
    """Limits of failed sign-ins."""

    def begin_sign_in(self, name: str, address: str) -> float:
        """Count an attempt as failed before the password is looked at; see ``sign_in_succeeded``.

        Returns:
            0.0, or the seconds after which another one is possible; then nothing was counted.
        """
        with self.writing(least=None) as connection:
            now = time.time()
            connection.execute(delete(sign_in_limits).where(sign_in_limits.c.at < now - 24 * 3600))
            keys = _keys(name, address)
            levels = {key: _level(connection, key, most, seconds, now) for key, most, seconds in keys}
            waits = [(1 - levels[key]) * seconds for key, _, seconds in keys if levels[key] < 1]
            if waits:
                return max(waits)
            for key, _, _ in keys:
                _write(connection, key, levels[key] - 1, now)
            return 0.0

    def sign_in_succeeded(self, name: str, address: str) -> None:
        """The attempt that was begun did not fail."""
        with self.writing(least=None) as connection:
            (account, _, _), (place, most, seconds) = _keys(name, address)
            connection.execute(delete(sign_in_limits).where(sign_in_limits.c.key == account))
            now = time.time()
            _write(connection, place, min(most, _level(connection, place, most, seconds, now) + 1), now)

    def sign_in_goes_on(self, name: str, address: str) -> None:
        """The attempt that was begun did not fail, and a code is still to come: earlier failures stay counted, so that
        whoever knows the password cannot guess codes without a limit."""
        with self.writing(least=None) as connection:
            now = time.time()
            for key, most, seconds in _keys(name, address):
                _write(connection, key, min(most, _level(connection, key, most, seconds, now) + 1), now)

    def sign_in_failed(self, name: str, address: str, why: str) -> None:
        """Log a failure."""
        with self.writing(least=None) as connection:
            detail = {"user": name[:60], "address": address[:64], "because": why}
            add_entry(connection, "sign_in_failed", detail, who="nobody")


def forget_failures(connection: Connection, name: str) -> None:
    """Of an account that is deleted, within a transaction."""
    connection.execute(delete(sign_in_limits).where(sign_in_limits.c.key == _keys(name, "")[0][0]))


def _keys(name: str, address: str) -> tuple[tuple[str, int, float], tuple[str, int, float]]:
    digest = sha256(name.strip().casefold().encode("utf-8", "replace")).hexdigest()[:32]
    return (
        (f"account/{digest}", ACCOUNT_AT_ONCE, ACCOUNT_SECONDS),
        (f"address/{address[:64]}", ADDRESS_AT_ONCE, ADDRESS_SECONDS),
    )


def _level(connection: Connection, key: str, most: int, seconds: float, now: float) -> float:
    found = connection.execute(select(sign_in_limits).where(sign_in_limits.c.key == key)).one_or_none()
    return float(most) if found is None else min(float(most), found.level + max(0.0, now - found.at) / seconds)


def _write(connection: Connection, key: str, level: float, now: float) -> None:
    values = {"level": level, "at": now}
    if not connection.execute(update(sign_in_limits).where(sign_in_limits.c.key == key).values(values)).rowcount:
        connection.execute(insert(sign_in_limits).values(values | {"key": key}))
