"""Whether the classes of a checkpoint are ImageNet's."""

from core.backbones.imagenet_labels import are_imagenet, classifies_imagenet, timm_classifies_imagenet
from tests.tiny_tokens import imagenet_labels


def test_names_in_their_order_are_imagenet():
    labels = imagenet_labels()
    assert are_imagenet(labels) and are_imagenet({int(at): f"{name}, other name" for at, name in labels.items()})
    assert not are_imagenet({at: labels[str(999 - int(at))] for at in labels}), "another order"
    assert not are_imagenet({str(at): f"LABEL_{at}" for at in range(1000)})


def test_a_checkpoint_of_transformers_says_that_it_classifies():
    config = {"architectures": ["ViTForImageClassification"], "id2label": imagenet_labels()}
    assert classifies_imagenet(config)
    assert not classifies_imagenet(config | {"architectures": ["ViTModel"]})


def test_1000_classes_of_timm_are_imagenet_unless_they_are_named_otherwise():
    assert timm_classifies_imagenet({"num_classes": 1000})
    assert timm_classifies_imagenet({"pretrained_cfg": {"num_classes": 1000}})
    assert not timm_classifies_imagenet({"num_classes": 21841})
    assert not timm_classifies_imagenet({"num_classes": 1000, "label_names": ["a"] * 1000})
