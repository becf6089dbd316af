"""A comparison to give away: one HTML file that needs nothing but a browser, and its tables as files.

``material`` is what a report is made of, ``page`` puts the sections together, ``tables`` are the same figures row by
row. Every figure comes from ``comparison.Comparison``; nothing is computed here that the page Compare does not show.
"""

from core.reporting.material import Material
from core.reporting.page import report_html
from core.reporting.tables import TABLES, table_rows

__all__ = ["TABLES", "Material", "report_html", "table_rows"]
