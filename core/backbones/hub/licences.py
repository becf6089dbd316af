"""Licences of models: which need no question, and which a person must accept first."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

FREE = (
    "apache-2.0", "mit", "bsd", "bsd-2-clause", "bsd-3-clause", "bsd-3-clause-clear", "isc", "zlib", "unlicense",
    "cc0-1.0", "cc-by-2.0", "cc-by-2.5", "cc-by-3.0", "cc-by-4.0", "pddl", "wtfpl", "ecl-2.0", "artistic-2.0",
    "cdla-permissive-1.0", "cdla-permissive-2.0", "ncsa", "postgresql", "bsl-1.0",
)  # fmt: skip
"""Identifiers of the hub for licences that allow every use, if the author is named."""

_NOT_COMMERCIAL = ("-nc", "noncommercial", "non-commercial", "research-only")


@dataclass(frozen=True, kw_only=True)
class HubLicence:
    """What a model's card says of its licence.

    Args:
        id: the hub's identifier, or the name that the card gives to another one; "unknown" where it says nothing.
        link: to its text; "" without one.
        gated: whether the hub asks to accept terms on its own site, too.
    """

    id: str
    link: str = ""
    gated: bool = False

    @property
    def is_free(self) -> bool:
        """Whether nothing needs to be accepted."""
        return self.id in FREE and not self.gated

    @property
    def forbids_commerce(self) -> bool:
        """Whether the name says that commercial use is not allowed."""
        return any(word in self.id.lower() for word in _NOT_COMMERCIAL)

    def question(self) -> str:
        """What a person must accept before the model is added; "" for nothing."""
        if self.is_free:
            return ""
        if self.forbids_commerce:
            return f"The licence {self.id} does not allow commercial use."
        if self.id == "unknown":
            return "The model's card names no licence, so what you may do with it is not known."
        if self.gated:
            return f"The model is gated: its owner gives it to those who accept terms (licence: {self.id})."
        return f"The licence {self.id} has terms of use. Read them first."


def licence_of(card: Mapping[str, Any], *, gated: bool) -> HubLicence:
    """The licence in the metadata of a model's card."""
    named = card.get("license")
    first = named[0] if isinstance(named, list) and named else named
    identifier = first.strip().lower() if isinstance(first, str) and first.strip() else "unknown"
    if identifier == "other" and isinstance(card.get("license_name"), str) and card["license_name"].strip():
        identifier = card["license_name"].strip()
    link = card.get("license_link")
    is_address = isinstance(link, str) and link.startswith(("https://", "http://"))
    return HubLicence(id=identifier[:100], link=str(link) if is_address else "", gated=gated)
