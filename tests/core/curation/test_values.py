"""Findings as values and as JSON."""

import json

from core.curation.values import CopyGroup, CopyLink, Findings, GroupedPhoto, LabelError, Neighbour, OddPhoto


def photo(digest, split="train", class_name="cat"):
    return GroupedPhoto(digest=digest, file=f"{digest}.jpg", split=split, class_name=class_name)


def group(*photos):
    link = CopyLink(first="a", second="b", correlation=0.99, mirrored=True, share=0.9, similarity=None, hash_distance=3)
    return CopyGroup(photos=photos, links=(link,))


def findings(**changes):
    label = LabelError(
        digest="a",
        file="a.jpg",
        split="test",
        class_name="cat",
        suggested="dog",
        given=0.01,
        confidence=0.9,
        probabilities={"dog": 0.9, "cat": 0.01},
        nearest=(Neighbour(digest="c", class_name="dog", similarity=0.8),),
    )
    odd = OddPhoto(digest="d", file="d.jpg", split="train", class_name="cat", reasons={"dark": "very"})
    values = {
        "dataset_id": "d-1",
        "digest": "0",
        "backbone": "b",
        "title": "B",
        "accuracy": 0.5,
        "labels": (label,),
        "copies": (group(photo("a", "test"), photo("b")), group(photo("e"), photo("f"))),
        "odd": (odd,),
        "notes": ("One.",),
        "at": 1.0,
        "seconds": 2.0,
    }
    return Findings(**values | changes)


def test_a_group_in_several_splits_is_a_leak_and_in_several_classes_a_conflict():
    assert group(photo("a", "test"), photo("b")).is_leak and not group(photo("a"), photo("b")).is_leak
    assert group(photo("a"), photo("b", class_name="dog")).is_conflict and not group(photo("a"), photo("b")).is_conflict


def test_json_and_back_is_the_same():
    found = findings()
    content = json.loads(json.dumps(found.to_json()))
    assert Findings.from_json(content) == found
    assert [one["across_splits"] for one in content["copies"]] == [True, False]


def test_leaked_are_the_test_photos_of_leaks():
    found = findings()
    assert len(found.leaks) == 1
    assert found.leaked == {"a"} and found.suspects == {"a"}
