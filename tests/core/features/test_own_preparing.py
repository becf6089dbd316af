"""An own ONNX file becomes a backbone that computes features."""

import numpy as np
import pytest

from core.backbones.additions import AdditionRequest
from core.backbones.scalings import preset
from core.errors import InvalidInput
from core.features.check_photo import check_photo
from core.features.engines import choose_engine
from core.features.views import View
from core.files.home import addition_folder, registry_file
from core.jobs.additions import run_addition
from core.registry import Registry
from tests.onnx_files import computed, residual


def request(path, **answers) -> AdditionRequest:
    return AdditionRequest(kind="onnx_file", name="mine", source=str(path), answers=answers)


@pytest.fixture
def path(tmp_path):
    found = tmp_path / "mine.onnx"
    found.write_bytes(residual().SerializeToString())
    return found


def added(settings, what: AdditionRequest):
    registry = Registry.open(registry_file(settings))
    folder = addition_folder(settings, "1")
    folder.path.mkdir(parents=True, exist_ok=True)
    return run_addition(what, folder, settings=settings, registry=registry, report=lambda progress: None)


def test_it_computes_the_features_of_photos(path, settings):
    found = added(settings, request(path, scaling="imagenet", licence="MIT"))
    row, scaling = found.backbone, preset("imagenet").scaling
    engine = choose_engine(row, settings)
    view = View(check_photo())
    pixels = view.square(32).astype(np.float64)[None]
    wanted = ((pixels / 255 - scaling.mean) / scaling.deviation).astype(np.float32).transpose(0, 3, 1, 2)
    (expected,) = computed(residual(), wanted, ["flat"])
    assert engine.name == "ONNX Runtime"
    np.testing.assert_allclose(engine([view]), expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found.facts["check"]["features"], expected[0], rtol=1e-4, atol=1e-5)
    assert (row.title, row.scaling, row.licence) == ("mine", scaling, "MIT")
    assert found.facts["scaling"] == {"title": "ImageNet mean and deviation", "source": "chosen"}
    assert found.facts["left_out"] == ["Gemm gemm_logits", "Softmax softmax_probabilities"]
    assert found.facts["file"]["name"] == "mine.onnx"


def test_the_same_file_with_another_scaling_has_another_digest(path, settings):
    first = added(settings, request(path, scaling="imagenet")).backbone
    other = AdditionRequest(kind="onnx_file", name="other", source=str(path), answers={"scaling": "bgr"})
    assert added(settings, other).backbone.weights_digest != first.weights_digest


def test_without_a_scaling_nothing_is_added(path, settings):
    with pytest.raises(InvalidInput, match="does not say how the pixels"):
        added(settings, request(path))
    assert Registry.open(registry_file(settings)).added_backbones() == []


def test_another_kind_of_file_is_refused(path, settings):
    with pytest.raises(InvalidInput, match=r"mine\.onnx is of the kind onnx_file\. Received: kind=keras_file"):
        added(settings, AdditionRequest(kind="keras_file", name="mine", source=str(path)))
