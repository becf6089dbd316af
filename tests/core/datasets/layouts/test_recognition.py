"""All ways to read an upload, by its folders."""

import random
import time

import pytest

from core.datasets.layouts.recognition import read_layouts
from core.datasets.layouts.split_words import split_word
from core.errors import InvalidInput
from tests.core.datasets.uploads_of import choice_of, counts, upload


def read(*patterns: str):
    return read_layouts(upload(*patterns))


def certain(*patterns: str):
    choice = read(*patterns)
    assert not choice.question and len(choice.layouts) == 1
    return choice.layouts[0]


KAGGLE = {
    "intel image classification": (
        ("seg_train/seg_train/{sea,street}/*3", "seg_test/seg_test/{sea,street}/*2", "seg_pred/seg_pred/*4"),
        {"train": {"sea": 3, "street": 3}, "test": {"sea": 2, "street": 2}},
        4,
    ),
    "brain tumor": (
        ("{Training,Testing}/{glioma,notumor}/*2",),
        {"train": {"glioma": 2, "notumor": 2}, "test": {"glioma": 2, "notumor": 2}},
        0,
    ),
    "brain mri": (("{yes,no}/*2", "brain_tumor_dataset/{yes,no}/x*2"), {"": {"yes": 4, "no": 4}}, 0),
    "state farm": (
        ("driver_imgs_list.csv", "imgs/train/{c0,c1}/*3", "imgs/test/*4"),
        {"": {"c0": 3, "c1": 3}},
        4,
    ),
    "chest x-ray": (
        (
            "chest_xray/{train,val,test}/{NORMAL,SICK}/*2",
            "chest_xray/chest_xray/{train,val,test}/{NORMAL,SICK}/x*1",
            "__MACOSX/chest_xray/{train,val}/._*9",
        ),
        {split: {"NORMAL": 3, "SICK": 3} for split in ("train", "validation", "test")},
        0,
    ),
    "asl alphabet": (
        ("asl_alphabet_train/asl_alphabet_train/{A,B}/*2", "asl_alphabet_test/asl_alphabet_test/*3"),
        {"": {"A": 2, "B": 2}},
        3,
    ),
    "dogs": (("Images/{n1-Chihuahua,n2-pug}/*2", "Annotation/{n1-Chihuahua,n2-pug}/n1_1"), {"": None}, 0),
    "caltech 101": (
        ("101_ObjectCategories/{BACKGROUND_Google,ant,anchor}/*2",),
        {"": {"BACKGROUND_Google": 2, "ant": 2, "anchor": 2}},
        0,
    ),
    "flowers": (("flower_photos/{daisy,rose}/*2", "flower_photos/LICENSE.txt"), {"": {"daisy": 2, "rose": 2}}, 0),
    "cats and dogs filtered": (
        ("c/vectorize.py", "c/{train,validation}/{cats,dogs}/*2"),
        {"train": {"cats": 2, "dogs": 2}, "validation": {"cats": 2, "dogs": 2}},
        0,
    ),
    "microsoft's": (("PetImages/{Cat,Dog}/*2", "CDLA-Permissive-2.0.pdf"), {"": {"Cat": 2, "Dog": 2}}, 0),
    "radiography": (("{COVID,Normal}/{images,masks}/*2", "README.txt"), {"": {"COVID": 2, "Normal": 2}}, 0),
    "roboflow": (
        ("{train,valid,test}/{cat,dog}/*2", "README.roboflow.txt"),
        {split: {"cat": 2, "dog": 2} for split in ("train", "validation", "test")},
        0,
    ),
    "class first": (
        ("{cat,dog}/{train,test}/*2",),
        {"train": {"cat": 2, "dog": 2}, "test": {"cat": 2, "dog": 2}},
        0,
    ),
    "beside a demo": (
        ("data/{train,test}/{cat,dog}/*2", "demo/*2"),
        {"train": {"cat": 2, "dog": 2}, "test": {"cat": 2, "dog": 2}},
        2,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", KAGGLE)
def test_layouts_of_public_datasets_are_certain(name):
    patterns, expected, unlabelled = KAGGLE[name]
    layout = certain(*patterns)
    if expected != {"": None}:
        assert counts(layout) == expected
    assert set(counts(layout)) == set(expected) and len(layout.unlabelled) == unlabelled
    assert layout.given == frozenset(expected) - {""}


@pytest.mark.parametrize(
    ("patterns", "ids"),
    [
        (("dataset/{a,b}/*3", "samples/*2"), ["subfolders", "folders"]),
        (("{camera1,camera2}/{cat,dog}/*2",), ["subfolders", "folders"]),
        (("{camera1,camera2}/{train,test}/{cat,dog}/*2",), ["subfolders", "folders"]),
        (("{test tubes,training shoes}/{red,blue}/*2",), ["splits", "folders"]),
        (("{cat,dog,test}/*2",), ["aside", "folders"]),
        (("{train,test,bus}/*2",), ["folders"]),
        (("train/{steam,diesel}/*2", "{test,bus}/*2"), ["splits", "folders"]),
        (("{images_1,images_2}/*2",), ["folders"]),
        (("cat/{train,test}/*2", "dog/train/*2", "bird/*3"), ["splits", "folders"]),
        (("{cat,dog,unlabelled}/*2",), ["aside", "folders"]),
        (("animal/{cat,dog}/*2", "thing/car/*2"), ["folders", "subfolders"]),
    ],
)
def test_what_can_be_read_in_several_ways_is_asked(patterns, ids):
    choice = read(*patterns)
    assert choice.question.endswith("?") and [layout.id for layout in choice.layouts] == ids
    assert len({layout.title for layout in choice.layouts}) == len(ids)
    for layout in choice.layouts:  # every file is accounted for
        files = [candidate.file.name for candidate in layout.candidates] + [file.name for file in layout.unlabelled]
        files += [rejection.file for rejection in layout.rejections]
        assert sorted(files) == sorted(file.name for file in upload(*patterns))


@pytest.mark.parametrize(
    "patterns", [("{train,bus,car}/*2",), ("{valid,invalid}/*2",), ("{test tubes,running shoes}/*2",)]
)
def test_a_class_may_be_named_like_a_split(patterns):
    assert len(counts(certain(*patterns))[""]) == len({file.parts[0] for file in upload(*patterns)})


@pytest.mark.parametrize(
    "patterns", [("{train,test,valid}/*3", "train/_annotations.coco.json"), ("{seg_train,seg_test}/images/*3",)]
)
def test_split_folders_without_classes_are_never_classes(patterns):
    with pytest.raises(InvalidInput, match="hold photos but no class folders"):
        read(*patterns)


def test_a_class_alone_in_its_folder_is_a_class_beside_folders_of_several():
    assert counts(read("animal/{cat,dog}/*2", "thing/car/*2").layouts[1]) == {"": {"car": 2, "cat": 2, "dog": 2}}


# --- properties ---

WORDS = {
    "train": ["train", "Training", "TRAIN", "training_set", "images_train", "Train-Data", "train2017"],
    "validation": ["val", "Valid", "VALIDATION", "val_images", "validation-set"],
    "test": ["test", "Testing", "TEST", "test_set", "images-test", "TestSet"],
}
JUNK = ["__MACOSX/._x.jpg", ".DS_Store", "Thumbs.db", ".git/objects/ab/x.jpg"]


def split_upload(rng: random.Random, words: dict[str, str]) -> list[str]:
    """Paths of classes in split folders, with the given words for the splits."""
    return [
        f"{words[split]}/{name}/{number}.jpg"
        for split in ("train", "validation", "test")[: rng.randint(2, 3)]
        for name in ("cat", "dog", "train", "images of test tubes")[: rng.randint(2, 4)]
        for number in range(rng.randint(1, 3))
    ]


@pytest.mark.parametrize("seed", range(150))
def test_wrapping_renaming_and_junk_change_no_class_and_no_split(seed):
    rng = random.Random(seed)
    plain = split_upload(random.Random(seed), {split: split for split in WORDS})
    affix = rng.choice(["", "", "seg_", "my-pets-"])
    words = {split: affix + rng.choice(options) for split, options in WORDS.items()}
    if rng.random() < 0.3:
        words = {split: f"{word}/{word}" for split, word in words.items()}
    top = "".join(
        f"{rng.choice(['data', 'pets', 'train', 'images', 'archive (1)', 'test'])}/" for _ in range(rng.randint(0, 3))
    )
    variant = [top + path for path in split_upload(random.Random(seed), words)]
    variant += [rng.choice(["", top]) + rng.choice(JUNK) for _ in range(3)] + [f"{top}readme.txt"] * (seed % 2)
    first, second = certain(*plain), certain(*dict.fromkeys(variant))
    assert counts(first) == counts(second) and first.given == second.given


@pytest.mark.parametrize("seed", range(300))
def test_no_certain_layout_of_folders_in_folders_has_split_words_as_classes(seed):
    rng = random.Random(seed)
    names = [word for options in WORDS.values() for word in options] + ["cat", "dog", "data", "a", "b", "x1", "x2"]
    patterns = set()
    for _ in range(rng.randint(2, 7)):
        folders = [rng.choice(names) for _ in range(rng.randint(1, 3))]
        patterns.add("/".join(folders) + "/*2")
    try:
        choice = read(*sorted(patterns))
    except InvalidInput:
        return
    nested = any(pattern.count("/") > 1 for pattern in patterns)
    if choice.question or not nested:
        return
    (layout,) = choice.layouts
    found = {candidate.class_name for candidate in layout.candidates}
    splits = {word.split for name in found if (word := split_word(name))}
    assert len(splits) < 2, (patterns, found)


def test_twenty_thousand_photos_with_a_table_are_read_in_seconds():
    """Linear in the number of photos: a quadratic step would take minutes."""
    names = [f"train/{number}.jpg" for number in range(20_000)]
    rows = "\n".join(f"{number},label {number % 100}" for number in range(20_000))
    started = time.process_time()
    choice = choice_of({"train.csv": f"id,label\n{rows}"}, *names)
    assert not choice.question and len(choice.layouts[0].candidates) == 20_000
    choice = choice_of(
        {"l.csv": f"f,label\n{chr(10).join(['x.jpg,a', 'x.jpg,b'] * 10_000)}"},
        *(f"d{number}/x.jpg" for number in range(20_000)),
    )
    assert len(choice.layouts[0].candidates) == 20_000
    assert time.process_time() - started < 10
