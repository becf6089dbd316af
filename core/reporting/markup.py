"""HTML that cannot be broken by what users typed: every text is escaped unless it is ``Html`` already."""

import html as standard
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.charts import Chart
from core.text.units import visible


class Html(str):
    """Text that is HTML already; made in this package only."""

    __slots__ = ()


def html(value: object) -> Html:
    """``value`` as HTML: text is escaped, and what would reverse or hide text around it is left out."""
    return value if isinstance(value, Html) else Html(standard.escape(visible(str(value))))


def joined(parts: Iterable[object], between: str = "") -> Html:
    return Html(html(between).join(html(part) for part in parts))


def tag(name: str, /, *children: object, **attributes: object) -> Html:
    """An element; an attribute that is None is left out, a trailing ``_`` of its name is cut (``class_``)."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return Html(f"<{name}{given}>{joined(children)}</{name}>")


def void(name: str, /, **attributes: object) -> Html:
    """An element without content, such as ``img``."""
    return Html(tag(name, **attributes).removesuffix(f"</{name}>"))


def paragraph(*children: object, class_: str | None = None) -> Html:
    return tag("p", *children, class_=class_)


# --- tables ---


@dataclass(frozen=True)
class Column:
    """A column: its title, what it means, and whether it holds figures (right-aligned)."""

    title: str
    help: str = ""
    number: bool = True


def table(columns: Sequence[Column], rows: Iterable[Sequence[object]], *, caption: str) -> Html:
    """A table that scrolls in its own frame where it is wider than the page; the first column stays in view.

    Args:
        caption: for screen readers.
    """
    head = tag("tr", *(_heading(column) for column in columns))
    body = [tag("tr", *(_cell(column, value, place) for place, (column, value) in enumerate(_pairs(columns, row))))
            for row in rows]  # fmt: skip
    inner = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", *body))
    return tag("div", inner, class_="scroll", tabindex="0", role="region", aria_label=caption)


def _pairs(columns: Sequence[Column], row: Sequence[object]) -> list[tuple[Column, object]]:
    return list(zip(columns, row, strict=True))


def _heading(column: Column) -> Html:
    return tag("th", column.title, scope="col", title=column.help or None, class_="number" if column.number else None)


def _cell(column: Column, value: object, place: int) -> Html:
    if place == 0:
        return tag("th", value, scope="row")
    return tag("td", value, class_="number" if column.number else None)


# --- charts ---


def chart(key: str, shown: Chart, caption: str | None = None) -> Html:
    """A chart with the sentence above it; drawn by ``report.js`` when it comes into view.

    Args:
        key: unique in the report. caption: instead of that of the chart.
    """
    caption = shown.caption if caption is None else caption
    height = shown.figure.layout.height or 400
    data = Html(shown.figure.to_json().replace("<", "\\u003c"))  # JSON has "<" in strings only
    return tag(
        "figure",
        tag("figcaption", tag("h3", shown.title), paragraph(caption, class_="note") if caption else ""),
        tag("div", class_="chart", data_figure=f"data-{key}", style=f"min-height:{height}px", role="img",
            aria_label=shown.title),
        tag("script", data, type="application/json", id=f"data-{key}"),
    )  # fmt: skip


# --- sections ---


@dataclass(frozen=True)
class Section:
    """A part of the report; ``word`` stands for it in the contents."""

    key: str
    word: str
    title: str
    body: Html

    def html(self) -> Html:
        return tag("section", tag("h2", self.title), self.body, id=self.key)
