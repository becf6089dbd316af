"""Buttons that the visitor may not use are disabled with the reason. The use cases refuse them in any case."""

from typing import Any

from core.people.acting import Role, acting


def refusal(needed: Role = Role.TRAINER) -> str:
    """Why the visitor may not do what needs this role; "" where they may."""
    person = acting()
    return "" if person.may(needed) else f"This needs the role {needed}; you are a {person.role or 'visitor'}."


def allowed(needed: Role = Role.TRAINER, **button: Any) -> dict[str, Any]:
    """Options of a button: ``button``, or disabled with the reason as its help."""
    reason = refusal(needed)
    return button | {"disabled": True, "help": reason} if reason else button
