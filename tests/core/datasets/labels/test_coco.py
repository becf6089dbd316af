"""One category a photo, from annotations in COCO's format."""

from core.datasets.labels.coco import annotated_photos, is_annotation

CATEGORIES = [{"id": 0, "name": "pets", "supercategory": "none"}, {"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]


def photos(annotations, images=("a.jpg",)):
    content = {
        "images": [{"id": number, "file_name": name} for number, name in enumerate(images)],
        "annotations": [{"image_id": image, "category_id": category} for image, category in annotations],
        "categories": CATEGORIES,
    }
    assert is_annotation(content)
    return annotated_photos(content)


def test_all_objects_of_one_category_are_a_label():
    (photo,) = photos([(0, 1), (0, 1), (0, 99)])
    assert photo.category == "cat" and not photo.problem


def test_several_categories_are_a_problem_and_none_is_no_label():
    first, second = photos([(0, 1), (0, 2)], ("a.jpg", "b.jpg"))
    assert not first.category and first.problem == "shows several categories ('cat' and 'dog'); a photo needs one"
    assert (second.category, second.problem) == ("", "")


def test_what_has_an_unexpected_form_is_passed_over():
    odd = {
        "images": [3, {"file_name": 7}, {"id": [1], "file_name": "a.jpg"}],
        "annotations": "none",
        "categories": [[]],
    }
    assert [photo.file_name for photo in annotated_photos(odd)] == ["a.jpg"]
    assert (
        not is_annotation([])
        and not is_annotation({"images": []})
        and not is_annotation({"images": 1, "annotations": 2})
    )
