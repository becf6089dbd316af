"""Graft's dashboard: the server (routes, protection, start) and the frame around every page; nothing else.

The same file serves ``python app.py``, ``streamlit run app.py``, ``uvicorn app:app`` and AppTest.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

if get_script_run_ctx(suppress_warning=True) is not None:  # a visitor's page, or a test of one
    from core.web.parts.frame import frame

    frame()
else:  # the server process, once
    from core.web.server import application
    from core.web.server.serve import run

    application.prepare()
    # Streamlit finds this line by reading the source: it must stay a literal call.
    app = st.App(
        __file__,
        routes=application.ROUTES,
        middleware=application.MIDDLEWARE,
        lifespan=application.lifespan,
        on_script_error=application.explain_crash,
    )
    if __name__ == "__main__":
        run(app)
