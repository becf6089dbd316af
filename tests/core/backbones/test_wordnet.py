"""The part of WordNet around ImageNet's classes."""

from core.backbones import imagenet_classes
from core.backbones.wordnet import above, depth, imagenet, synsets, with_classes

ENTITY, TENCH, CUP, DRINKING_CUP = "n00001740", "n01440764", "n07930864", "n03147509"


def test_the_table_has_all_of_imagenet_and_everything_above():
    assert tuple(imagenet().values()) == imagenet_classes()
    assert set(imagenet()) <= set(synsets())
    for synset in synsets().values():
        assert set(synset.parents) <= set(synsets())
    assert all(ENTITY in above(synset) for synset in imagenet()), "every class is an entity"
    assert len(with_classes()) < len(synsets())


def test_steps_upwards_are_counted():
    assert above(TENCH)[TENCH] == 0 and depth(ENTITY) == 0
    assert {above(TENCH)[parent] for parent in synsets()[TENCH].parents} == {1}
    assert depth(TENCH) == above(TENCH)[ENTITY]


def test_a_class_whose_photos_show_another_meaning_is_below_that_meaning():
    assert synsets()[DRINKING_CUP].name == "cup" and DRINKING_CUP in above(CUP)
