"""Every input of ``tests/cases/import`` gives what ``import.toml`` says."""

import tomllib
from pathlib import Path

import pytest

from core.datasets import decode_untrusted, import_photos
from core.datasets.layout import Ambiguous
from core.datasets.values import Dataset, Rejection
from core.errors import InvalidInput, Refused
from core.files.home import datasets_folder

FOLDER = Path(__file__).parent / "import"
CASES = tomllib.loads(Path(__file__).with_name("import.toml").read_text(encoding="utf-8"))["case"]
KEYS = {"file", "classes", "given", "splits", "unlabelled", "rejected", "notes"}
KEYS |= {"question", "layouts", "choose", "refused", "photo"}


def test_every_input_has_a_row_and_every_row_an_input():
    assert {case["file"] for case in CASES} == {path.name for path in FOLDER.iterdir()} - {"README.md"}
    assert {key for case in CASES for key in case} <= KEYS


@pytest.mark.parametrize("case", CASES, ids=[f"{case['file']}-{case.get('choose', '')}".strip("-") for case in CASES])
def test_an_input_gives_what_a_person_expects(case, home):
    if "photo" in case:
        (result,) = decode_untrusted([(case["file"], (FOLDER / case["file"]).read_bytes())])
        assert isinstance(result, Rejection) and case["photo"] in result.reason
    elif "refused" in case:
        with pytest.raises((InvalidInput, Refused)) as refusal:
            imported(case, home)
        assert case["refused"] in str(refusal.value) and stored(home) == []
    else:
        if "question" in case:
            with pytest.raises(Ambiguous) as asked:
                imported(case, home)
            assert case["question"] in str(asked.value) and stored(home) == []
            assert [layout.id for layout in asked.value.layouts] == case["layouts"]
        check(case, imported(case, home, layout=case.get("choose")))


def imported(case: dict, home, layout: str | None = None) -> Dataset:
    return import_photos(FOLDER / case["file"], settings=home, dataset_id="d-1", layout=layout)[0]


def stored(home) -> list[Path]:
    return list(datasets_folder(home).glob("*")) if datasets_folder(home).exists() else []


def check(case: dict, dataset: Dataset) -> None:
    assert dataset.class_sizes == case["classes"]
    assert dataset.split_given == bool(case.get("given"))
    assert {split: dataset.split_sizes[split] for split in case.get("splits", {})} == case.get("splits", {})
    assert dataset.unlabelled == case.get("unlabelled", 0)
    reasons = {rejection.file: rejection.reason for rejection in dataset.rejections}
    assert reasons.keys() == case.get("rejected", {}).keys()
    assert all(part in reasons[file] for file, part in case.get("rejected", {}).items())
    expected = case.get("notes", [])
    assert all(any(part in note for note in dataset.notes) for part in expected)
    if "choose" not in case:
        assert len(dataset.notes) == len(expected)
