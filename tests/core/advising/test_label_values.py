"""Orders as JSON."""

import json

from core.advising.label_values import LabelOrder, NextPhoto
from core.datasets.values import Rejection


def make_order(*digests, dataset_id="d-1", run="", title="", **changes) -> LabelOrder:
    """Photos that are probably tulips."""
    photos = tuple(
        NextPhoto(
            digest=digest,
            file=f"{number}.jpg",
            suggested="tulip",
            probability=0.5,
            margin=0.1,
            probabilities={"tulip": 0.5, "rose": 0.4},
            nearest="",
            nearest_file="rose/1.jpg",
            nearest_class="rose",
            similarity=0.8,
        )
        for number, digest in enumerate(digests)
    )
    order = {"run": run, "title": title, "backbone": "Lite0", "photos": photos, "left": len(photos)}
    return LabelOrder(dataset_id=dataset_id, at=1.0, seconds=2.0, **order | changes)


def test_there_and_back():
    order = make_order("a", "b", left_out=(Rejection(file="c", reason="is a copy of a"),))
    assert LabelOrder.from_json(json.loads(json.dumps(order.to_json()))) == order


def test_whose_probabilities_they_are():
    assert make_order("a").by == "a linear head on features of Lite0"
    assert make_order("a", run="r-1", title="Best").by == "the model of Best"
