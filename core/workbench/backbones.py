"""Backbones that a person adds: starting an addition, removing one.

What is being added is told by ``core.jobs.background_additions``, which also cancels it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from typing import Any

from core.backbones import obtain
from core.backbones.additions import AdditionRequest
from core.backbones.hub.described import HubModel, describe
from core.backbones.values import Backbone
from core.errors import NotFound
from core.features.check_photo import TOLERANCE, CheckedPhoto, checked, difference
from core.jobs import background_additions
from core.models.lineage import backbone_of
from core.people.acting import Role, require
from core.recipes.allowed import refused_patterns
from core.recipes.patterns import Pattern
from core.workbench import delete
from core.workbench.base import Bench
from core.workbench.delete import DeletionImpact


@dataclass(frozen=True, kw_only=True)
class HubOffer:
    """A model of the hub as it is offered before it is added.

    Args:
        model: what its small files say. row: its row with the suggested name, without what is measured later; None
            where the scaling of the pixels must be chosen first.
        refused: patterns that it does not allow, with the reason; {} without a row.
    """

    model: HubModel
    row: Backbone | None
    refused: Mapping[Pattern, str]


@dataclass(frozen=True, kw_only=True)
class BackboneCheck:
    """Whether a backbone still computes what it computed when it was added; ``found`` in words.

    Args:
        difference: between the features of the check photo then and now, relative to the largest; None where none were
            stored then.
    """

    good: bool
    found: str
    difference: float | None = None


class AddingBackbones(Bench):
    """Adding and removing backbones."""

    def describe_hub(self, address: str, answers: Mapping[str, Any] | None = None) -> HubOffer:
        """What a model of the hub is. Its small files are read, nothing is stored.

        Args:
            address: ``owner/name``, with ``@revision``, or that of its page. answers: of the form, see
                ``AdditionRequest``.

        Raises:
            InvalidInput: it is no address, or no model that can be added. NotFound, Unavailable: the hub does not give
                it, or is not reachable.
        """
        model = describe(address)
        row = None
        if model.preprocessing.scaling is not None or answers:
            row = model.row(self.free_name(model.name), answers=answers)
        return HubOffer(model=model, row=row, refused=refused_patterns(row) if row else {})

    def free_name(self, name: str) -> str:
        """``name``, or the first of ``name-2``, ``name-3`` ... that no added backbone has."""
        taken = {added.backbone.name for added in self.registry.added_backbones()}
        free = (f"{name[:76]}-{number}" for number in count(2))
        return name if name not in taken else next(other for other in free if other not in taken)

    def start_addition(self, request: AdditionRequest) -> str:
        """Start the addition of a backbone in the background and return its id.

        Raises:
            Conflict: there is a backbone of this name, or it is being added.
        """
        require(Role.TRAINER, "Adding a backbone")
        return background_additions.start_addition(request, settings=self.settings, registry=self.registry)

    def preview_removal(self, name: str) -> DeletionImpact:
        """What removing an added backbone would free, and the runs that were made with it.

        Raises:
            NotFound: nobody added a backbone of this name.
        """
        return delete.preview_backbone(self.settings, self.registry, name)

    def remove_backbone(self, name: str) -> DeletionImpact:
        """Remove an added backbone with its files; runs made with it and their models stay.

        Raises:
            NotFound: nobody added a backbone of this name. Conflict: a run that has not ended uses it.
        """
        require(Role.ADMIN, "Removing a backbone")
        return delete.delete_backbone(self.settings, self.registry, name)

    def check_backbone(self, name: str) -> BackboneCheck:
        """Verify the files of a backbone and compute the features of the check photo again; without an exported engine
        this imports TensorFlow.

        Raises:
            NotFound: there is no such backbone. Unavailable: its files are missing or were changed.
        """
        backbone = backbone_of(name, self.registry, self.settings)
        obtain(backbone, self.settings)
        now = checked(backbone, self.settings)
        before = self._checked_before(name)
        if before is None:
            return BackboneCheck(good=True, found=f"its files are as they were; {now.engine} computes its features.")
        changed = difference(before, now)
        if changed <= TOLERANCE:
            found = f"its files are as they were; {now.engine} computes the same features (difference {changed:.1e})."
            return BackboneCheck(good=True, found=found, difference=changed)
        found = (
            f"{now.engine} computes other features than when it was added (difference {changed:.1e}). Remove it and "
            "add it again; runs made with it before cannot be compared with later ones."
        )
        return BackboneCheck(good=False, found=found, difference=changed)

    def _checked_before(self, name: str) -> CheckedPhoto | None:
        """What an added backbone computed when it was added."""
        with suppress(NotFound):
            check = self.registry.added_backbone(name).facts.get("check")
            return CheckedPhoto.from_json(check) if check else None
        return None
