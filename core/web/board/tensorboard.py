"""TensorBoard as a WSGI application, without TensorFlow: chosen runs, under Graft's names and colours.

``/tb/of/<run id>,<run id>/`` shows those runs, ``/tb/`` shows all. Runs in a process of its own
(``board_server``); pages take ``board_path`` from here, which imports nothing of TensorBoard.
"""

import gzip
import importlib
import io
import json
import re
import sys
import types
import zipfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from core.web.board.runs import RegistryRuns

RELOAD_SECONDS = 5

_CHOSEN = re.compile(r"^/of/([^/]+)(/.*)$")
_EXPERIMENT = re.compile(r"^/experiment/[^/]*")


DASHBOARDS = ("timeseries", "hparams", "projector", "scalars")
"""As named in TensorBoard's URLs."""


def board_path(run_ids: Iterable[str], dashboard: str = "") -> str:
    """The relative URL of TensorBoard on these runs, without smoothing.

    Relative, because a proxy may add a path prefix: the pages are beside ``tb``.
    """
    return f"tb/of/{','.join(run_ids)}/?smoothing=0" + (f"#{dashboard}" if dashboard else "")


def make_wsgi(runs_dir: Path, known: "RegistryRuns") -> tuple[Callable[..., Iterable[bytes]], object]:
    """The application, and the program whose data server reads ``runs_dir`` until ``stop_reading``."""
    _keep_tensorflow_out()
    from tensorboard.backend import application

    from core.web.board.selected_runs import SelectedRuns

    program = importlib.import_module("tensorboard.program")  # `from tensorboard import program` is a lazy stand-in
    vars(program)["_DATA_SERVER_ADVISORY_MESSAGE"] = ""  # meant for users of TensorBoard itself
    board = program.TensorBoard()
    board.configure(
        argv=["tensorboard", "--logdir", str(runs_dir), "--load_fast", "auto", "--reload_interval", str(RELOAD_SECONDS)]
    )
    provider, multiplexer = board._make_data_provider()
    chosen = SelectedRuns(provider, runs_dir, known)
    wsgi = application.TensorBoardWSGIApp(board.flags, _plugins(), chosen, page_files(board), multiplexer)
    return _choosing(_with_colours(_with_own_page(wsgi), chosen.palette)), board


def stop_reading(program: object) -> None:
    """Stop the data server, which ends when its standard input is closed."""
    ingester = getattr(program, "_ingester", None)
    process = getattr(ingester, "_data_server_process", None)
    if process is not None:
        process.stdin.close()
        process.wait(timeout=5)


_OF_THE_DEBUGGER = "tf-imports/"
"""The editor of TensorBoard's debugger, which is not among the dashboards: 8 MB, compressed 2 MB."""


def page_files(board: Any) -> Callable[[], BinaryIO]:
    """TensorBoard's page as a ZIP, without what no dashboard loads: it is all kept in memory."""

    def provide() -> BinaryIO:
        kept = io.BytesIO()
        with board.assets_zip_provider() as file, zipfile.ZipFile(file) as there, zipfile.ZipFile(kept, "w") as packed:
            for name in there.namelist():
                if not name.startswith(_OF_THE_DEBUGGER):
                    packed.writestr(name, there.read(name))
        kept.seek(0)
        return kept

    return provide


def _plugins() -> list:
    """The plugins of the dashboards that Graft has data for."""
    from tensorboard.plugins.core.core_plugin import CorePluginLoader
    from tensorboard.plugins.hparams.hparams_plugin import HParamsPlugin
    from tensorboard.plugins.metrics.metrics_plugin import MetricsPlugin
    from tensorboard.plugins.scalar.scalars_plugin import ScalarsPlugin

    from core.web.board.projector import SelectedProjector

    return [CorePluginLoader(), MetricsPlugin, ScalarsPlugin, HParamsPlugin, SelectedProjector]


