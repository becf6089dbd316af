"""The routes of REST, and the document that describes them."""

import streamlit as st

from core.api.document import Operation, operations
from core.text.units import plain
from core.web.parts.device import is_narrow
from core.web.parts.tables import name_column, table
from core.web.server.state import process_singleton


def show(address: str) -> None:
    """All routes with the scope that each needs; the first visit waits for a child process."""
    st.header("Routes", anchor=False)
    st.markdown(
        f"Below `{address}/api/v1`. Types, limits and errors: [openapi.json]({address}/api/v1/openapi.json) "
        "(OpenAPI 3.1; needs no token)."
    )
    with st.spinner("Listing the routes"):
        found = process_singleton("routes of REST", operations)
    if is_narrow():  # a table of text would be a few words wide there
        addresses = name_column("Address", [one.path for one in found])
        table(rows_of(found), key="access.routes", columns={"Address": addresses})
    else:
        st.table(_escaped(rows_of(found)), hide_index=True, border="horizontal")  # text wraps, cells of a canvas do not


def rows_of(found: tuple[Operation, ...]) -> list[dict[str, str]]:
    """The rows of the table."""
    return [
        {"Method": one.method, "Address": one.path, "Scope": one.scope, "What it does": one.does.replace("`", "")}
        for one in found
    ]


def _escaped(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """The rows without markup: ``st.table`` reads Markdown."""
    return [{name: plain(cell) for name, cell in row.items()} for row in rows]
