"""Layouts of labels in tables, alone and beside folders."""

import json

import pytest

from core.errors import InvalidInput
from tests.core.datasets.uploads_of import choice_of, counts


def certain(texts, *patterns):
    choice = choice_of(texts, *patterns)
    assert not choice.question and len(choice.layouts) == 1, choice.question
    return choice.layouts[0]


def table(count: int, labels, head: str = "file,label", line: str = "{0}.jpg,{1}", first: int = 0) -> str:
    return "\n".join([head, *(line.format(n, labels[n % len(labels)]) for n in range(first, first + count))])


def coco(categories: list[int]) -> str:
    return json.dumps(
        {
            "images": [{"id": n, "file_name": f"{n}.jpg"} for n in range(len(categories))],
            "categories": [{"id": 0, "name": "pets"}, {"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}],
            "annotations": [{"image_id": n, "category_id": category} for n, category in enumerate(categories)],
        }
    )


SPLITS = ("train", "valid", "test")
EVERY_SPLIT = {split: {"cat": 2, "dog": 2} for split in ("train", "validation", "test")}
LABELLED = {
    "cassava": (
        {
            "train.csv": table(6, "01", "image_id,label"),
            "map.json": '{"0": "Blight", "1": "Healthy"}',
            "sample_submission.csv": table(2, "44"),
        },
        ("train_images/*6", "test_images/x*1"),
        {"": {"Blight": 3, "Healthy": 3}},
        1,
    ),
    "plant pathology": (
        {
            "train.csv": table(6, ["1,0", "0,1"], "image_id,healthy,rust", "Train_{0},{1}"),
            "test.csv": "image_id\nTest_0\nTest_1",
        },
        ("images/Train_*6", "images/Test_*2"),
        {"": {"healthy": 3, "rust": 3}},
        2,
    ),
    "ham10000": (
        {"HAM10000_metadata.csv": table(8, ["mel", "nv", "nv"], "image_id,dx", "{0},{1}")},
        ("HAM10000_images_part_1/*4", "HAM10000_images_part_2/{4,5,6,7}.jpg"),
        {"": {"mel": 3, "nv": 5}},
        0,
    ),
    "dog breeds": (
        {"labels.csv": table(6, ["pug", "lab"], "id,breed", "a{0},{1}")},
        ("train/a*6", "test/b*3"),
        {"": {"pug": 3, "lab": 3}},
        3,
    ),
    "roboflow multiclass": (
        {f"{split}/_classes.csv": table(4, ["1, 0", "0, 1"], "filename, cat, dog", "{0}.jpg, {1}") for split in SPLITS},
        ("{train,valid,test}/*4",),
        EVERY_SPLIT,
        0,
    ),
    "roboflow coco": (
        {f"{split}/_annotations.coco.json": coco([1, 2, 1, 2]) for split in SPLITS},
        ("{train,valid,test}/*4", "README.roboflow.txt"),
        EVERY_SPLIT,
        0,
    ),
    "hugging face csv": (
        {f"{split}/metadata.csv": table(4, ["cat", "dog"], "file_name,label") for split in SPLITS},
        ("{train,valid,test}/*4",),
        EVERY_SPLIT,
        0,
    ),
    "hugging face jsonl": (
        {
            f"{split}/metadata.jsonl": "\n".join(
                f'{{"file_name": "{n}.jpg", "label": "{["cat", "dog"][n % 2]}"}}' for n in range(4)
            )
            for split in SPLITS
        },
        ("{train,valid,test}/*4",),
        EVERY_SPLIT,
        0,
    ),
    "tiny imagenet": (
        {
            "t/val/val_annotations.txt": "\n".join(
                f"{n}.jpg\t{['n01443537', 'n01629819'][n % 2]}\t0\t32\t44\t62" for n in range(4)
            ),
            "t/wnids.txt": "n01443537\nn01629819\n",
            "t/words.txt": "n01443537\tgoldfish, Carassius auratus\nn01629819\tEuropean fire salamander, Salamandra\n",
        },
        ("t/train/{n01443537,n01629819}/images/*3", "t/val/images/*4", "t/test/images/*2"),
        {
            "train": {"goldfish": 3, "European fire salamander": 3},
            "validation": {"goldfish": 2, "European fire salamander": 2},
        },
        2,
    ),
    "synset folders alone": ({}, ("train/{n01440764,n01443537}/*2",), {"": {"tench": 2, "goldfish": 2}}, 0),
    "state farm": (
        {"driver_imgs_list.csv": "subject,classname,img\np1,c0,0.jpg\np1,c1,3.jpg"},
        ("imgs/train/c0/{0,1,2}.jpg", "imgs/train/c1/{3,4,5}.jpg", "imgs/test/x*3"),
        {"": {"c0": 3, "c1": 3}},
        3,
    ),
    "a table that agrees": (
        {
            "l.csv": "f,label\n"
            + "\n".join(f"{name}/{n}.jpg,{number}" for number, name in enumerate("ab") for n in range(3))
        },
        ("{a,b}/*3",),
        {"": {"a": 3, "b": 3}},
        0,
    ),
}


@pytest.mark.parametrize("name", LABELLED)
def test_labels_are_read_where_they_lie(name):
    texts, patterns, expected, unlabelled = LABELLED[name]
    layout = certain(texts, *patterns)
    assert counts(layout) == expected and len(layout.unlabelled) == unlabelled
    assert layout.given == frozenset(expected) - {""}


def test_imagenets_validation_photos_get_the_synset_of_their_boxes():
    rows = [f"v{n},{['n01440764 1 2 3 4 n01440764 5 6 7 8', 'n01443537 9 9 9 9'][n % 2]} " for n in range(4)]
    texts = {"LOC_val_solution.csv": "ImageId,PredictionString\n" + "\n".join(rows)}
    layout = certain(texts, "train/{n01440764,n01443537}/*3", "val/v*4")
    assert counts(layout) == {"train": {"tench": 3, "goldfish": 3}, "validation": {"tench": 2, "goldfish": 2}}


def test_several_categories_are_rejected_and_photos_without_one_unlabelled():
    several = json.loads(coco([1, 2, 1, 2, 0]))
    several["annotations"].append({"image_id": 0, "category_id": 2})
    several["annotations"] = [record for record in several["annotations"] if record["category_id"]]
    layout = certain({"_annotations.coco.json": json.dumps(several)}, "*5")
    assert counts(layout) == {"": {"cat": 1, "dog": 2}} and [file.name for file in layout.unlabelled] == ["4.jpg"]
    assert {rejection.file: rejection.reason for rejection in layout.rejections} == {
        "0.jpg": "shows several categories ('cat' and 'dog'); a photo needs one"
    }


def test_annotations_without_categories_are_an_error_in_one_sentence_of_what_is_needed():
    texts = {
        f"{split}/_annotations.coco.json": '{"images": [], "annotations": [], "categories": []}' for split in SPLITS
    }
    with pytest.raises(
        InvalidInput, match="hold photos but no class folders.*add a table.*name no class for any photo"
    ):
        choice_of(texts, "{train,valid,test}/*4")


ASKED = {
    "columns": (
        {"l.csv": table(8, ["r,o", "g,s", "r,s", "g,o"], "file,colour,shape")},
        ("i/*8",),
        ["labels:l.csv:file:colour", "labels:l.csv:file:shape"],
    ),
    "contradiction": (
        {"l.csv": table(4, "xy", line="a/{0}.jpg,{1}") + "\n" + table(4, "xy", "b/9.jpg,x", "b/{0}.jpg,{1}")},
        ("{a,b}/*4",),
        ["folders", "labels:l.csv:file:label"],
    ),
    "splits of a table": (
        {
            "l.csv": "file,label,split\n"
            + "\n".join(f"{c}/{n}.jpg,{c},{['train', 'test'][n % 2]}" for c in "ab" for n in range(4))
        },
        ("{a,b}/*4",),
        ["folders:splits", "folders"],
    ),
    "lists of splits": (
        {"m/train.txt": "a/0\na/1\nb/0\nb/1", "m/test.txt": "a/2\nb/2"},
        ("images/{a,b}/*3",),
        ["folders:lists", "folders"],
    ),
    "file names": ({}, ("train/{cat,dog}.*3", "test/*2"), ["names"]),
    "file names and numbers": (
        {"a/list.txt": "cat_0 1\ncat_1 1\ndog_0 2\ndog_1 2\n"},
        ("images/{cat,dog}_*2",),
        ["names", "labels:a/list.txt:1:2"],
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_what_tables_leave_open_is_asked(name):
    texts, patterns, ids = ASKED[name]
    choice = choice_of(texts, *patterns)
    assert choice.question.endswith("?") and [layout.id for layout in choice.layouts] == ids


def test_a_label_that_is_no_name_is_rejected_with_its_photos():
    layout = certain({"l.csv": table(8, ["a", "b", "a", "b\x07"])}, "i/*8")
    assert counts(layout) == {"": {"a": 4, "b": 2}}
    assert {rejection.reason for rejection in layout.rejections} == {
        "has the label 'b\\u0007', which is no name for a class"
    }


def test_columns_and_paths_of_another_machine():
    text = '"Datei";"Klasse"\r\n' + "".join(
        f'"C:\\Fotos\\{n}.jpg";"{["Äpfel", "Birnen"][n % 2]}"\r\n' for n in range(6)
    )
    assert counts(certain({"l.csv": text.encode("cp1252")}, "fotos/train/*6")) == {"": {"Äpfel": 3, "Birnen": 3}}


def test_columns_of_which_none_is_called_the_label_are_asked_about():
    columns = table(8, ["mel,a", "nv,a", "nv,b"], "image_id,dx,sex", "{0},{1}")
    choice = choice_of({"meta.csv": columns}, "images/*8")
    assert choice.question == "There are 2 columns that may be the classes. Which are they?"
    assert [layout.id for layout in choice.layouts] == ["labels:meta.csv:image_id:dx", "labels:meta.csv:image_id:sex"]
    named = columns.replace(",dx,", ",label,")
    assert certain({"meta.csv": named}, "images/*8").id == "labels:meta.csv:image_id:label"


@pytest.mark.parametrize(
    "labels", ["a a a b b a", "b b b a a a"], ids=["one photo has another label", "the labels are swapped"]
)
def test_a_table_that_contradicts_the_folders_is_asked_about(labels):
    files = [f"{name}/{n}.jpg" for name in "ab" for n in range(3)]
    text = "file,label\n" + "\n".join(map(",".join, zip(files, labels.split(), strict=True)))
    choice = choice_of({"labels.csv": text}, "{a,b}/*3")
    assert choice.question == "The folders and a table of labels name different classes. Which are the classes?"
    assert [layout.id for layout in choice.layouts] == ["folders", "labels:labels.csv:file:label"]


def test_a_split_that_some_rows_do_not_name_is_not_used_and_that_is_noted():
    rows = [f"{n}.jpg,{'ab'[n % 2]},{split}" for n, split in enumerate(["train"] * 4 + ["test", "test", "", ""])]
    layout = certain({"l.csv": "file,label,split\n" + "\n".join(rows)}, "images/*8")
    assert not layout.given
    assert "In the table 2 photos name no split, so the splits that other rows name were not used." in layout.notes
