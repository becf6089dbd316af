"""A comparison as one HTML file that needs nothing but a browser, and its tables as files.

``material`` holds the values of a report, the section modules turn them into tables and charts, ``templates/`` draws
these, ``page`` puts the sections together; ``tables`` are the same figures row by row. Every figure comes from
``comparison.Comparison``; nothing is computed here that the page Compare does not show.
"""

from core.reporting.material import Material
from core.reporting.page import report_html
from core.reporting.tables import TABLES, table_rows

__all__ = ["TABLES", "Material", "report_html", "table_rows"]
