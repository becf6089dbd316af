"""The leaderboard of a dataset: all its runs, a page at a time; runs are chosen here."""

from core.web.panels.compare.selected import Selected
from core.web.panels.tables import table
from core.wording import share


def show(selected: Selected) -> None:
    rows = [
        {"Place": row.rank, "Run": selected.names[row.run_id], "Accuracy": row.accuracy}
        for row in selected.comparison.rows
    ]
    table(rows, key="compare.table", words={"Accuracy": share})
