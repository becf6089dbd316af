"""What a model of the hub is, before anything large is downloaded: its small files are read, and nothing is stored."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.backbones.added import check_name
from core.backbones.hub.address import HubAddress, address_of
from core.backbones.hub.architectures import (
    IMAGENET_CLASSES,
    architecture_of,
    convolutional_family,
    keras_head_of,
    require_keras_hub,
)
from core.backbones.hub.client import HubClient
from core.backbones.hub.layouts import (
    CONFIG,
    IMAGE_CONVERTER,
    KERAS_TASK,
    KERAS_TASK_WEIGHTS,
    LARGEST_JSON,
    PREPROCESSOR,
    Chosen,
    HubLayout,
    chosen_files,
    index_of,
    layout_of,
)
from core.backbones.hub.licences import HubLicence, licence_of
from core.backbones.hub.preprocessing import Preprocessing, preprocessing_of
from core.backbones.hub.repository import HubFile, HubRepository, repository_of
from core.backbones.scalings import scaling_answer
from core.backbones.staged.config import staged_network_of
from core.backbones.staged.values import StagedNetwork
from core.backbones.text_network import TOKENIZER, has_texts
from core.backbones.token_config import token_network_of
from core.backbones.token_network import TokenNetwork, TokenTop
from core.backbones.values import Backbone
from core.errors import InvalidInput, Unavailable
from core.text.units import listed

_DATASETS = {
    "imagenet-1k": "ImageNet-1k",
    "imagenet-12k": "ImageNet-12k",
    "imagenet-21k": "ImageNet-21k",
    "imagenet-22k": "ImageNet-22k",
    "laion/laion2b-en": "LAION-2B",
    "webli": "WebLI",
}


@dataclass(frozen=True, kw_only=True)
class HubModel:
    """A model of the hub at one commit, as far as its small files say.

    Args:
        endpoint: address of the hub. repository: with its pinned commit, all files and the metadata of its card.
        layout, architecture, family: ``timm``, ``resnet18``, ``ResNet``.
        tokens: of a network of tokens, staged: of a network in stages that Graft builds itself; None for others.
        preprocessing: how photos become its input. licence: and what must be accepted.
        chosen: the files that are downloaded. parameters: of the image network; 0 where unknown before the download.
        text_tower: whether it has a network for texts, and the file that splits them.
        classes: whether it has a classifier of ImageNet's 1,000 classes. trained_on: in words; "" where unknown.
    """

    endpoint: str
    repository: HubRepository
    layout: HubLayout
    architecture: str
    family: str
    tokens: TokenNetwork | None
    staged: StagedNetwork | None
    preprocessing: Preprocessing
    licence: HubLicence
    chosen: Chosen
    parameters: int
    text_tower: bool
    classes: bool
    trained_on: str

    @property
    def address(self) -> HubAddress:
        """With the commit."""
        return self.repository.address

    @property
    def title(self) -> str:
        return self.address.repository

    @property
    def name(self) -> str:
        """The name that is suggested for the backbone."""
        return suggested_name(self.address)

    def notes(self) -> list[str]:
        """What a person should know before adding it."""
        found = [self.preprocessing.note()]
        if self.preprocessing.scaling is None:
            found.append("Its files do not say how pixels are scaled; choose it below.")
        return [note for note in found if note]

    def row(self, name: str, title: str = "", answers: Mapping[str, Any] | None = None) -> Backbone:
        """Its row in the registry, without what is measured on the network.

        Args:
            answers: of the request; the scaling in it is used where the files say none.

        Raises:
            InvalidInput: neither the files nor the answers say how pixels are scaled.
        """
        scaling = self.preprocessing.scaling or scaling_answer(answers or {})
        if scaling is None:
            raise InvalidInput(
                f"The files of {self.address.name} do not say how pixels are scaled, and a wrong scaling gives wrong "
                "features. Choose the scaling that its card names."
            )
        row = Backbone(
            name=name,
            title=title or self.title,
            family=self.family,
            source=f"hub:{self.address}",
            parameters=self.parameters,
            input_size=self.preprocessing.size,
            feature_size=0,
            top1=None,
            top1_source="",
            licence=self.licence.id,
            blocks=(),
            weights_digest="",
            weights_bytes=self.chosen.bytes,
            fit=self.preprocessing.fit,
            scaling=scaling,
            classes=self.classes,
            text_tower=self.text_tower,
            trained_on=self.trained_on,
            fixed_size=self.staged is not None and self.staged.fixed_size,
        )
        return replace(row, **self.tokens.row(row.input_size)) if self.tokens else row

    def refuse_unaccepted(self, accepted: str | None) -> None:
        """Raises:
        InvalidInput: its licence must be accepted and was not.
        """
        question = self.licence.question()
        if question and accepted != self.licence.id:
            raise InvalidInput(
                f"{question} Accept the licence {self.licence.id!r} of {self.address.name} to add it"
                f"{f' (its text: {self.licence.link})' if self.licence.link else ''}."
            )


def describe(text: str, client: HubClient | None = None) -> HubModel:
    """What the model at an address is.

    Raises:
        InvalidInput: it is no address, or no model that Graft can add. NotFound, Unavailable: see ``HubClient.open``.
    """
    address = address_of(text)
    client = client or HubClient(address.name)
    repository = repository_of(address, client)
    config = _small_json(repository, CONFIG, client)
    if config is None:
        raise InvalidInput(f"{address.name} has no config.json, so Graft does not know which network it is.")
    layout = layout_of(config)
    beside = _small_json(repository, IMAGE_CONVERTER if layout is HubLayout.KERAS else PREPROCESSOR, client) or {}
    tokens = None if layout is HubLayout.KERAS else token_network_of(config, layout)
    staged = None if tokens or layout is HubLayout.KERAS else staged_network_of(config, layout)
    own = tokens or staged
    family = own.family if own else convolutional_family(layout, config)
    if own is None:
        require_keras_hub()
    listing = index_of(repository, layout)
    index = _small_json(repository, listing.path, client) if listing else None
    head = layout is HubLayout.KERAS and _has_keras_head(repository, config, client)
    chosen = chosen_files(repository, layout, index, task=head)
    preprocessing = preprocessing_of(layout, config, beside, trained_size=own.size if own else 0)
    if staged and staged.fixed_size:
        preprocessing = replace(preprocessing, size=staged.size)
    return HubModel(
        endpoint=client.endpoint,
        repository=repository,
        layout=layout,
        architecture=architecture_of(layout, config),
        family=family,
        tokens=tokens,
        staged=staged,
        preprocessing=preprocessing,
        licence=licence_of(repository.card, gated=repository.gated),
        chosen=chosen,
        parameters=sum(tokens.block_parameters(preprocessing.size)) if tokens else repository.parameters,
        text_tower=tokens is not None and has_texts(config) and any(f.name == TOKENIZER for f in chosen.described),
        classes=head or _classifies(layout, config, tokens, staged),
        trained_on=_trained_on(repository),
    )


def suggested_name(address: HubAddress) -> str:
    """A name that an added backbone can have, made of the repository's, else of owner and repository."""
    for written in (address.repository, f"{address.owner}-{address.repository}"):
        name = re.sub(r"[^a-z0-9_.-]+", "-", written.lower()).strip("-._")[:80]
        try:
            check_name(name)
        except InvalidInput:
            continue
        return name
    return "hub-backbone"


