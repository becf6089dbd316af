"""The table of routes."""

from core.api.document import Operation
from core.web.access.routes_panel import rows_of


def test_a_row_says_in_plain_text_what_a_route_does():
    route = Operation(method="GET", path="/runs", scope="read", does="Runs, as `core runs`.")
    assert rows_of((route,)) == [
        {"Method": "GET", "Address": "/runs", "Scope": "read", "What it does": "Runs, as core runs."}
    ]
