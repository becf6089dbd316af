"""Second factors: the secret of an account's authenticator app, and its recovery codes.

The secret cannot be hashed, because codes are computed from it: whoever reads the registry can make codes, but has no
password. Of recovery codes only the SHA-256 is stored. Who signs in through an OpenID provider has none here.
"""

import time

from sqlalchemy import Connection, delete, func, insert, select, update

from core.errors import Conflict, InvalidInput, NotFound
from core.people.acting import Role, acting
from core.people.one_time_codes import new_recovery_codes, new_secret, recovery_digest, step_of
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import recovery_codes, second_factors
from core.registry.users import User, end_sessions_of, get_user

WRONG_CODE = "The code is wrong, or too old. Wait for the next one; the clock of the device must be right."
USED_CODE = "This code was used already. Wait for the next one."


class SecondFactors(Store):
    """The second factors of accounts with a password."""

    def begin_second_factor(self) -> str:
        """A new secret for the app of the acting person, in place of one that was not confirmed.

        Raises:
            Conflict: there is a second factor, or the account has no password.
        """
        with self.writing(least=Role.VIEWER) as connection:
            user = get_user(connection, acting().name)
            if user.password is None:
                raise Conflict(f"{user.name} has no password: a second factor is the OpenID provider's.")
            if user.second_factor:
                raise Conflict(f"{user.name} has a second factor. Remove it first.")
            forget_second_factor(connection, user.name)
            secret = new_secret()
            connection.execute(insert(second_factors).values(user=user.name, secret=secret, last_step=0))
            return secret

    def begun_second_factor(self) -> str | None:
        """The secret of the acting person's app that no code has confirmed yet."""
        unconfirmed = (second_factors.c.user == acting().name) & second_factors.c.confirmed_at.is_(None)
        with self.reading() as connection:
            found = connection.scalar(select(second_factors.c.secret).where(unconfirmed))
        return None if found is None else str(found)

    def confirm_second_factor(self, code: str) -> list[str]:
        """Ask for codes from now on, because this one shows that the app of the acting person has the secret.

        Returns:
            The recovery codes, which are stored nowhere and cannot be shown again.

        Raises:
            NotFound: none was begun. InvalidInput: the code is wrong.
        """
        with self.writing(least=Role.VIEWER) as connection:
            name = acting().name
            unconfirmed = (second_factors.c.user == name) & second_factors.c.confirmed_at.is_(None)
            secret = connection.scalar(select(second_factors.c.secret).where(unconfirmed))
            if secret is None:
                raise NotFound("No second factor is being set up. Begin it again.")
            step = step_of(secret, code, time.time())
            if step is None:
                raise InvalidInput(WRONG_CODE)
            values = {"confirmed_at": time.time(), "last_step": step}
            connection.execute(update(second_factors).where(unconfirmed).values(values))
            codes = new_recovery_codes()
            rows = [{"digest": recovery_digest(one), "user": name} for one in codes]
            connection.execute(insert(recovery_codes), rows)
            add_entry(connection, "set_second_factor", {"user": name})
            return codes

    def accept_code(self, name: str, code: str) -> bool:
        """Use up a code of the app, or a recovery code: neither is accepted again (RFC 6238, 5.2).

        Returns:
            Whether it is a recovery code.

        Raises:
            InvalidInput: it is wrong, or was used.
        """
        with self.writing(least=None) as connection:
            user = get_user(connection, name)
            mine = second_factors.c.user == user.name
            found = connection.execute(
                select(second_factors).where(mine, second_factors.c.confirmed_at.is_not(None))
            ).one_or_none()
            if found is None:
                raise InvalidInput(WRONG_CODE)
            step = step_of(found.secret, code, time.time())
            if step is not None:
                if step <= found.last_step:
                    raise InvalidInput(USED_CODE)
                connection.execute(update(second_factors).where(mine).values(last_step=step))
                return False
            one = (recovery_codes.c.user == user.name) & (recovery_codes.c.digest == recovery_digest(code))
            if not connection.execute(delete(recovery_codes).where(one)).rowcount:
                raise InvalidInput(WRONG_CODE)
            detail = {"user": user.name, "left": _codes_left(connection, user.name)}
            add_entry(connection, "use_recovery_code", detail, who=user.name)
            return True

    def recovery_codes_left(self, name: str) -> int:
        """How many of an account were not used."""
        with self.reading() as connection:
            return _codes_left(connection, name)

    def remove_second_factor(self) -> None:
        """Ask the acting person for no codes any more; who calls it has asked for password and code.

        Raises:
            NotFound: there is none.
        """
        with self.writing(least=Role.VIEWER) as connection:
            user = _with_factor(connection, acting().name)
            forget_second_factor(connection, user.name)
            add_entry(connection, "remove_second_factor", {"user": user.name})

    def reset_second_factor(self, name: str) -> User:
        """Remove that of somebody who has lost the app and the recovery codes; the sessions of the account end.

        Raises:
            NotFound: there is no such account, or it has none.
        """
        with self.writing(least=Role.ADMIN) as connection:
            user = _with_factor(connection, name)
            forget_second_factor(connection, user.name)
            end_sessions_of(connection, user.name)
            add_entry(connection, "reset_second_factor", {"user": user.name})
            return get_user(connection, user.name)


def forget_second_factor(connection: Connection, name: str) -> None:
    """Delete secret and recovery codes of an account within a transaction."""
    for table in (second_factors, recovery_codes):
        connection.execute(delete(table).where(table.c.user == name))


def _with_factor(connection: Connection, name: str) -> User:
    user = get_user(connection, name)
    if not user.second_factor:
        raise NotFound(f"{user.name} has no second factor.")
    return user


def _codes_left(connection: Connection, name: str) -> int:
    mine = recovery_codes.c.user == name
    return connection.scalar(select(func.count()).select_from(recovery_codes).where(mine)) or 0
