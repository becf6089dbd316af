from dataclasses import replace

import pytest

from core.backbones import get
from core.backbones.added import AddedBackbone, AddedFile
from core.backbones.values import Scaling
from core.errors import Conflict, InvalidInput, NotFound
from core.registry import Registry


def an_added(name: str = "tiny-vit", at: float = 1.0) -> AddedBackbone:
    backbone = replace(
        get("squeezenet"),
        name=name,
        title="Tiny ViT",
        source="hub:graft/tiny-vit@abc",
        block_shapes=((5, 8), (5, 8)),
        scaling=Scaling(mean=(0.5, 0.5, 0.5), deviation=(0.2, 0.3, 0.4), bgr=True),
        classes=False,
        trained_on="ImageNet-21k",
    )
    file = AddedFile(path="model.safetensors", sha256="0" * 64, bytes=7)
    return AddedBackbone(backbone=backbone, files=(file,), added_at=at, facts={"licence": {"accepted": True}})


def test_an_added_backbone_is_read_as_it_was_written(registry: Registry):
    registry.add_backbone(an_added())
    assert registry.added_backbone("tiny-vit") == an_added()
    assert registry.added_backbone("tiny-vit").backbone.has_tokens


def test_added_backbones_are_listed_newest_first_until_they_are_removed(registry: Registry):
    for name, at in (("a", 1.0), ("b", 3.0), ("c", 2.0)):
        registry.add_backbone(an_added(name, at))
    assert [one.backbone.name for one in registry.added_backbones()] == ["b", "c", "a"]
    registry.remove_backbone("c")
    assert [one.backbone.name for one in registry.added_backbones()] == ["b", "a"]
    with pytest.raises(NotFound, match="Nobody added a backbone 'c'"):
        registry.added_backbone("c")
    with pytest.raises(NotFound, match="Nobody added a backbone 'c'"):
        registry.remove_backbone("c")


def test_adding_and_removing_are_logged(registry: Registry):
    registry.add_backbone(an_added())
    registry.remove_backbone("tiny-vit")
    assert [entry.action for entry in registry.log_entries(2)] == ["remove_backbone", "add_backbone"]


def test_a_name_is_given_once(registry: Registry):
    registry.add_backbone(an_added())
    with pytest.raises(Conflict, match="already a backbone 'tiny-vit'"):
        registry.add_backbone(an_added())
    with pytest.raises(InvalidInput, match="catalogue already has"):
        registry.add_backbone(an_added("resnet50"))
