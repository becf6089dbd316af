"""The catalogue: rows of ``catalogue.json`` as ``Backbone`` values, and the names of ImageNet's classes."""

import csv
import json
from functools import cache
from pathlib import Path

from core.backbones.token_network import Pooling, token_network_from
from core.backbones.values import Adaptable, Backbone, Scaling
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
    shapes = tuple(tuple(shape) for shape in row.get("block_shapes", ()))
    costs = {name: tuple(row.get(name, ())) for name in ("block_parameters", "block_multiply_adds")}
    parts = tuple(
        Adaptable(**{kind: tuple(pair) for kind, pair in block.items()}) for block in row.get("adaptable", ())
    )
    fit = Fit(row.get("fit", Fit.SQUASH))
    scaling = scaling_of(row["scaling"]) if row.get("scaling") else None
    tokens = row.get("tokens") and token_network_from(row["tokens"])
    pooling = Pooling(row.get("pooling", Pooling.OWN))
    found = {"blocks": tuple(row["blocks"]), "block_shapes": shapes, "adaptable": parts, "fit": fit, "scaling": scaling}
    return Backbone(**row | costs | found | {"tokens": tokens, "pooling": pooling})


def scaling_of(content: dict) -> Scaling:
    """Reverse of ``asdict``."""
    return Scaling(mean=tuple(content["mean"]), deviation=tuple(content["deviation"]), bgr=content["bgr"])


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
        raise NotFound(f"There is no backbone {name!r}.{meant}", f"Choose from: {', '.join(rows())}") from None


@cache
def imagenet_classes() -> tuple[str, ...]:
    """The 1,000 class names in the order of every network's ImageNet output (sources: ``generate.py``)."""
    with CLASSES.open(newline="") as file:
        return tuple(row["name"] for row in csv.DictReader(file))
