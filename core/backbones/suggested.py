"""Models of the hub that are worth a try. They are no rows of the catalogue: each is added like any other model.

Their files were not looked at when this list was written: commit and checksums are pinned when one is added, and what
it is then is read from its own files. Licences that forbid commercial use are not among them.
"""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).parent / "suggested.json"


@dataclass(frozen=True, kw_only=True)
class Suggestion:
    """A model of the hub, as its owners describe it.

    Args:
        name: that it is suggested to be added under. title: for display. address: on the hub.
        parameters: about, of the image network without its classifier. input_size: side of its input in pixels.
        licence: the hub's identifier. trained_on: in words.
        figure: what was published of it, in words, and ``figure_source`` where; "" where neither is known for sure.
        needs_keras_hub: whether it is convolutional, and so converted by keras-hub.
    """

    name: str
    title: str
    address: str
    family: str
    parameters: int
    input_size: int
    licence: str
    trained_on: str
    figure: str
    figure_source: str
    needs_keras_hub: bool


@cache
def suggestions() -> tuple[Suggestion, ...]:
    """All, networks of tokens first."""
    return tuple(Suggestion(**row) for row in json.loads(FILE.read_text()))


def suggestion_of(text: str) -> Suggestion | None:
    """The suggestion of that name or address."""
    return next((one for one in suggestions() if text in (one.name, one.address)), None)
