"""Models of finished runs as backbones: their network up to the layer ``pool``, without the head.

They are not in the catalogue: the trainer writes a row for the network on the model's card (``row_for_card``), and
``from_card`` makes a ``Backbone`` of it, with the run's id as its name.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from core.backbones.checksums import matches
from core.backbones.downloads import Progress
from core.backbones.inputs import with_input
from core.backbones.table import from_row, rows
from core.backbones.token_network import HEAD, TokenTop
from core.backbones.values import Availability, Backbone
from core.datasets.decoding.fit import Fit
from core.errors import InvalidInput, Unavailable
from core.files.here import model_here
from core.settings import Settings

KIND = "model"
"""The part of the source before the colon."""

_KEPT = ("family", "input_size", "fit", "smallest_size", "fixed_size", "licence", "blocks", "trained_on")


def row_for_card(backbone: Backbone, *, depth: int = 0, parameters: int, multiply_adds: int) -> dict:
    """The row of a saved network, ``card["backbone"]["row"]``, as JSON.

    Args:
        backbone: the network it was made from. depth: blocks it leaves out at the top.
        parameters, multiply_adds: of the network up to ``pool``.
    """
    left = len(backbone.blocks) - depth
    row = {name: value for name, value in asdict(backbone).items() if name in _KEPT}
    shapes = backbone.block_shapes[:left]
    parts = [asdict(one) for one in backbone.adaptable[:left]]
    return row | {
        "blocks": list(backbone.blocks[:left]),
        "block_shapes": [list(shape) for shape in shapes],
        "block_parameters": list(backbone.block_parameters[:left]),
        "block_multiply_adds": list(backbone.block_multiply_adds[:left]),
        "adaptable": parts,
        "tokens": _tokens_of(backbone, backbone.blocks[:left]),
        "own_pooling": backbone.own_pooling and not depth,
        "feature_size": shapes[-1][-1] if depth else backbone.feature_size,
        "parameters": parameters,
        "multiply_adds": multiply_adds,
    }


def _tokens_of(backbone: Backbone, blocks: Sequence[str]) -> dict | None:
    """The numbers of a network of tokens that ends with these blocks; its pooling is the one it was trained with."""
    if backbone.tokens is None:
        return None
    pools = blocks[-1] == HEAD
    depth = len(blocks) - 1 - int(pools)
    return asdict(replace(backbone.tokens, depth=depth, attention_pool=pools, top=TokenTop.NONE))


Find = Callable[[str], Backbone | None]
"""The backbone of the catalogue, or an added one, of that name; None where there is none (any more)."""


def from_card(run_id: str, card: dict, model_path: Path, find: Find = lambda name: rows().get(name)) -> Backbone:
    """The model of a run as a backbone.

    Args:
        card: of the model. model_path: its ``model.keras``. find: what it may have been made from.

    Raises:
        InvalidInput: the model has no single network, or is one as it was added, which was removed since.
    """
    title = f"{card.get('title') or run_id} ({run_id})"
    known = card.get("backbone") or {}
    if card["recipe"]["pattern"] == "classifier" and known.get("name"):
        # Nothing was trained: it is the network itself, whose stored features can be used.
        base = find(known["name"])
        if base is None:
            raise InvalidInput(f"{title} is {known['name']} as it was added, which was removed. Add it again.")
        hp = card["recipe"]["hyperparameters"]
        row = with_input(base, hp.get("input_size", 0), Fit(hp.get("fit", Fit.SQUASH)))
        return replace(row, title=title, short=None)
    if any(str(one["file"]).endswith(".onnx") for one in card.get("engines", ())) and not card.get("parents"):
        raise InvalidInput(
            f"{title} has an ONNX network, which training does not change. Choose that as backbone instead: "
            f"{' or '.join(one['name'] for one in card['backbones'] if one['name'] not in rows())}."
        )
    if model_path.suffix != ".keras" or not known.get("row"):
        raise InvalidInput(
            f"{title} combines the predictions of other runs; use its predictions in a stacking cascade instead, or "
            "choose one of its members."
        )
    return from_row(
        known["row"]
        | {
            "name": run_id,
            "title": title,
            "source": f"{KIND}:{model_path}",
            "top1": None,
            "top1_source": "",
            "weights_digest": f"sha256:{card['model']['sha256']}",
            "weights_bytes": card["model"]["bytes"],
        }
    )


class SavedBackbone:
    """``model:<path>``: the ``model.keras`` of a finished run."""

    def is_here(self, backbone: Backbone, settings: Settings) -> bool:
        return bool(settings.artifacts) or _path(backbone).exists()  # not fetched to find out

    def availability(self, backbone: Backbone, settings: Settings) -> Availability:
        return Availability.READY if self.is_here(backbone, settings) else Availability.GONE

    def obtain(self, backbone: Backbone, settings: Settings, progress: Progress | None, top: bool) -> Path:
        model_here(settings, backbone.name)
        return verified(backbone)


def verified(backbone: Backbone) -> Path:
    """The file of a ``model:`` backbone, unchanged since its run wrote it.

    Raises:
        Unavailable: it is missing or was changed.
    """
    path = _path(backbone)
    if not path.exists():
        raise Unavailable(f"The model of {backbone.title} is gone. Train it again, or choose another backbone.")
    if not matches(path, backbone.weights_digest):
        raise Unavailable(f"The model of {backbone.title} was changed or damaged. Train it again.")
    return path


def _path(backbone: Backbone) -> Path:
    return Path(backbone.source.removeprefix(f"{KIND}:"))
