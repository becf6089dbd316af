"""How the files of an added backbone are obtained and described, by the kind of its source.

Each kind has a module of its own with a function ``preparing``, which is imported once it is needed.
"""

from pathlib import Path

from core.backbones.additions import AdditionRequest, Prepared, Preparing, Report
from core.backbones.own_files import KERAS, ONNX


def _hub(request: AdditionRequest, folder: Path, report: Report) -> Prepared:
    from core.features.hub_addition import preparing

    return preparing(request, folder, report)


def _own_file(request: AdditionRequest, folder: Path, report: Report) -> Prepared:
    from core.features.own_preparing import preparing

    return preparing(request, folder, report)


PREPARING: dict[str, Preparing] = {"hub": _hub, KERAS: _own_file, ONNX: _own_file}
"""By ``AdditionRequest.kind``."""
