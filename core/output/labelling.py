"""Photos to label next as JSON: ``core label``."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict

from core.advising.label_values import LabelOrder
from core.curation.decisions import PhotoAction, PhotoDecision, decisions_on, standing
from core.curation.labelled import labelled_pool
from core.datasets.pool import PoolPart
from core.datasets.values import Dataset
from core.settings import Settings


def pool_json(dataset: Dataset, settings: Settings) -> dict:
    """A dataset and what became of its photos without a class so far."""
    pool = labelled_pool(dataset, decisions_on(dataset, settings), settings=settings)
    return {
        "dataset": dataset.id,
        "name": dataset.name,
        "version": dataset.version,
        "unlabelled": len(pool.rest),
        "labelled": dict(sorted(Counter(photo.class_name for photo in pool.photos).items())),
        "excluded": pool.changes[PhotoAction.EXCLUDE],
    }


def pool_rows(parts: Iterable[PoolPart], decided: Mapping[str, PhotoDecision]) -> list[dict]:
    """Every photo of a pool with its size in pixels, and what was decided: ``state`` is ``unlabelled``, ``labelled`` or
    ``excluded``; ``class_name`` is that of a draft."""
    states = {PhotoAction.LABEL: "labelled", PhotoAction.EXCLUDE: "excluded"}
    rows = []
    for photo in (photo for part in parts for photo in part.photos):
        one = decided.get(photo.digest)
        state = "unlabelled" if one is None else states.get(one.action, "unlabelled")
        about = {"digest": photo.digest, "file": photo.file, "width": photo.width, "height": photo.height}
        rows.append(about | {"state": state, "class_name": one.target if one and state == "labelled" else None})
    return rows


def added_json(dataset: Dataset, part: PoolPart, settings: Settings) -> dict:
    """What was added, and what was left out."""
    return pool_json(dataset, settings) | {
        "added": [photo.file for photo in part.photos],
        "left_out": [asdict(one) for one in part.rejections],
    }


def order_json(dataset: Dataset, order: LabelOrder, settings: Settings, most: int) -> dict:
    """The photos to label next on which nobody has decided."""
    decided = standing(decisions_on(dataset, settings))
    photos = [asdict(one) for one in order.photos if one.digest not in decided][:most]
    about = {"run": order.run or None, "by": order.by, "backbone": order.backbone, "seconds": order.seconds}
    left_out = [asdict(one) for one in order.left_out]
    return pool_json(dataset, settings) | about | {"left_out": left_out, "photos": photos}
