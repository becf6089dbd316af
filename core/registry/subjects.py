"""Which person at an OpenID provider has which account.

``users.subject`` is ``ISSUER SUBJECT`` (``core.people.openid.subject_key``) of somebody who has signed in, or whom an
admin named so; ``mailto:E-MAIL`` of somebody who has not yet: the first person with this verified address gets the
account.
"""

import re

from sqlalchemy import Connection, select, update

from core.errors import Conflict, Forbidden, InvalidInput
from core.people.acting import Role
from core.registry.audit_log import add_entry
from core.registry.connection import Store
from core.registry.schema import users
from core.registry.users import User, checked_name, end_sessions_of, get_user, insert_user, refuse_without_admin

INVITED = "mailto:"
_EMAIL = re.compile(r"[^\s@]{1,64}@[^\s@]{1,190}")


class Subjects(Store):
    """Accounts of people who sign in through an OpenID provider."""

    def connect_account(self, name: str, person: str) -> User:
        """Let somebody sign in to an account through the provider; its sessions end.

        Args:
            person: an e-mail address, as the provider has verified it; ``ISSUER SUBJECT``; "" for nobody.

        Raises:
            NotFound: there is no such account. InvalidInput: ``person``. Conflict: the person has another account, or
                nobody else is an admin.
        """
        subject = _subject_of(person.strip())
        with self.writing(least=Role.ADMIN) as connection:
            user = get_user(connection, name)
            taken = _owner(connection, subject) if subject else None
            if taken not in (None, user.name):
                raise Conflict(
                    f"{person[:200]} signs in to the account {taken}: python -m core users openid {taken} none"
                )
            _store(connection, user.name, subject)
            refuse_without_admin(connection, user)
            end_sessions_of(connection, user.name)
            add_entry(connection, "connect_account", {"user": user.name, "person": person[:300]})
            return get_user(connection, name)

    def account_of(self, subject: str, email: str, *, role: Role | None, decided: bool) -> User:
        """The account of somebody who has signed in at the provider, which may be made now.

        Args:
            subject: ``ISSUER SUBJECT``. email: which the provider has verified; "" without one.
            role: of a new account; None where newcomers are refused. decided: ``role`` is that of an account that there
                is, too, because claims decide it.

        Raises:
            Forbidden: nobody has let this person in, or the account is disabled. InvalidInput: an account cannot be
                made without an e-mail address. Conflict: there is a local account of this name; nobody else is an
                admin.
        """
        with self.writing(least=None) as connection:
            name = _owner(connection, subject) or _accepted(connection, subject, email)
            if name is None:
                return _newcomer(connection, subject, email, role)
            user = get_user(connection, name)
            if user.disabled:
                raise Forbidden(f"The account {user.name} is disabled. Ask an admin.")
            return _with_role(connection, user, role) if decided else user


def _with_role(connection: Connection, user: User, role: Role | None) -> User:
    if role is None:
        raise Forbidden(f"The provider gives {user.name} no role in Graft (any more). Ask an admin.")
    if role is not user.role:
        connection.execute(update(users).where(users.c.name == user.name).values(role=str(role)))
        refuse_without_admin(connection, user)
        detail = {"user": user.name, "role": str(role), "before": str(user.role)}
        add_entry(connection, "set_role", detail, who=f"{user.name} (OpenID)")
    return get_user(connection, user.name)


def _newcomer(connection: Connection, subject: str, email: str, role: Role | None) -> User:
    if role is None:
        known = f"{email} has" if email else "You have"
        raise Forbidden(
            f"{known} no account here. Ask an admin, who adds one (python -m core users add NAME) and connects it "
            f"(python -m core users openid NAME {email or _command_word(subject)})."
        )
    if not email:
        raise InvalidInput(
            "The provider has told no verified e-mail address, which a new account is named after. Ask an admin for an "
            f"account, who connects it: python -m core users openid NAME {_command_word(subject)}"
        )
    name = checked_name(email)
    if connection.scalar(select(users.c.name).where(users.c.name == name)):
        raise Conflict(
            f"There is an account {name} that signs in otherwise. An admin connects it: python -m core users openid "
            f"{name} {email}"
        )
    user = insert_user(connection, User(name=name, role=role, subject=subject))
    add_entry(connection, "add_user", {"user": name, "role": str(role)}, who=f"{name} (OpenID)")
    return user


def _accepted(connection: Connection, subject: str, email: str) -> str | None:
    """The account to which this address was invited; the person has it from now on."""
    name = _owner(connection, f"{INVITED}{email}") if email else None
    if name is not None:
        _store(connection, name, subject)
        add_entry(connection, "connect_account", {"user": name, "person": subject[:300]}, who=f"{name} (OpenID)")
    return name


def _owner(connection: Connection, subject: str) -> str | None:
    found = connection.scalar(select(users.c.name).where(users.c.subject == subject))
    return None if found is None else str(found)


def _store(connection: Connection, name: str, subject: str | None) -> None:
    connection.execute(update(users).where(users.c.name == name).values(subject=subject))


def _command_word(subject: str) -> str:
    """As ``core users openid`` reads it."""
    return f"subject:{subject.partition(' ')[2]}"


def _subject_of(person: str) -> str | None:
    issuer, blank, subject = person.partition(" ")
    if not person:
        return None
    if blank and issuer.startswith(("https://", "http://")) and 0 < len(subject) <= 255 and subject.isprintable():
        return person
    if _EMAIL.fullmatch(person):
        return f"{INVITED}{person.casefold()}"
    raise InvalidInput(
        f"The person must be an e-mail address, or the issuer and the subject. Received: {person[:200]!r}"
    )
