"""Names beside points: none covers a point, an interval or another name."""

import numpy as np
import pytest

from core.charts.placement import Mark, _around, _boxes, _overlap, placed

WIDTH, HEIGHT = 400, 330


def marks_of(seed: int, count: int) -> dict[str, Mark]:
    rng = np.random.default_rng(seed)
    places = [(float(x), float(y), float(half)) for x, y, half in rng.uniform(0, 1, (count, 3)) * (1, 1, 0.2)]
    return {
        f"r-{n}": Mark(x=x, y=y, low=max(0, y - half), high=min(1, y + half)) for n, (x, y, half) in enumerate(places)
    }


@pytest.mark.parametrize("seed", range(20))
def test_no_name_covers_anything(seed):
    marks = marks_of(seed, count=4 + 3 * seed)
    found = placed(marks, {key: (f"EfficientNet-Lite{key} · frozen", key) for key in marks}, width=WIDTH, height=HEIGHT)
    boxes = {key: dict(_around(marks[key], name, WIDTH, HEIGHT))[side] for key, (name, side) in found.items()}
    for key, box in boxes.items():
        assert not any(_overlap(box, other) for name, other in boxes.items() if name != key)
        for other, mark in marks.items():
            assert other == key or not any(_overlap(box, taken) for taken in _boxes(mark, WIDTH, HEIGHT))


def test_a_point_alone_is_named_towards_the_middle():
    left, right = Mark(x=0.1, y=0.5, low=0.4, high=0.6), Mark(x=0.9, y=0.5, low=0.4, high=0.6)
    assert placed({"a": left}, {"a": ("frozen",)}) == {"a": ("frozen", "top right")}
    assert placed({"a": right}, {"a": ("frozen",)}) == {"a": ("frozen", "top left")}


def test_a_short_form_is_used_where_the_long_one_does_not_fit():
    blocked = {"a": Mark(x=0.0, y=0.5, low=0.4, high=0.6), "b": Mark(x=0.4, y=0.5, low=0.0, high=1.0)}
    assert placed(blocked, {"a": ("a name that is too long for it", "short")}) == {"a": ("short", "top right")}


def test_of_two_in_one_place_the_more_important_is_named():
    low = Mark(x=0.0, y=0.03, low=0.0, high=0.06)
    assert list(placed({"a": low, "b": low}, {"b": ("x" * 40,), "a": ("x" * 40,)})) == ["b"]
