"""Which names mean a split, and which mean nothing."""

import pytest

from core.datasets.layouts.split_words import are_numbered_parts, is_auxiliary, is_unlabelled, means_nothing, split_word


@pytest.mark.parametrize(
    ("split", "names"),
    [
        ("train", "train Training TRAIN seg_train training_set images_train trainImages train2017 trainset trainval"
                  " train_val new-train-data Train-Set entraînement 训练集 imgs.train"),
        ("validation", "val Valid VALIDATION val_images valset validation-set dev eval Validación 验证"),
        ("test", "test Testing TEST test_set asl_alphabet_test testing-images holdout hold-out hold_out test1 тест"),
    ],
)  # fmt: skip
def test_splits_by_whole_words_in_any_case(split, names):
    for name in names.split():
        word = split_word(name)
        assert word is not None and word.split == split, name


@pytest.mark.parametrize(
    "name", ["trainer", "valley", "contest", "attest", "train_test_split", "cat", "strain", "steam"]
)
def test_parts_of_words_and_several_splits_mean_none(name):
    assert split_word(name) is None


def test_a_word_that_says_more_is_remembered():
    assert split_word("seg_train").affix == ("seg",) and split_word("training shoes").affix == ("shoes",)
    assert split_word("training_set").affix == () and split_word("train-00001-of-00002").affix == ()
    assert split_word("dev").weak and split_word("eval").evaluation and not split_word("val").weak


def test_names_without_a_meaning():
    assert all(means_nothing(name) for name in ("images", "data2", "my_images", "train", "JPEGImages", "Test Set"))
    assert not any(means_nothing(name) for name in ("cat", "2020", "dataset_cats", "mask"))


def test_names_of_photos_without_a_class():
    assert all(is_unlabelled(name) for name in ("unknown", ["seg", "pred"][1], "Samples", "unlabeled_test"))
    assert not any(is_unlabelled(name) for name in ("cat", "other", "images"))


def test_pictures_about_photos():
    assert all(is_auxiliary(name) for name in ("masks", "Annotations", "GroundTruth_masks", "label"))
    assert not any(is_auxiliary(name) for name in ("no_mask", "with_mask", "images"))


def test_pieces_of_one_set_differ_in_a_number_only():
    assert are_numbered_parts(["images_001", "images_002"]) and are_numbered_parts(
        ["HAM_images_part_1", "HAM_images_part_2"]
    )
    assert not are_numbered_parts(["c0", "c1"]) and not are_numbered_parts(["part1", "cats"])
    assert not are_numbered_parts(["images_001"])
