"""The catalogue: rows of ``catalogue.json`` as ``Backbone`` values, and the names of ImageNet's classes."""

import csv
import json
from functools import cache
from pathlib import Path

from core.backbones.values import Backbone
from core.datasets.decoding.fit import Fit
from core.errors import NotFound
from core.text.nearly import did_you_mean

FILE = Path(__file__).parent / "catalogue.json"
CLASSES = Path(__file__).parent / "imagenet_classes.csv"


@cache
def rows() -> dict[str, Backbone]:
    """Every row by name, in the order of the file (the networks that need no download first)."""
    return {row["name"]: from_row(row) for row in json.loads(FILE.read_text())}


def from_row(row: dict) -> Backbone:
    """The value of a row as JSON has it: lists become tuples."""
    shapes = tuple((height, width, channels) for height, width, channels in row.get("block_shapes", ()))
    fit = Fit(row.get("fit", Fit.SQUASH))
    return Backbone(**row | {"blocks": tuple(row["blocks"]), "block_shapes": shapes, "fit": fit})


def catalogue() -> tuple[Backbone, ...]:
    """All backbones."""
    return tuple(rows().values())


def get(name: str) -> Backbone:
    """The backbone of that name.

    Raises:
        NotFound: there is none; the message lists the names.
    """
    try:
        return rows()[name]
    except KeyError:
        meant = did_you_mean(name, rows())
        raise NotFound(f"There is no backbone {name!r}.{meant} Choose from: {', '.join(rows())}") from None


@cache
def imagenet_classes() -> tuple[str, ...]:
    """The 1,000 class names in the order of every network's ImageNet output (sources: ``generate.py``)."""
    with CLASSES.open(newline="") as file:
        return tuple(row["name"] for row in csv.DictReader(file))
