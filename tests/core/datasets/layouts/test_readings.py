"""The ways to read an upload: layouts and encodings."""

from core.datasets.layouts.readings import read_upload
from tests.photo_files import Raw, forged


def ambiguous(path, encoding: str = "cp850"):
    """Class names that fit two encodings."""
    return forged(path, [Raw(f"{name}/{n}.jpg".encode(encoding)) for name in ("Äpfel", "Birnen") for n in range(3)])


def test_encodings_that_fit_are_asked_with_a_name_in_each(tmp_path):
    choice = read_upload(ambiguous(tmp_path / "a.zip"))
    assert [layout.id for layout in choice.layouts] == ["cp850", "cp1252"]
    assert "'Äpfel' in cp850" in choice.question and "'Žpfel' in cp1252" in choice.question
    chosen = choice.chosen("cp1252")
    assert {candidate.class_name for candidate in chosen.candidates} == {"Birnen", "Žpfel"}
    assert chosen.notes == ("File names were read as Windows Western European (cp1252).",)
    assert "cp850" in choice.layouts[0].title


def test_an_encoding_that_was_named_asks_nothing(tmp_path):
    path = ambiguous(tmp_path / "a.zip")
    choice = read_upload(path, encoding="cp850")
    assert not choice.question and choice.layouts[0].id == "folders"
    assert choice.layouts[0].notes == ("File names were read as DOS Western European (cp850).",)


def test_a_certain_encoding_is_a_note(tmp_path):
    raw = [Raw(f"{name}/1.jpg".encode("gb18030")) for name in ("苹果", "香蕉")]
    choice = read_upload(forged(tmp_path / "a.zip", raw))
    assert not choice.question and choice.layouts[0].notes == ("File names were read as GBK (Chinese).",)


def test_files_refused_at_sight_are_among_the_rejections_of_every_way(tmp_path):
    for camera in ("left", "right"):
        for name in ("cat", "dog"):
            (tmp_path / camera / name).mkdir(parents=True)
            (tmp_path / camera / name / "1.jpg").write_bytes(b"1")
    (tmp_path / "latest").symlink_to("left")
    choice = read_upload(tmp_path)
    assert len(choice.layouts) == 2
    for layout in choice.layouts:
        assert [(one.file, one.reason) for one in layout.rejections] == [
            ("latest", "is a link to a folder, which is not followed; copy the folder here")
        ]
