"""Backbones as JSON: ``core backbones``, REST and MCP."""

from dataclasses import asdict

from core.backbones.added import AddedBackbone
from core.backbones.hub.described import HubModel
from core.backbones.suggested import Suggestion, suggestions
from core.backbones.values import Backbone
from core.jobs.background_additions import Addition, additions
from core.recipes.allowed import refused_patterns
from core.workbench import Workbench
from core.workbench.backbones import HubOffer


def backbones_json(workbench: Workbench) -> dict:
    """All backbones, suggestions of the hub, and additions that go on or failed."""
    rows = [backbone_row(backbone) | {"availability": str(state)} for backbone, state in workbench.backbones()]
    offered = [asdict(one) for one in suggestions()]
    going_on = [addition_row(one) for one in additions(workbench.settings)]
    return {"backbones": rows, "suggested": offered, "additions": going_on}


def backbone_row(backbone: Backbone) -> dict:
    """A row of the catalogue, or of an added backbone."""
    return asdict(backbone) | {"blocks": list(backbone.blocks)}


def backbone_json(workbench: Workbench, backbone: Backbone) -> dict:
    """One backbone, the patterns that it does not allow, and what is known of an added one."""
    refused = {str(pattern): why for pattern, why in refused_patterns(backbone).items()}
    return {"backbone": backbone_row(backbone), "refused": refused, "facts": _facts(workbench, backbone)}


def hub_json(offer: HubOffer, suggestion: Suggestion | None) -> dict:
    """A model of the hub that is not added yet."""
    refused = {str(pattern): why for pattern, why in offer.refused.items()}
    return {"hub": _hub_row(offer.model), "refused": refused, "suggestion": suggestion and asdict(suggestion)}


def is_added(workbench: Workbench, name: str) -> bool:
    """Whether a person added the backbone of this name."""
    return name in [one.backbone.name for one in workbench.registry.added_backbones()]


def _facts(workbench: Workbench, backbone: Backbone) -> dict:
    """Of an added backbone; {} of another one."""
    if not is_added(workbench, backbone.name):
        return {}
    added: AddedBackbone = workbench.registry.added_backbone(backbone.name)
    files = [asdict(file) for file in added.files]
    return dict(added.facts) | {"files": files, "added_at": added.added_at}


def _hub_row(model: HubModel) -> dict:
    preprocessing = model.preprocessing
    return {
        "address": str(model.address),
        "name": model.name,
        "layout": str(model.layout),
        "architecture": model.architecture,
        "family": model.family,
        "parameters": model.parameters,
        "bytes": model.chosen.bytes,
        "input_size": preprocessing.size,
        "fit": str(preprocessing.fit),
        "scaling": preprocessing.scaling and asdict(preprocessing.scaling),
        "licence": model.licence.id,
        "licence_question": model.licence.question(),
        "licence_link": model.licence.link,
        "gated": model.licence.gated,
        "classes": model.classes,
        "trained_on": model.trained_on,
        "notes": model.notes(),
    }


def addition_row(addition: Addition) -> dict:
    """An addition in the background."""
    return {
        "addition": addition.id,
        "name": addition.name,
        "source": addition.source,
        "state": addition.state,
        "message": addition.message,
    }
