"""The test photos that the report is without, and why."""

from core.reporting.material import Material
from core.reporting.parts import Column, Section, Table
from core.reporting.rendering import render
from core.text.units import count

_MOST = 500
_COLUMNS = (Column("photo", number=False), Column("class", number=False), Column("why", number=False))


def left_out_section(material: Material) -> Section | None:
    """None where the report is about all test photos."""
    if not material.about:
        return None
    photos = material.left_out
    rows = [[one.file, one.class_name, "; ".join(one.reasons)] for one in photos[:_MOST]]
    table = Table(columns=_COLUMNS, rows=rows, caption="Test photos that are left out")
    more = f"The first {_MOST:,} of {len(photos):,}." if len(photos) > _MOST else ""
    body = render("left_out", about=material.about, photos=table, more=more)
    title = f"{count(len(photos), 'test photo')} left out"
    return Section(key="left-out", label="Left out", title=title, body=body)
