"""API: how does a program use Graft?"""

import streamlit as st

from core.registry.tokens import TokenState
from core.runs.values import CHAMPION
from core.text.units import count
from core.web.access import routes_panel, tokens_panel
from core.web.access.examples import examples, server_address
from core.web.parts.frame import require_frame
from core.web.parts.widgets import explained, heading
from core.web.server.state import workbench
from core.workbench import Workbench


def page() -> None:
    bench = workbench()
    address = server_address(st.context.url, bench.settings.port)
    first_line = st.container()
    with explained():
        tokens_panel.show(bench)
    valid = sum(token.state() is TokenState.VALID for token in bench.registry.tokens())
    tokens = count(valid, "valid access token") if valid else "There is no valid access token"
    with first_line:
        heading(
            "API",
            f"Programs use Graft through REST at `{address}/api/v1`, assistants with language models through MCP at "
            f"`{address}/mcp`. {tokens}.",
        )
    show_examples(address, example_model(bench))
    with explained():
        routes_panel.show(address)


def show_examples(address: str, model: str) -> None:
    st.header("Examples", anchor=False)
    found = examples(address, model)
    for tab, code in zip(st.tabs(list(found)), found.values(), strict=True):
        tab.code(code, language=None, wrap_lines=True)  # Streamlit's colours of code have too little contrast


def example_model(bench: Workbench) -> str:
    """A champion, else the run of the newest model, else a placeholder."""
    for dataset_id in bench.champions():
        dataset = bench.registry.dataset(dataset_id)
        if dataset.name.isalnum():
            return f"{dataset.name}@{CHAMPION}"
    return bench.registry.newest_model() or "RUN"


require_frame()
page()
