"""What a person's own network is, before it is added, and the row that it gets."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.backbones.own_files import KERAS, ONNX, OwnFile, open_own_file
from core.backbones.scalings import PRESETS, FoundScaling, scaling_answer, title_of
from core.backbones.table import scaling_of
from core.backbones.values import Backbone, Scaling
from core.datasets.decoding.fit import LARGEST_INPUT, Fit
from core.errors import InvalidInput
from core.features.keras_file import inspect_keras
from core.features.onnx_file import inspect_onnx
from core.features.scaling_check import Compared

SMALLEST = 16
"""Side of the smallest input in pixels."""


@dataclass(frozen=True, kw_only=True)
class OwnBlock:
    """A block of an own network; ``tensor`` is its end in the file."""

    name: str
    tensor: str
    shape: tuple[int, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True, kw_only=True)
class OwnNetwork:
    """What was found out about an own network.

    Args:
        kind: ``keras_file`` or ``onnx_file``. name: of the file.
        size: side of its input in pixels; any_size: whether it takes others, too.
        blocks: from input to output. feature_size: length of its features.
        last: the layer or tensor that gives the features; left_out: layers after it, which classify.
        classes: number of classes of the part that is left out, None where nothing is. imagenet: whether they are
            ImageNet's, by the names that the files give.
        own_pooling: whether it pools in a way of its own, by its last block ``head``.
        scaling: what the files say of the scaling of pixels.
        compared: check photos under every preset, or under ``scaling``.
        notes: sentences about it.
    """

    kind: str
    name: str
    size: int
    any_size: bool
    blocks: tuple[OwnBlock, ...]
    feature_size: int
    last: str
    left_out: tuple[str, ...] = ()
    classes: int | None = None
    imagenet: bool = False
    own_pooling: bool = False
    scaling: FoundScaling | None = None
    compared: tuple[Compared, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def parameters(self) -> int:
        return sum(block.parameters for block in self.blocks)

    @property
    def multiply_adds(self) -> int:
        return sum(block.multiply_adds for block in self.blocks)

    def chosen_scaling(self, answers: Mapping[str, Any]) -> FoundScaling:
        """The scaling that a person chose, else the one that the files say.

        Raises:
            InvalidInput: neither is there.
        """
        answer = scaling_answer(answers)
        if answer is not None:
            return FoundScaling(scaling=answer, source="chosen")
        if self.scaling is None:
            names = ", ".join(one.name for one in PRESETS)
            raise InvalidInput(
                f"{self.name} does not say how the pixels of a photo are scaled, and a wrong scaling makes features "
                f"worse without an error. Choose one: {names}; or give mean and deviation."
            )
        return self.scaling

    def row(self, name: str, title: str, scaling: Scaling, answers: Mapping[str, Any]) -> Backbone:
        """The row of the backbone, without the digest of its files.

        Args:
            scaling: of the pixels, stored in the network. answers: a person's; ``licence``, ``trained_on``, ``fit``.
        """
        return Backbone(
            name=name,
            title=title or name,
            family="Own file",
            source=f"{self.kind}:{self.name}",
            parameters=self.parameters,
            input_size=self.size,
            fixed_size=not self.any_size,
            fit=Fit(answers.get("fit") or Fit.SQUASH),
            feature_size=self.feature_size,
            top1=None,
            top1_source="",
            licence=str(answers.get("licence") or "unknown"),
            trained_on=str(answers.get("trained_on") or ""),
            blocks=tuple(block.name for block in self.blocks),
            block_shapes=tuple(block.shape for block in self.blocks),
            block_parameters=tuple(block.parameters for block in self.blocks),
            block_multiply_adds=tuple(block.multiply_adds for block in self.blocks),
            multiply_adds=self.multiply_adds,
            weights_digest="",
            weights_bytes=0,
            scaling=scaling,
            classes=self.imagenet,
            own_pooling=self.own_pooling,
            trainable=self.kind == KERAS,
        )

    def facts(self, file: OwnFile, digest: str, scaling: FoundScaling) -> dict[str, Any]:
        """What is stored with the backbone, as JSON."""
        return {
            "file": {"name": file.name, "sha256": digest, "bytes": file.path.stat().st_size},
            "last": self.last,
            "left_out": list(self.left_out),
            "ends": {block.name: block.tensor for block in self.blocks},
            "scaling": {"title": title_of(scaling.scaling), "source": scaling.source},
            "compared": [one.to_json() for one in self.compared],
            "remarks": list(self.notes),
        }


def inspect_own_file(
    path: Path, *, file_name: str = "", answers: Mapping[str, Any] | None = None, compare: bool = True
) -> OwnNetwork:
    """What a file is, found out in a process of its own, with check photos under every scaling.

    Args:
        path: of a ``.keras`` or ``.onnx`` file, or a ZIP with one. file_name: for messages, where it is an upload.
        answers: as of ``AdditionRequest``: ``last_layer``, ``input_size``, ``scaling`` ...
        compare: whether to compute the check photos.

    Raises:
        InvalidInput: it cannot be used; the reason in one sentence.
    """
    with tempfile.TemporaryDirectory(prefix="graft-") as folder:
        file = open_own_file(path, file_name or path.name, Path(folder))
        return inspect_file(file, answers or {}, compare=compare)


def inspect_file(file: OwnFile, answers: Mapping[str, Any], *, compare: bool) -> OwnNetwork:
    """As ``inspect_own_file``, of an opened file; ``compare``: with check photos."""
    inspect = inspect_keras if file.kind == KERAS else inspect_onnx
    scaling = scaling_answer(answers)
    last, size = str(answers.get("last_layer") or ""), _wanted_size(answers)
    found = inspect(file.path, file.name, output=last, size=size, scaling=scaling, compare=compare)
    network = network_of(file, found)
    if size not in (0, network.size):
        raise InvalidInput(
            f"{file.name} has an input of {network.size} px. Another size is chosen for each run, where the network "
            f"takes it. Received: input_size={size}"
        )
    if not SMALLEST <= network.size <= LARGEST_INPUT:
        raise InvalidInput(
            f"{file.name} has an input of {network.size} px; squares of {SMALLEST} to {LARGEST_INPUT} px can be made "
            "of photos."
        )
    return network


def _wanted_size(answers: Mapping[str, Any]) -> int:
    """The size of the input that a person chose; 0 for none.

    Raises:
        InvalidInput: it is no size of an input.
    """
    wanted = answers.get("input_size") or 0
    if not isinstance(wanted, int) or (wanted and not SMALLEST <= wanted <= LARGEST_INPUT):
        raise InvalidInput(f"An input has {SMALLEST} to {LARGEST_INPUT} px. Received: input_size={wanted}")
    return wanted


def network_of(file: OwnFile, found: Mapping[str, Any]) -> OwnNetwork:
    """The value of an inspection's JSON."""
    metadata = found.get("metadata", {})
    return OwnNetwork(
        kind=file.kind,
        name=file.name,
        size=found["size"],
        any_size=found["any_size"],
        blocks=tuple(OwnBlock(**block | {"shape": tuple(block["shape"])}) for block in found["blocks"]),
        feature_size=found["feature_size"],
        last=found["last"],
        left_out=tuple(found["left_out"]),
        classes=found["classes"],
        imagenet=file.kind == ONNX and found["classes"] == 1000 and file.names_imagenet(metadata),
        own_pooling=bool(found.get("own_pooling", False)),
        scaling=_found_scaling(found) or file.found_scaling(metadata),
        compared=tuple(Compared.from_json(one) for one in found.get("compared", ())),
        notes=tuple(found.get("notes", ())),
    )


def _found_scaling(found: Mapping[str, Any]) -> FoundScaling | None:
    """What the layers of a Keras network say."""
    told = found.get("scaling")
    return FoundScaling(scaling=scaling_of(told["scaling"]), source=told["source"]) if told else None
