"""The routes of REST, and the document that describes them."""

from collections.abc import Sequence

import streamlit as st

from core.api.document import Operation, operations
from core.web.parts.device import is_narrow
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
        st.markdown(list_of(found))
    else:
        st.table(rows_of(found), hide_index=True, border="horizontal")  # text wraps, cells of a canvas do not


def rows_of(found: Sequence[Operation]) -> list[dict[str, str]]:
    """The rows of the table, as Markdown, which ``st.table`` reads; what a route does is Graft's own text."""
    return [
        {"Method": one.method, "Address": f"`{one.path}`", "Scope": one.scope, "What it does": one.does}
        for one in found
    ]


def list_of(found: Sequence[Operation]) -> str:
    """The same as a list, as Markdown."""
    return "\n".join(f"- **{one.method}** `{one.path}` (scope {one.scope})  \n  {one.does}" for one in found)
