"""The files of a model: read from its card, verified by SHA-256, linked into models built on it."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from core.datasets.decoding.modes import FULL_GREY
from core.errors import InvalidInput, Unavailable
from core.features.engines import engine_name
from core.files.atomic import digest_of
from core.files.folders import CARD, inside
from core.models.inference.nodes import Network, Node, every_node, files_of, from_dict, renamed
from core.models.temperature import HIGHEST, LOWEST

CALIBRATION = "calibration"
"""The key of the temperature on a card (see ``core.models.calibration``)."""


@dataclass(frozen=True, kw_only=True)
class ModelFiles:
    """A model folder as its card describes it.

    Args:
        folder: ``runs/<run>/model``. node: the inference graph.
        digests: SHA-256 of every file of the graph.
        card: the whole card. class_names: in label order.
        temperature: of its last probabilities, 1 where it was not calibrated. Not part of the graph: models built on
            this one use its raw predictions.
    """

    folder: Path
    node: Node
    digests: dict[str, str]
    card: dict
    class_names: tuple[str, ...]
    temperature: float = 1.0

    @property
    def run_id(self) -> str:
        return self.folder.parent.name

    @property
    def title(self) -> str:
        return str(self.card.get("title") or self.run_id)

    @property
    def size_bytes(self) -> int:
        """Of the files that it predicts with."""
        return sum((self.folder / name).stat().st_size for name in self.digests)

    @property
    def grey_bits(self) -> int | None:
        """How many bits the 16-bit grey photos of its dataset use; None where it has no such photo."""
        dataset = self.card.get("dataset")
        bits = dataset.get("grey_bits", FULL_GREY) if isinstance(dataset, dict) else FULL_GREY  # cards before 0.5.0
        return None if bits is None else int(bits)

    def verify(self) -> None:
        """Raises Unavailable when a file is missing or its SHA-256 differs from the card's."""
        for name, digest in self.digests.items():
            _verify(inside(self.folder, name), digest, self.run_id)


def read_model(folder: Path) -> ModelFiles:
    """Reads ``card.json`` of a model folder.

    Raises:
        Unavailable: it is missing or incomplete, or its key ``answer`` is None: LiteRT cannot run the model.
    """
    run_id = folder.parent.name
    try:
        card = json.loads((folder / CARD).read_text())
        if "answer" in card and card["answer"] is None:
            raise Unavailable(f"LiteRT cannot run the model of run {run_id}, so it predicts inside Keras only.")
        node = from_dict(card["answer"])
        known = {str(entry["file"]): str(entry["sha256"]) for entry in card["engines"]}
        digests = {name: known[name] for name in files_of(node)}
        for name in digests:
            inside(folder, name)
        names = tuple(map(str, card["class_names"]))
        temperature = _temperature(card)
        return ModelFiles(
            folder=folder, node=node, digests=digests, card=card, class_names=names, temperature=temperature
        )
    except FileNotFoundError:
        raise Unavailable(f"The files of the model of run {run_id} are gone. Train it again.") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, InvalidInput) as error:
        raise Unavailable(
            f"The card of the model of run {run_id} cannot be read ({type(error).__name__}: {error}). Train it again."
        ) from None


def _temperature(card: dict) -> float:
    temperature = float((card.get(CALIBRATION) or {}).get("temperature", 1.0))
    if not LOWEST <= temperature <= HIGHEST:
        raise ValueError(f"a temperature of {temperature}")
    return temperature


def engines_of(folder: Path, node: Node) -> list[dict]:
    """The files of a graph in ``folder`` with their digests, in the form that the card stores."""
    return [{"file": name, "sha256": digest_of(folder / name)} for name in files_of(node)]


def engines_by_name(node: Node) -> str:
    """What runs the networks of a graph: ``LiteRT``, ``ONNX Runtime``, or both joined by "and"."""
    names = {engine_name(Path(one.file)) for one in every_node(node) if isinstance(one, Network)}
    return " and ".join(sorted(names))


def adopt(source: Path, target: Path) -> Node:
    """Links the files of the model in ``source`` into ``target`` and returns its graph with their new names, so that a
    model built on others needs only its own folder. A file that two members share is linked once.

    Raises:
        Unavailable: the model is gone or damaged.
    """
    model = read_model(source)
    model.verify()
    names = {name: adopt_file(source / name, digest, target) for name, digest in model.digests.items()}
    return renamed(model.node, names.__getitem__)


def adopt_file(source: Path, digest: str, target: Path) -> str:
    """Links one file of a model into the folder ``target``, by a name that says its content; returns the name."""
    name = f"{source.stem.split('-')[0]}-{digest[:12]}{source.suffix}"
    link(source, target / name)
    return name


def link(source: Path, target: Path) -> Path:
    """Hard-links a file, so that a network shared by many models is stored once; copies it where links do not work."""
    if target.exists():
        return target
    try:
        os.link(source, target)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)
    return target


def _verify(path: Path, digest: str, run_id: str) -> None:
    try:
        found = digest_of(path)
    except OSError:
        raise Unavailable(f"{path.name} of the model of run {run_id} is gone. Train it again.") from None
    if found != digest:
        raise Unavailable(f"{path.name} of the model of run {run_id} was changed or damaged. Train it again.")
