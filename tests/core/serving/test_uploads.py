"""The photos of a folder or an archive, to be predicted."""

import zipfile

import pytest

from core.datasets.decoding.warm import decoders
from core.errors import InvalidInput, Refused
from core.serving.uploads import holds_photos, upload_photos
from tests.photo_files import archive, jpeg

FILES = {"b/two.jpg": jpeg(2), "one.jpg": jpeg(1), "notes.txt": b"text", "__MACOSX/x": b"junk"}


@pytest.fixture(params=["folder", "zip"])
def source(request, tmp_path):
    if request.param == "zip":
        return archive(tmp_path / "photos.zip", FILES)
    for name, content in FILES.items():
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "photos"


def test_a_folder_and_an_archive_of_it_have_the_same_photos(settings, source):
    with upload_photos(source, settings) as upload:
        photos = dict(upload.photos)
        assert sorted(photos) == ["b/two.jpg", "notes.txt", "one.jpg"] and upload.refused == ()
        assert decoders.decode("one.jpg", photos["one.jpg"]).jpeg
        assert "text file" in decoders.decode("notes.txt", photos["notes.txt"]).reason


def test_what_is_refused_at_sight_is_listed(settings, tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(jpeg(1))
    (tmp_path / "photos" / "link.jpg").symlink_to(tmp_path / "photos" / "one.jpg")
    with upload_photos(tmp_path / "photos", settings) as upload:
        assert [name for name, _ in upload.photos] == ["one.jpg"]
        assert [(one.file, "is a link" in one.reason) for one in upload.refused] == [("link.jpg", True)]


def test_an_empty_folder_a_missing_one_and_a_hostile_archive_are_one_sentence(settings, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInput, match="There are no files in"), upload_photos(tmp_path / "empty", settings):
        pass
    with pytest.raises(InvalidInput, match="There is no file or folder"), upload_photos(tmp_path / "gone", settings):
        pass
    with zipfile.ZipFile(tmp_path / "evil.zip", "w") as evil:
        evil.writestr("../../evil.jpg", jpeg(1))
    with pytest.raises(Refused, match="points outside of the upload"), upload_photos(tmp_path / "evil.zip", settings):
        pass


def test_folders_and_archives_are_told_from_photos(tmp_path):
    assert holds_photos(tmp_path) and holds_photos(tmp_path / "Photos.TAR.GZ") and holds_photos(tmp_path / "a.zip")
    assert not holds_photos(tmp_path / "a.jpg")
