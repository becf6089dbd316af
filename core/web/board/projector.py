"""TensorBoard's projector, for the chosen runs.

TensorBoard's own plugin lists the maps of all runs, whichever are chosen, looks for new maps only when there is a new
run, and loads its fonts from the root of the server. Its JavaScript is used unchanged.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from google.protobuf import json_format, text_format
from tensorboard.backend import http_util
from tensorboard.plugins import base_plugin
from tensorboard.plugins.projector import metadata, projector_plugin
from tensorboard.plugins.projector.projector_config_pb2 import ProjectorConfig
from tensorboard.util import img_mime_type_detector
from werkzeug import wrappers

from core.models import projector
from core.web.board.selected_runs import SelectedRuns, experiment_of

respond: Callable[..., wrappers.Response] = http_util.Respond
_JAVASCRIPT = Path(projector_plugin.__file__).parent / "tf_projector_plugin"
_TYPES = {".html": "text/html", ".js": "application/javascript"}


class SelectedProjector(base_plugin.TBPlugin):
    """Serves the files of ``core.models.projector`` under the URLs that TensorBoard's page requests."""

    plugin_name = metadata.PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext) -> None:
        self._runs: SelectedRuns = context.data_provider

    def is_active(self) -> bool:
        return False  # the data provider lists the plugin if a chosen run has a map

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        return base_plugin.FrontendMetadata(es_module_path="/index.js", disable_reload=True, tab_name="Projector")

    def get_plugin_apps(self) -> dict[str, Callable]:
        files = {f"/{name}": self._browser_file(name) for name in ("index.js", "projector_binary.js")}
        return files | {
            "/projector_binary.html": self._browser_file("projector_binary.html"),
            "/runs": self._list,
            "/info": self._of_run(_info),
            "/tensor": self._of_run(_vectors),
            "/metadata": self._of_run(_metadata),
            "/sprite_image": self._of_run(_sprite),
            "/bookmarks": self._of_run(_bookmarks),
        }

    def _browser_file(self, name: str) -> Callable:
        path = _JAVASCRIPT / name

        @wrappers.Request.application
        def serve(request: wrappers.Request) -> wrappers.Response:
            content = path.read_bytes()
            # The fonts are at the root of TensorBoard, which is not the root of the server.
            content = content.replace(b"url(/font-roboto/", b"url(../../../font-roboto/")
            return respond(request, content, _TYPES[path.suffix])

        return serve

    @property
    def _list(self) -> Callable:
        @wrappers.Request.application
        def serve(request: wrappers.Request) -> wrappers.Response:
            return respond(request, list(self._runs.maps(experiment_of(request.environ))), "application/json")

        return serve

    def _of_run(self, answer: Callable[[wrappers.Request, Path], wrappers.Response]) -> Callable:
        @wrappers.Request.application
        def serve(request: wrappers.Request) -> wrappers.Response:
            folder = self._runs.maps(experiment_of(request.environ)).get(request.args.get("run", ""))
            if folder is None:
                return respond(request, "None of the chosen runs of this name has a map.", "text/plain", 404)
            return answer(request, folder)

        return serve


def _config(folder: Path) -> ProjectorConfig:
    return text_format.Parse((folder / projector.CONFIG).read_text(), ProjectorConfig())


def _info(request: wrappers.Request, folder: Path) -> wrappers.Response:
    return respond(request, json_format.MessageToJson(_config(folder)), "application/json")


def _vectors(request: wrappers.Request, folder: Path) -> wrappers.Response:
    shape = _config(folder).embeddings[0].tensor_shape
    vectors = np.fromfile(folder / "vectors.bytes", dtype=np.float32).reshape(shape)
    rows = request.args.get("num_rows", default=len(vectors), type=int)
    return respond(request, vectors[: max(rows, 0)].tobytes(), "application/octet-stream")


def _metadata(request: wrappers.Request, folder: Path) -> wrappers.Response:
    lines = (folder / "metadata.tsv").read_text("utf-8").splitlines(keepends=True)
    rows = request.args.get("num_rows", default=len(lines), type=int)
    return respond(request, "".join(lines[: max(rows, 0) + 1]), "text/plain")


def _sprite(request: wrappers.Request, folder: Path) -> wrappers.Response:
    content = (folder / "sprite.jpg").read_bytes()
    return respond(request, content, img_mime_type_detector.from_bytes(content))


def _bookmarks(request: wrappers.Request, folder: Path) -> wrappers.Response:
    return respond(request, "Bookmarks are not stored.", "text/plain", 404)
