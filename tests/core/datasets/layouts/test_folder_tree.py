"""The tree of folders that hold photos."""

from core.datasets.layouts.folder_tree import folder_tree, innermost, merge_repeated, take_auxiliary, top_of
from tests.core.datasets.uploads_of import upload


def names(folder) -> set[str]:
    return {"/".join(path) for path, _ in folder.placed()}


def test_every_photo_is_found_below_its_folders():
    root = folder_tree(upload("a/x/*2", "a/*1", "b/*1"))
    assert names(root) == {"a/x", "a", "b"} and len(list(root.all_photos())) == 4
    assert root.folders["a"].only_folder is None and root.folders["a"].parts == ("a",)


def test_two_forms_of_one_name_are_one_folder():
    assert list(folder_tree(upload("caf\u00e9/a.jpg", "cafe\u0301/b.jpg")).folders) == ["caf\u00e9"]


def test_the_top_is_the_first_folder_with_several():
    assert top_of(folder_tree(upload("a/b/{x,y}/*1", "a/*2"))).parts == ("a", "b")
    assert top_of(folder_tree(upload("a/*2"))).parts == ()
    assert innermost(folder_tree(upload("a/b/*2")).folders["a"]).parts == ("a", "b")


def test_masks_beside_images_are_taken_out_and_a_class_mask_is_not():
    root = folder_tree(upload("{sick,well}/{images,masks}/*2"))
    assert len(take_auxiliary(root)) == 4 and names(root) == {"sick/images", "well/images"}
    assert take_auxiliary(folder_tree(upload("{mask,no_mask}/*2"))) == []


def test_a_folder_that_repeats_those_beside_it_is_merged_into_them():
    root = folder_tree(upload("{yes,no}/*2", "all/all/{yes,no}/x*1"))
    assert merge_repeated(root) == ["all"]
    assert sorted(root.folders) == ["no", "yes"] and len(root.folders["yes"].photos) == 3
    assert merge_repeated(folder_tree(upload("{yes,no}/*2", "all/{yes,maybe}/*1"))) == []
    assert merge_repeated(folder_tree(upload("{a,b}/{x,y}/*1", "b/a/z/*1"))) == []


def test_a_path_of_a_thousand_folders_is_read():
    root = folder_tree(upload("/".join("a" * 3000) + "/b.jpg", "c/*1"))
    assert len(list(root.all_photos())) == 2 and take_auxiliary(root) == []
