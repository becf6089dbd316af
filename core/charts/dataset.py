"""Charts of a dataset: how many photos of each class, and how large they are."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

import plotly.graph_objects as go

from core.charts.chart import Chart
from core.charts.look import (
    ACCENT,
    HOVER,
    Trace,
    axis,
    bar,
    categories,
    distinct_labels,
    escape,
    figure,
    require_some,
    scatter,
    shade,
)
from core.datasets.values import SPLITS, Dataset, Photo
from core.text.units import count, times

_SHADES = {"train": ACCENT, "validation": shade(ACCENT, 0.7), "test": shade(ACCENT, 0.45)}
_MOST_SIZES = 400
_LONGEST_BALANCE = 60


@dataclass(frozen=True, kw_only=True)
class ClassBar:
    """Photos of one class in one split."""

    class_name: str
    split: str
    photos: int


@dataclass(frozen=True, kw_only=True)
class SizeDot:
    """Photos of about one size in pixels."""

    width: int
    height: int
    photos: int


def class_bars(dataset: Dataset) -> tuple[ClassBar, ...]:
    """Every class and split, the largest class first, of equals in the order of their names."""
    sizes = dataset.class_sizes
    return tuple(
        ClassBar(class_name=name, split=split, photos=dataset.counts.get(split, {}).get(name, 0))
        for name in sorted(sizes, key=lambda name: (-sizes[name], name))
        for split in SPLITS
    )


def class_balance_chart(dataset: Dataset) -> Chart:
    """Bars per class, stacked by split; beyond 60 classes the largest 60."""
    bars = class_bars(dataset)
    require_some(bars, "the dataset has no classes")
    return Chart(
        figure=_draw_bars(bars[: _LONGEST_BALANCE * len(SPLITS)]),
        title=_balance_title(dataset.class_sizes),
        rows=lambda: [asdict(bar) for bar in bars],
    )


def _balance_title(sizes: Mapping[str, int]) -> str:
    least, most = min(sizes, key=sizes.__getitem__), max(sizes, key=sizes.__getitem__)
    if sizes[most] < 1.5 * sizes[least]:
        return f"The {count(len(sizes), 'class', 'classes')} are balanced"
    return f"{most} has {times(sizes[most] / max(1, sizes[least]))} photos of {least}"


def _draw_bars(bars: Sequence[ClassBar]) -> go.Figure:
    names = list(dict.fromkeys(bar.class_name for bar in bars))
    labels = dict(zip(names, distinct_labels(names), strict=True))
    traces = [
        _split_bars(split, [bar for bar in bars if bar.split == split], labels)
        for split in SPLITS
        if any(bar.photos for bar in bars if bar.split == split)
    ]
    most = max(sum(bar.photos for bar in bars if bar.class_name == name) for name in names)
    whole: dict[str, Any] = {"dtick": 1} if most <= 6 else {}  # plotly divides a short axis into halves of a photo
    return figure(
        traces,
        revision="class balance",
        height=max(200, 90 + 26 * len(names)),
        barmode="stack",
        showlegend=True,
        xaxis=axis("photos", **whole),
        yaxis=categories(list(labels.values()), autorange="reversed"),
    )


def _split_bars(split: str, bars: Sequence[ClassBar], labels: dict[str, str]) -> Trace:
    return bar(
        name=split,
        orientation="h",
        y=[labels[bar.class_name] for bar in bars],
        x=[bar.photos for bar in bars],
        marker={"color": _SHADES[split], "line": {"width": 0}},
        customdata=[[bar.class_name, escape(bar.class_name), f"{split}: {count(bar.photos, 'photo')}"] for bar in bars],
        hovertemplate=HOVER,
    )


def size_dots(photos: Sequence[Photo], most: int = _MOST_SIZES) -> tuple[SizeDot, ...]:
    """Photos by size; more than ``most`` sizes are put on a coarser grid."""
    step = 1
    while True:
        found = Counter((_on_grid(photo.width, step), _on_grid(photo.height, step)) for photo in photos)
        if len(found) <= most:
            return tuple(SizeDot(width=w, height=h, photos=found[w, h]) for w, h in sorted(found))
        step *= 2


def _on_grid(side: int, step: int) -> int:
    return side // step * step + step // 2


def image_sizes_chart(photos: Sequence[Photo]) -> Chart:
    """Width against height of the photos; the area of a dot grows with their number."""
    require_some(photos, "there are no photos")
    dots = size_dots(photos)
    return Chart(figure=_draw_dots(dots), title=_sizes_title(photos), rows=lambda: [asdict(dot) for dot in dots])


def _sizes_title(photos: Sequence[Photo]) -> str:
    width, height = (round(median(sides)) for sides in zip(*((p.width, p.height) for p in photos), strict=True))
    least = min(photos, key=lambda photo: photo.width * photo.height)
    typical = f"Median size: {width} x {height} pixels"
    if (least.width, least.height) == (width, height):
        return typical
    return f"{typical}, smallest photo: {least.width} x {least.height}"


def _draw_dots(dots: Sequence[SizeDot]) -> go.Figure:
    largest = max(dot.photos for dot in dots)
    trace = scatter(
        x=[dot.width for dot in dots],
        y=[dot.height for dot in dots],
        mode="markers",
        marker={
            "size": [6 + 24 * (dot.photos / largest) ** 0.5 for dot in dots],
            "color": ACCENT,
            "opacity": 0.5,
            "line": {"width": 0},
        },
        customdata=[["", f"{dot.width} x {dot.height} pixels", count(dot.photos, "photo")] for dot in dots],
        hovertemplate=HOVER,
    )
    sides = {"rangemode": "tozero"}
    return figure(
        [trace], revision="sizes", xaxis=axis("width", "pixels", **sides), yaxis=axis("height", "pixels", **sides)
    )
