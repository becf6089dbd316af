"""The table of routes."""

from core.api.document import Operation
from core.web.access.routes_panel import list_of, rows_of

ROUTE = Operation(method="GET", path="/runs", scope="read", does="Runs, as `core runs`.")


def test_a_row_says_what_a_route_does_and_shows_its_command_as_code():
    assert rows_of((ROUTE,)) == [
        {
            "Method": "GET",
            "Address": "`/runs`",
            "Scope": "read",
            "What it does": "Runs, as `core runs`.",
        }
    ]


def test_on_a_phone_every_route_has_all_of_it_below_each_other():
    assert list_of((ROUTE, ROUTE)).splitlines() == 2 * [
        "- **GET** `/runs` (scope read)  ",
        "  Runs, as `core runs`.",
    ]
