"""The HTML document of the page Predict: Streamlit's, with a script in front of all others that takes dropped photos.

Streamlit needs a second or so until the page is drawn. Where another document was opened first,
``core.web.predict.sources.drop_box`` loads the script.
"""

from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse
from streamlit.file_util import get_static_dir

SCRIPT = '<script src="./assets/early_drop.js"></script>'
"""Relative, as Streamlit's own scripts are, so that it is found below a base path and behind a proxy."""


def predict_document(request: Request) -> HTMLResponse:
    """The route ``/predict``; like Streamlit's document it is asked for again at every visit."""
    return HTMLResponse(_document(), headers={"Cache-Control": "no-cache"})


@cache
def _document() -> str:
    page = (Path(get_static_dir()) / "index.html").read_text("utf-8")
    return page.replace("<head>", f"<head>\n    {SCRIPT}", 1)
