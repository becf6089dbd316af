"""The values of an addition: what is requested, how far it is, and what it has prepared."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from core.backbones.added import check_name
from core.backbones.values import ADDED_KINDS, Backbone
from core.errors import InvalidInput


@dataclass(frozen=True, kw_only=True)
class AdditionRequest:
    """What a person wants to add.

    Args:
        kind: one of ``ADDED_KINDS``. name: the id it will have. title: for display; "" to derive it.
        source: ``owner/repository@commit`` of a hub, or the path of a file.
        accepted_licence: the licence that the person accepted; None where nothing was asked.
        answers: to the questions that only this kind asks, as JSON (how pixels are scaled, the fit of the input).
        own_source: whether ``source`` is an upload, which is moved into the addition's folder and deleted with it.
    """

    kind: str
    name: str
    source: str
    title: str = ""
    accepted_licence: str | None = None
    answers: Mapping[str, Any] = field(default_factory=dict)
    own_source: bool = False

    def __post_init__(self) -> None:
        if self.kind not in ADDED_KINDS:
            raise InvalidInput(
                f"A backbone is added from one of: {', '.join(ADDED_KINDS)}. Received: kind={self.kind!r}"
            )
        check_name(self.name)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class AdditionProgress:
    """How far an addition is.

    Args:
        stage: what is done now, for display. done, total: bytes or steps of it; 0 where they are not counted.
    """

    stage: str
    done: int = 0
    total: int = 0


Report = Callable[[AdditionProgress], None]
"""Takes progress; raises ``Cancelled`` once the addition is to stop."""


@dataclass(frozen=True, kw_only=True)
class Prepared:
    """What is known once the files of a backbone are complete.

    Args:
        backbone: its row. Digest and size of its files are filled in later.
        facts: what was found out on the way, as JSON; see ``AddedBackbone``.
    """

    backbone: Backbone
    facts: Mapping[str, Any] = field(default_factory=dict)


Preparing = Callable[[AdditionRequest, Path, Report], Prepared]
"""``preparing(request, folder, report)`` fills the empty folder with the files of a backbone, and describes it.

Raises:
    GraftError: it cannot be added; the message is shown.
"""
