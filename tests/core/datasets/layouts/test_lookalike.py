"""Classes whose names look alike."""

from pathlib import Path

import pytest

from core.datasets.layout import Candidate, Layout, LayoutChoice, UploadFile
from core.datasets.layouts.lookalike import difference, look, without_lookalikes
from core.datasets.names import class_name
from core.errors import InvalidInput
from tests.core.datasets.imports import imported
from tests.photo_files import archive, classes


def layout(id: str = "folders", **sizes: int) -> Layout:
    files = [
        (name, UploadFile(parts=(name, f"{i}.jpg"), size=1, source=Path("x")))
        for name in sizes
        for i in range(sizes[name])
    ]
    return Layout(
        id=id,
        title="Folders are classes",
        candidates=tuple(Candidate(file=file, class_name=class_name(name), split="") for name, file in files),
    )


def decided(*layouts: Layout) -> LayoutChoice:
    return without_lookalikes(LayoutChoice(layouts=layouts))


def names(found: Layout) -> list[str]:
    return sorted({candidate.class_name for candidate in found.candidates})


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("cat", "Cat"),
        ("кот", "КОТ"),
        ("cat", "ca\u200bt"),
        ("cat", "ca\u00adt"),
        ("cat", "cat\U000e0063"),
        ("cat", "\u202ecat"),
        ("cat", "c\u0430t"),
        ("COM", "\u0421\u041e\u041c"),
        ("fi", "\ufb01"),
        ("red apple", "red\u00a0apple"),
        ("red apple", "red  apple"),
        ("café", "CAFE\u0301"),
        ("straße", "STRASSE"),
        ("می‌خواهم", "میخواهم"),
    ],
)
def test_names_that_look_alike_are_found(first, second):
    assert look(first) == look(second)


@pytest.mark.parametrize(
    ("first", "second"),
    [("cat", "cot"), ("cafe", "café"), ("a1", "al"), ("кот", "кит"), ("猫", "犬"), ("1", "01")],
)
def test_names_that_a_person_tells_apart_are_left_alone(first, second):
    assert look(first) != look(second)
    assert decided(layout(**{first: 3, second: 3})) == LayoutChoice(layouts=(layout(**{first: 3, second: 3}),))


def test_classes_that_look_alike_are_asked_about_and_merged_on_request():
    choice = decided(layout(Cat=4, cat=5, dog=3))
    assert choice.question == (
        "Some classes look alike: 'Cat' and 'cat' differ only in case. Rename one of the folders if they are two "
        "classes, or import them as one class."
    )
    merged = choice.chosen("merged")
    assert choice.layouts == (merged,)
    assert names(merged) == ["cat", "dog"] and len(merged.candidates) == 12
    assert merged.notes == ("'Cat' and 'cat' are one class.",)


def test_the_name_of_merged_classes_is_the_one_that_can_be_seen():
    merged = decided(layout(**{"cat": 1, "ca\u200bt": 5, "dog": 3})).layouts[0]
    assert names(merged) == ["cat", "dog"]


def test_a_single_class_with_invisible_characters_loses_them_with_a_note():
    choice = decided(layout(**{"ca\u200bt": 3, "dog": 3}))
    assert not choice.question and names(choice.layouts[0]) == ["cat", "dog"]
    assert choice.layouts[0].notes == (
        "The class name 'ca\\u200bt' has characters that cannot be seen; the class is called 'cat'.",
    )


def test_layouts_that_can_be_chosen_keep_their_names():
    choice = decided(layout("a", cat=3, Cat=3, dog=3), layout("b", cat=3, dog=3))
    assert [each.id for each in choice.layouts] == ["a-merged", "b"]
    assert choice.question


def test_classes_that_would_leave_one_class_only_are_refused():
    with pytest.raises(InvalidInput, match="All classes look alike: 'Cat' and 'cat'"):
        decided(layout(cat=3, Cat=3))
    two = layout("b", cat=3, dog=3)
    assert decided(layout(cat=3, Cat=3), two) == LayoutChoice(layouts=(two,))


def test_many_notes_are_cut():
    names = {f"ca\u200bt{number}": 1 for number in range(9)}
    notes = decided(layout(**names)).layouts[0].notes
    assert len(notes) == 6 and notes[-1] == "4 more class names had characters that cannot be seen."


@pytest.mark.parametrize(
    ("first", "second", "told"),
    [
        ("Cat", "cat", "differ only in case"),
        ("Ärger", "ärger", "differ only in case"),
        ("cat", "cat\u200b", "differ only in characters that cannot be seen (U+200B ZERO WIDTH SPACE)"),
        ("ca\u00adt", "Cat", "differ only in characters that cannot be seen (U+00AD SOFT HYPHEN)"),
        (
            "cat",
            "c\u0430t",
            "differ only in letters that look alike (U+0061 LATIN SMALL LETTER A and U+0430 CYRILLIC SMALL LETTER A)",
        ),
        ("a  b", "a b", "differ only in spaces"),
    ],
)
def test_code_points_tell_where_two_names_differ_if_it_cannot_be_seen(first, second, told):
    assert look(first) == look(second)
    assert difference(first, second) == told


def test_merged_classes_have_the_name_without_letters_of_another_script():
    for mixed in ("c\u0430t", "\u0441at"):
        assert names(decided(layout(**{mixed: 5, "cat": 3, "dog": 3})).layouts[0]) == ["cat", "dog"]


def test_an_import_merges_what_was_asked(tmp_path, home):
    files = classes(Cat=4, cat=4, dog=4)
    dataset, _ = imported(archive(tmp_path / "a.zip", files), home, layout="merged")
    assert dataset.class_sizes == {"cat": 8, "dog": 4}
    assert "'Cat' and 'cat' are one class." in dataset.notes
