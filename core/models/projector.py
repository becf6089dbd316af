"""The test photos as a cloud of points for TensorBoard's projector: vectors, labels of each photo, thumbnails.

The files are those of TensorBoard's own plugin folder, so that a plain ``tensorboard --logdir`` finds them as well.
"""

import io
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from core.files.atomic import replacing_folder

FOLDER = "plugins/org_tensorflow_tensorboard_projector"
"""Below a run's TensorBoard folder."""
CONFIG = "projector_config.pbtxt"

MOST_PHOTOS = 8_000
MOST_NUMBERS = 2_500_000
"""What a browser takes in one go: 10 MB of vectors."""
THUMBNAIL = 48
"""Pixels; a sheet of 8,000 is 4,320 wide, and the projector takes 8,192."""

_COLUMNS = ("file", "true class", "answer", "right")
_CONFIG_TEXT = """embeddings {{
  tensor_name: "test photos"
  tensor_shape: {photos}
  tensor_shape: {numbers}
  tensor_path: "vectors.bytes"
  metadata_path: "metadata.tsv"
  sprite {{
    image_path: "sprite.jpg"
    single_image_dim: {side}
    single_image_dim: {side}
  }}
}}
"""


def projector_files(
    folder: Path,
    *,
    vectors: np.ndarray,
    labels: np.ndarray,
    predicted: np.ndarray,
    class_names: Sequence[str],
    files: Sequence[str],
    jpegs: Iterable[bytes],
) -> Path:
    """Write or replace the files that the projector shows for a run. Only one process may do so at a time.

    Args:
        folder: the run's TensorBoard folder, ``runs/<id>/tensorboard``.
        vectors: (n, d) features of the test photos; labels, predicted: (n,) true and predicted labels.
        files, jpegs: (n) the photos' names and their stored bytes, in the same order; the bytes may be a generator.

    Returns:
        The folder with the files. Of more than ``MOST_PHOTOS`` photos an evenly spaced selection is written; vectors
        of more than ``MOST_NUMBERS`` numbers in all are projected onto their first singular vectors, which changes
        angles and distances least.
    """
    kept = _evenly(len(vectors), MOST_PHOTOS)
    chosen = set(kept.tolist())
    small = _fewer_numbers(np.asarray(vectors, dtype=np.float32)[kept])
    with replacing_folder(folder / FOLDER) as draft:
        small.tofile(draft / "vectors.bytes")
        (draft / "metadata.tsv").write_text(_metadata(kept, labels, predicted, class_names, files), "utf-8")
        _sprite(jpeg for row, jpeg in enumerate(jpegs) if row in chosen).save(draft / "sprite.jpg", quality=85)
        text = _CONFIG_TEXT.format(photos=len(small), numbers=small.shape[1], side=THUMBNAIL)
        (draft / CONFIG).write_text(text)
    return folder / FOLDER


def has_files(folder: Path) -> bool:
    """Whether the projector can show the run whose TensorBoard folder this is."""
    return (folder / FOLDER / CONFIG).is_file()


def _evenly(rows: int, most: int) -> np.ndarray:
    return np.arange(rows) if rows <= most else np.linspace(0, rows - 1, most).round().astype(int)


def _fewer_numbers(vectors: np.ndarray) -> np.ndarray:
    rows, numbers = vectors.shape
    most = max(2, MOST_NUMBERS // max(rows, 1))
    if numbers <= most:
        return vectors
    _, directions = np.linalg.eigh(vectors.T @ vectors)  # ascending
    return np.ascontiguousarray(vectors @ directions[:, -1 : -most - 1 : -1])


def _metadata(
    rows: np.ndarray, labels: np.ndarray, predicted: np.ndarray, class_names: Sequence[str], files: Sequence[str]
) -> str:
    lines = [_COLUMNS]
    for row in rows:
        correct = "right" if labels[row] == predicted[row] else "wrong"
        lines.append((files[row], class_names[labels[row]], class_names[predicted[row]], correct))
    return "".join("\t".join(_cell(text) for text in line) + "\n" for line in lines)


def _cell(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text) or "-"


def _sprite(jpegs: Iterable[bytes]) -> Image.Image:
    """The thumbnails line by line on a square sheet, as the projector reads them."""
    thumbnails = [_thumbnail(jpeg) for jpeg in jpegs]
    columns = max(1, math.ceil(math.sqrt(len(thumbnails))))
    sheet = Image.new("RGB", (columns * THUMBNAIL, columns * THUMBNAIL), "white")
    for number, thumbnail in enumerate(thumbnails):
        sheet.paste(thumbnail, (number % columns * THUMBNAIL, number // columns * THUMBNAIL))
    return sheet


def _thumbnail(jpeg: bytes) -> Image.Image:
    """The whole photo in a white square."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as photo:
        photo.draft("RGB", (2 * THUMBNAIL, 2 * THUMBNAIL))
        small = photo.convert("RGB")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    square = Image.new("RGB", (THUMBNAIL, THUMBNAIL), "white")
    square.paste(small, ((THUMBNAIL - small.width) // 2, (THUMBNAIL - small.height) // 2))
    return square
