"""What a model can be taken home as. Nothing here needs TensorFlow."""

from dataclasses import dataclass
from enum import StrEnum

from core.errors import InvalidInput
from core.files.folders import KERAS_MODEL
from core.text.nearly import did_you_mean


class Format(StrEnum):
    """By its name on the command line, which is also its folder below a run's exports."""

    KERAS = "keras"
    LITERT = "litert"
    LITERT_PIXELS = "litert-pixels"
    ONNX = "onnx"
    SAVEDMODEL = "savedmodel"
    BUNDLE = "bundle"

    @property
    def runs(self) -> bool:
        """Whether it has a runtime of its own; a bundle is for another Graft."""
        return self is not Format.BUNDLE


@dataclass(frozen=True, kw_only=True)
class FormatRow:
    """A format as data.

    Args:
        title: on pages. use: what it is for, one sentence. file: the model inside its folder, itself a folder of
            SavedModel. packages: distributions that run it, beside Pillow and NumPy; the first names the runtime.
        code: what ``predict.py`` uses to run it, a file of ``templates``.
        limit: largest difference of a probability from the stored test predictions with which it is offered.
            Fine-tuned runs were measured on features that are stored in 16 bits.
    """

    title: str
    use: str
    file: str
    packages: tuple[str, ...] = ()
    code: str = ""
    limit: float = 2e-3


FORMATS = {
    Format.KERAS: FormatRow(
        title="Keras",
        use="Python with Keras: predict, inspect, or train further.",
        file=KERAS_MODEL,
        packages=("keras", "tensorflow"),
        code="keras",
    ),
    Format.LITERT: FormatRow(
        title="LiteRT",
        use="The fastest on a CPU, and for phones and single-board computers.",
        file="model.tflite",
        packages=("ai-edge-litert",),
        code="litert",
    ),
    Format.LITERT_PIXELS: FormatRow(
        title="LiteRT, preprocessing inside",
        use="One file: RGB pixels of any size in, probabilities out.",
        file="model-pixels.tflite",
        packages=("ai-edge-litert",),
        code="litert_pixels",
    ),
    Format.ONNX: FormatRow(
        title="ONNX",
        use="ONNX Runtime in any language, OpenVINO, TensorRT.",
        file="model.onnx",
        packages=("onnxruntime",),
        code="onnx",
    ),
    Format.SAVEDMODEL: FormatRow(
        title="SavedModel",
        use="TensorFlow Serving, TensorFlow in other languages.",
        file="savedmodel",
        packages=("tensorflow",),
        code="savedmodel",
    ),
    Format.BUNDLE: FormatRow(
        title="Bundle",
        use="Another Graft: the model with its card, predictions and checksums.",
        file="bundle.zip",
    ),
}


def format_of(name: str) -> Format:
    """The format of that name.

    Raises:
        InvalidInput: there is none.
    """
    try:
        return Format(name)
    except ValueError:
        meant = did_you_mean(name, list(Format)).strip()
        raise InvalidInput(
            f"There is no format {name[:40]!r}. {meant or 'Choose from: ' + ', '.join(Format)}"
        ) from None