def _keep_tensorflow_out() -> None:
    """With this module present TensorBoard never imports TensorFlow (79 MB instead of 736 MB)."""
    import tensorboard.compat

    name = "tensorboard.compat.notf"
    module = sys.modules.setdefault(name, types.ModuleType(name))
    vars(tensorboard.compat).setdefault("notf", module)


_NARROW = b"""<meta name="viewport" content="width=640">
<style>
@media (max-width: 640px) {
  tb-dashboard-layout { flex-direction: column !important; }
  tb-dashboard-layout > nav { width: 100% !important; max-width: none !important; max-height: 35%; overflow: auto; }
  tb-dashboard-layout > .resizer { display: none !important; }
  tb-dashboard-layout > :last-child { min-height: 0; }
}
@media (max-width: 560px) {
  plugin-selector { visibility: hidden; }
}
</style>
"""
"""On a phone the list of runs stands above the charts, where names have a line: beside them they have a tenth of the
screen. In the frame the page Board has the names of the dashboards, for which the bar has no room. The width is that of
a tab of its own, where a phone would take 980 pixels; a frame has the width it is given."""


def _with_own_page(wsgi: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """TensorBoard's page with ``_NARROW``, and its fonts, which it requests at the root of the server, beside it."""
    from werkzeug.wrappers import Response

    def app(environ: dict, start_response: Callable) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in ("/", "/index.html"):
            return wsgi(environ, start_response)
        page = Response.from_app(wsgi, environ)
        own = page.data.replace(b"url(/font-roboto/", b"url(font-roboto/")
        page.data = own.replace(b"</head>", _NARROW + b"</head>", 1)
        return page(environ, start_response)

    return app


_PALETTE = re.compile(rb'(colorPalette:\{id:"default",name:"[^"]*",colors:)\[[^\]]*\]')
"""In TensorBoard's script: the colours that it gives to the runs in their order. It has no setting for them."""


def _with_colours(
    wsgi: Callable[..., Iterable[bytes]], palette: Callable[[str], Sequence[str]]
) -> Callable[..., Iterable[bytes]]:
    """Puts the colours of the chosen runs into TensorBoard's script, in the order in which it lists them."""
    from tensorboard.backend.experiment_id import WSGI_ENVIRON_KEY
    from werkzeug.wrappers import Response

    def app(environ: dict, start_response: Callable) -> Iterable[bytes]:
        colours = palette(environ.get(WSGI_ENVIRON_KEY, "")) if environ["PATH_INFO"] == "/index.js" else ()
        if not colours:
            return wsgi(environ, start_response)
        accepted = environ.pop("HTTP_ACCEPT_ENCODING", "")  # else the script would come compressed
        script = Response.from_app(wsgi, environ)
        script.data = _coloured(script.data, tuple(colours), compress="gzip" in accepted)
        if "gzip" in accepted:
            script.headers["Content-Encoding"] = "gzip"
        return script(environ, start_response)

    return app


def _coloured(script: bytes, colours: tuple[str, ...], *, compress: bool) -> bytes:
    listed = json.dumps([{"name": colour, "lightHex": colour, "darkHex": colour} for colour in colours])
    changed = _PALETTE.sub(lambda found: found[1] + listed.encode(), script)
    return gzip.compress(changed, 1) if compress else changed


def _choosing(wsgi: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
    """Move the chosen runs from the path to TensorBoard's "experiment id"."""
    from tensorboard.backend.experiment_id import WSGI_ENVIRON_KEY

    def app(environ: dict, start_response: Callable) -> Iterable[bytes]:
        environ.pop(WSGI_ENVIRON_KEY, None)  # ignore a header of that name from a client
        chosen = _CHOSEN.match(environ["PATH_INFO"])
        path = chosen.group(2) if chosen else environ["PATH_INFO"]
        # The browser side always asks for /experiment/defaultExperimentId/...
        environ["PATH_INFO"] = _EXPERIMENT.sub("", path)
        environ[WSGI_ENVIRON_KEY] = chosen.group(1) if chosen else ""
        return wsgi(environ, start_response)

    return app
