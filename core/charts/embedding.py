"""The map of the test photos: what looks alike to a network lies close together, its errors stand out."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import plotly.graph_objects as go

from core.charts.colours import RUN_COLOURS
from core.charts.look import (
    GREY,
    HOVER,
    MOST_POINTS,
    Trace,
    escape,
    figure,
    hover,
    numbers,
    require_some,
    scatter,
    shade,
    short,
)
from core.charts.styles import SYMBOLS
from core.text.units import percent

_MOST_DRAWN = MOST_POINTS - 10
_MOST_IN_LEGEND = 24
_LONGEST_IN_LEGEND = 20
_ERROR = "x"
_SHAPES = tuple(symbol for symbol in SYMBOLS if symbol not in ("cross", "star", "hexagram"))
"""Of classes beyond the palette; none looks like the cross of an error."""


class EmbeddedPhoto(Protocol):
    """A ``PhotoMap``: n photos, ``xy`` (n, 2), true ``labels`` and ``answers`` (n,), ``right`` (n,) bool."""

    @property
    def digests(self) -> tuple[str, ...]: ...
    @property
    def xy(self) -> np.ndarray: ...
    @property
    def labels(self) -> np.ndarray: ...
    @property
    def answers(self) -> np.ndarray: ...
    @property
    def right(self) -> np.ndarray: ...
    @property
    def explained(self) -> tuple[float, float]: ...


@dataclass(frozen=True, kw_only=True)
class Dot:
    """One photo of the map."""

    digest: str
    x: float
    y: float
    true: str
    answer: str

    @property
    def right(self) -> bool:
        return self.true == self.answer


def drawn_places(right: np.ndarray, most: int = _MOST_DRAWN) -> np.ndarray:
    """Indices of the photos that are drawn: all, or of very many every error and as many others as there is room for.

    Drawn at random with a fixed seed; of more errors than ``most``, as many of them.
    """
    if len(right) <= most:
        return np.arange(len(right))
    draw = np.random.default_rng(0)
    wrong, others = np.flatnonzero(~right), np.flatnonzero(right)
    kept = wrong if len(wrong) <= most else draw.choice(wrong, most, replace=False)
    return np.sort(np.append(kept, draw.choice(others, most - len(kept), replace=False)))


def map_dots(found: EmbeddedPhoto, class_names: Sequence[str]) -> tuple[Dot, ...]:
    """What is drawn, in the order of the photos."""
    return tuple(
        Dot(
            digest=found.digests[place],
            x=float(found.xy[place, 0]),
            y=float(found.xy[place, 1]),
            true=class_names[int(found.labels[place])],
            answer=class_names[int(found.answers[place])],
        )
        for place in drawn_places(np.asarray(found.right)).tolist()
    )


def photo_map_title(found: EmbeddedPhoto, class_names: Sequence[str]) -> str:
    """Between which classes most errors lie: "12 of 46 errors are between shirt and t-shirt"."""
    wrong = ~np.asarray(found.right)
    pairs = Counter(
        tuple(sorted((int(true), int(answer))))
        for true, answer in zip(found.labels[wrong], found.answers[wrong], strict=True)
    )
    if not pairs:
        return "Every test photo is recognised" if len(found.digests) else "Which photos look alike to the network?"
    (one, other), most = pairs.most_common(1)[0]
    errors = int(wrong.sum())
    lie = f"{most} of {errors} errors {'lies' if most == 1 else 'lie'}" if errors > 1 else "The only error lies"
    return f"{lie} between {class_names[one]} and {class_names[other]}"


def photo_map_caption(found: EmbeddedPhoto) -> str:
    """How to read it, and how many photos are not drawn."""
    said = "Colour: the true class. A cross: a wrong answer."
    drawn = len(drawn_places(np.asarray(found.right)))
    if drawn == len(found.digests):
        return said
    wrong = int((~np.asarray(found.right)).sum())
    kept = "every error among them" if wrong <= drawn else "errors only"
    return f"{said} {drawn:,} of {len(found.digests):,} photos are drawn, {kept}."


def photo_map_rows(found: EmbeddedPhoto, class_names: Sequence[str]) -> list[dict[str, Any]]:
    """One row per photo that is drawn."""
    return [
        {"photo": dot.digest, "x": dot.x, "y": dot.y, "true": dot.true, "answer": dot.answer, "right": dot.right}
        for dot in map_dots(found, class_names)
    ]


def photo_map(found: EmbeddedPhoto, class_names: Sequence[str]) -> go.Figure:
    """A dot per photo in the colour of its true class; errors are outlined crosses, drawn last.

    Classes beyond the twelfth repeat colours with another shape. ``customdata[0]`` is the photo's digest.
    """
    dots = map_dots(found, class_names)
    require_some(dots, "there are no test photos")
    looks = class_looks(sorted({dot.true for dot in dots}))
    legend = len(looks) <= _MOST_IN_LEGEND
    traces = [_class(name, [dot for dot in dots if dot.true == name and dot.right], looks[name]) for name in looks]
    for trace in traces:
        trace["showlegend"] = legend
    for name in looks:
        if wrong := [dot for dot in dots if dot.true == name and not dot.right]:
            traces.append(_errors(name, wrong, looks[name][0]))
    if any(not dot.right for dot in dots):
        traces.append(_key_to_crosses())
    first, second = found.explained
    return figure(
        traces,
        revision="photo map",
        height=560,
        showlegend=True,
        xaxis=_direction(f"first direction: {percent(first)} of the variance"),
        yaxis=_direction(f"second direction: {percent(second)}"),
        legend={
            "orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0, "traceorder": "normal", "itemsizing": "constant"
        },
    )  # fmt: skip


def class_looks(class_names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """(colour, shape) of every class: the palette in its order, then again with the next shape."""
    colours = len(RUN_COLOURS)
    return {
        name: (RUN_COLOURS[place % colours], _SHAPES[place // colours % len(_SHAPES)])
        for place, name in enumerate(class_names)
    }


def _class(name: str, dots: Sequence[Dot], look: tuple[str, str]) -> Trace:
    colour, shape = look
    return scatter(
        name=short(name, _LONGEST_IN_LEGEND),
        legendgroup=f"class {escape(name)}",
        x=numbers(dot.x for dot in dots),
        y=numbers(dot.y for dot in dots),
        mode="markers",
        marker={"color": shade(colour, 0.85), "symbol": shape, "size": 7, "line": {"width": 0}},
        meta=[escape(name)],
        customdata=[[dot.digest] for dot in dots],
        hovertemplate=hover("recognised"),
    )


def _errors(name: str, dots: Sequence[Dot], colour: str) -> Trace:
    return scatter(
        legendgroup=f"class {escape(name)}",
        showlegend=False,
        x=numbers(dot.x for dot in dots),
        y=numbers(dot.y for dot in dots),
        mode="markers",
        marker={"color": colour, "symbol": _ERROR, "size": 11, "line": {"width": 1, "color": "#6B7178"}},
        customdata=[[dot.digest, escape(dot.true), f"taken for {escape(dot.answer)}"] for dot in dots],
        hovertemplate=HOVER,
    )


def _key_to_crosses() -> Trace:
    look = {"color": GREY, "symbol": _ERROR, "size": 10}
    return scatter(name="wrong answer", x=[None], y=[None], mode="markers", marker=look, hoverinfo="skip")


def _direction(title: str) -> dict[str, Any]:
    """The numbers along a principal component mean nothing to people, so they are left away."""
    return {
        "title": {"text": title},
        "showticklabels": False,
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }
