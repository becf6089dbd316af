"""The photos that say most: those nobody recognises, those only the best one does, and the surest mistakes."""

import base64
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.datasets import photos
from core.reporting.markup import Html, Section, joined, paragraph, tag, void
from core.reporting.material import Material
from core.text.units import count, percent

Words = Callable[[Material, "Answered", int], str]
"""What is said under a photo."""

_MOST = 12
_SIDE = 160
"""Pixels of a thumbnail, some 5 kB."""


def photos_section(material: Material) -> Section | None:
    results = [material.comparison.results[row.run_id] for row in material.answered]
    if not results:
        return None
    table = Answered(material)
    groups = [_nobody(material, table), _only_best(material, table), _surest_mistakes(material, table)]
    shown = [group for group in groups if group is not None]
    return Section("telling", "Photos that tell", "The photos that say most", joined(shown)) if shown else None


class Answered:
    """The answers of all runs, with the photos in one order.

    Attributes:
        digests: n photos. labels: (n,). right: (runs, n). given: (runs, n) the answered class. sure: (runs, n) its
        probability. true: (runs, n) the probability of the true class.
    """

    def __init__(self, material: Material) -> None:
        found = [material.comparison.results[row.run_id] for row in material.answered]
        orders = [np.argsort(np.array(one.digests)) for one in found]
        self.digests = np.array(found[0].digests)[orders[0]].tolist()
        self.labels = found[0].labels[orders[0]]
        chances = [one.probabilities[order] for one, order in zip(found, orders, strict=True)]
        rows = np.arange(len(self.labels))
        self.given = np.stack([one.argmax(axis=1) for one in chances])
        self.sure = np.stack([one.max(axis=1) for one in chances])
        self.true = np.stack([one[rows, self.labels] for one in chances])
        self.right = self.given == self.labels


def _nobody(material: Material, table: Answered) -> Html | None:
    wrong = np.flatnonzero(~table.right.any(axis=0))
    order = wrong[np.argsort(table.true[:, wrong].mean(axis=0))]
    runs = len(table.right)
    title = f"{count(len(wrong), 'photo')} {'are' if len(wrong) != 1 else 'is'} recognised by none of the {runs} runs"
    return _group(material, table, order, title, _usual_answer) if runs > 1 else None


def _only_best(material: Material, table: Answered) -> Html | None:
    if len(table.right) < 2:
        return None
    alone = np.flatnonzero(table.right[0] & ~table.right[1:].any(axis=0))
    order = alone[np.argsort(-table.sure[0, alone])]
    name = material.names[material.answered[0].run_id]
    return _group(material, table, order, f"{count(len(alone), 'photo')} only {name} gets right", _usual_answer)


def _surest_mistakes(material: Material, table: Answered) -> Html | None:
    wrong = np.flatnonzero(~table.right[0])
    order = wrong[np.argsort(-table.sure[0, wrong])]
    name = material.names[material.answered[0].run_id]
    title = f"The mistakes {name} is surest of ({len(wrong)} in all)"
    return _group(material, table, order, title, _best_answer)


def _usual_answer(material: Material, table: Answered, place: int) -> str:
    """What most runs say that are wrong."""
    wrong = table.given[:, place][~table.right[:, place]]
    names, votes = np.unique(wrong, return_counts=True)
    usual = material.dataset.class_names[int(names[votes.argmax()])]
    return f"{votes.max()} of {len(table.given)} say {usual}"


def _best_answer(material: Material, table: Answered, place: int) -> str:
    given = material.dataset.class_names[int(table.given[0, place])]
    return f"{given}, {percent(float(table.sure[0, place]))} sure"


def _group(material: Material, table: Answered, order: np.ndarray, title: str, words: Words) -> Html | None:
    files = {photo.digest: photo.file for photo in material.photos}
    items = []
    for place in order[:_MOST].tolist():
        digest = table.digests[place]
        picture = thumbnail(material.photos_dir / f"{digest}.jpg")
        if picture:
            true = material.dataset.class_names[int(table.labels[place])]
            said = words(material, table, place)
            image = void("img", src=picture, alt=f"A photo of {true}", title=files.get(digest, digest), loading="lazy",
                         width=_SIDE, height=_SIDE)  # fmt: skip
            items.append(tag("li", image, tag("b", true), tag("span", said)))
    if not items:
        return None
    more = f"The first {len(items)} of {len(order)}." if len(order) > len(items) else ""
    return joined(
        [tag("h3", title), tag("ul", *items, class_="photos"), paragraph(more, class_="note") if more else ""]
    )


def thumbnail(path: Path) -> str:
    """Data URI of a small square of a stored photo; "" when it is gone."""
    try:
        jpeg = photos.thumbnail(path, _SIDE, quality=78)
    except OSError:
        return ""
    return f"data:image/jpeg;base64,{base64.b64encode(jpeg).decode()}"