def _classifies(
    layout: HubLayout, config: Mapping[str, Any], tokens: TokenNetwork | None, staged: StagedNetwork | None
) -> bool:
    """Whether it has ImageNet's 1,000 classes, in the layouts of Transformers and timm."""
    if tokens:
        return tokens.top is not TokenTop.NONE
    if staged:
        return staged.classes
    return layout is HubLayout.TIMM and config.get("num_classes") == IMAGENET_CLASSES


def _has_keras_head(repository: HubRepository, config: Mapping[str, Any], client: HubClient) -> bool:
    """Whether a repository in the layout of Keras has a classifier of ImageNet's 1,000 classes."""
    if KERAS_TASK_WEIGHTS not in repository.files:
        return False
    task = _small_json(repository, KERAS_TASK, client)
    return task is not None and keras_head_of(config, task) is not None


def _small_json(repository: HubRepository, path: str, client: HubClient) -> dict[str, Any] | None:
    """The content of a small JSON file, verified; None where there is no such file."""
    file = repository.files.get(path)
    if file is None:
        return None
    if file.size > LARGEST_JSON:
        raise InvalidInput(f"{path} of {repository.address.name} has {file.size:,} bytes, which no description needs.")
    content = client.retried(lambda: _content(repository, file, client))
    if not file.holds(content):
        raise Unavailable(
            f"{path} of {repository.address.name} has another checksum than the hub states, so it was damaged or "
            "changed on the way. Try again."
        )
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} of {repository.address.name} is no JSON object. Choose another model.")
    return found


def _content(repository: HubRepository, file: HubFile, client: HubClient) -> bytes:
    with client.open(repository.file_path(file)) as response:
        return client.read(response, LARGEST_JSON)


def _trained_on(repository: HubRepository) -> str:
    """The data sets that its card names."""
    named = repository.card.get("datasets")
    names = [named] if isinstance(named, str) else named if isinstance(named, list) else []
    known = [_DATASETS.get(name.lower(), name) for name in names if isinstance(name, str)]
    return listed(known, 4) if known else ""
