"""The files of a backbone from a person's own network: ``network.keras`` or ``network.onnx``, which take raw pixels."""

import tempfile
from pathlib import Path

from core.backbones.additions import AdditionProgress, AdditionRequest, Prepared, Report
from core.backbones.own_files import KERAS, OwnFile, open_own_file
from core.backbones.values import Backbone
from core.errors import InvalidInput
from core.features.keras_file import STORED, store_keras
from core.features.onnx_file import store_onnx
from core.features.own_network import OwnNetwork, inspect_file, network_of
from core.files.atomic import digest_of


def preparing(request: AdditionRequest, folder: Path, report: Report) -> Prepared:
    """See ``core.backbones.additions.Preparing``.

    ``request.answers`` may have, besides the scaling (``scaling_answer``): ``file_name`` of an upload, ``last_layer``,
    ``input_size``, ``fit``, ``licence``, ``trained_on``.
    """
    path, answers = Path(request.source), request.answers
    report(AdditionProgress(stage="Reading the file"))
    with tempfile.TemporaryDirectory(prefix="graft-") as unpacked:
        file = open_own_file(path, str(answers.get("file_name") or path.name), Path(unpacked))
        if file.kind != request.kind:
            raise InvalidInput(f"{file.name} is of the kind {file.kind}. Received: kind={request.kind}")
        network = inspect_file(file, answers, compare=False)
        scaling = network.chosen_scaling(answers)
        report(AdditionProgress(stage="Rewriting the network for pixels, and computing check photos"))
        network = _stored(file, network, request, folder)
        row = network.row(request.name, request.title or Path(file.name).stem, scaling.scaling, answers)
        if file.kind == KERAS:
            row = _measured(row, folder / STORED)
        return Prepared(backbone=row, facts=network.facts(file, digest_of(file.path), scaling))


def _stored(file: OwnFile, network: OwnNetwork, request: AdditionRequest, folder: Path) -> OwnNetwork:
    """Writes the file that is stored, and returns what was found out with the final scaling."""
    scaling = network.chosen_scaling(request.answers).scaling
    last, size = str(request.answers.get("last_layer") or ""), network.size
    store = store_keras if file.kind == KERAS else store_onnx
    found = store(file.path, file.name, folder, output=last, size=size, scaling=scaling, classes=network.imagenet)
    return network_of(file, found)


def _measured(row: Backbone, stored: Path) -> Backbone:
    """The row with everything that the stored Keras network says."""
    import keras

    from core.features.measuring import measured

    return measured(row, keras.saving.load_model(stored, compile=False, safe_mode=True))
