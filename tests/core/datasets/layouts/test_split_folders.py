"""Which folders are splits."""

from core.datasets.layouts.folder_tree import folder_tree, top_of
from core.datasets.layouts.split_folders import find_splits
from tests.core.datasets.uploads_of import upload


def found(*patterns: str):
    return find_splits(top_of(folder_tree(upload(*patterns))))


def test_split_folders_with_their_inner_folder():
    splits = found("seg_train/seg_train/{a,b}/*1", "seg_test/seg_test/{a,b}/*1")
    assert splits.splits == {"seg_train": "train", "seg_test": "test"} and not splits.doubtful
    assert {folder.parts for folder in splits.classed.values()} == {(name, name) for name in splits.splits}


def test_a_folder_of_photos_only_is_flat():
    for test in ("test/*2", "test/images/*2", "test/unknown/*2", "test/xyz/*2"):
        splits = found("train/{a,b}/*1", test)
        assert list(splits.classed) == ["train"] and list(splits.flat) == ["test"]


def test_one_known_class_in_a_split_stays_a_class():
    assert set(found("train/{a,b}/*1", "test/a/*1").classed) == {"train", "test"}
    assert found("train/a/{2020,2021}/*1", "test/a/*1").folders["train"].parts == ("train",)


def test_a_folder_that_all_splits_share_is_passed_over():
    assert found("{train,test}/pets/{a,b}/*1").folders["train"].parts == ("train", "pets")


def test_one_split_alone_or_other_words_are_none():
    assert found("train/{a,b}/*1", "bus/*1") is None
    assert found("{training shoes,test tubes}/*2") is None
    assert found("{dev,eval}/{a,b}/*2") is None


def test_further_words_count_beside_a_train_folder():
    splits = found("train/{a,b}/*1", "phone_test/{a,b}/*1", "test_new_room/*3")
    assert splits.splits == {"train": "train", "phone_test": "test", "test_new_room": "test"}


def test_names_that_say_more_but_hold_the_same_folders_are_doubtful():
    assert found("{training shoes,test tubes}/{red,blue}/*2").doubtful


def test_eval_is_the_test_where_there_is_no_other():
    assert found("{train,dev,eval}/{a,b}/*1").splits == {"train": "train", "dev": "validation", "eval": "test"}
    assert found("{train,eval,test}/{a,b}/*1").splits["eval"] == "validation"
