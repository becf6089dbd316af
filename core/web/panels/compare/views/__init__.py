"""What is shown of the chosen runs: one view at a time, each answers one question."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.web.panels.compare.selected import Selected


@dataclass(frozen=True, kw_only=True)
class View:
    """One way to look at the chosen runs.

    Args:
        title, icon: of its button. show: draws it; it says itself what it needs where the chosen runs lack it.
    """

    title: str
    icon: str
    show: Callable[[Selected], None]


VIEWS: Mapping[str, View] = {}
"""By the name that stands in the URL (``view=``), in the order of the buttons; the first one is shown first."""
