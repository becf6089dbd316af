"""Graft's dashboard: the server (routes, protection, start) and the frame around every page; nothing else.

The same file serves ``python app.py``, ``streamlit run app.py``, ``uvicorn app:app`` and AppTest.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is not None:  # a visitor's page, or a test of one
    from core.web.frame import frame

    frame()
else:  # the server process, once
    from core.web import server
    from core.web.serve import run

    server.disable_pages_autodiscovery()
    # Streamlit finds this line by reading the source: it must stay a literal call.
    app = st.App(
        __file__,
        routes=server.ROUTES,
        middleware=server.MIDDLEWARE,
        lifespan=server.lifespan,
        on_script_error=server.explain_crash,
    )
    if __name__ == "__main__":
        run(app)
