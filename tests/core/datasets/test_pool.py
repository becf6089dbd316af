"""Photos without a class that are added to a dataset."""

import io
import shutil
from zipfile import ZipFile

import numpy as np
import pytest
from PIL import Image

from core.datasets.pool import FoldersAsked, add_to_pool, pool_of, pool_path, pool_photos
from core.errors import Cancelled, InvalidInput, NoSpace, NotFound
from core.files.home import dataset_folder, datasets_folder
from tests.factories import fill


def photo(seed: int, mode: str = "RGB") -> bytes:
    """A PNG of coloured fields, another one for every seed."""
    fields = np.random.default_rng(seed).integers(0, 255, (4, 4, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(fields).resize((96, 80), Image.Resampling.NEAREST).convert(mode).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def dataset(registry, settings):
    return fill(registry, settings, runs=0).dataset


@pytest.fixture
def folder(settings, dataset):
    return dataset_folder(settings, dataset.id)


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "new"
    path.mkdir()
    for number in range(4):
        (path / f"{number}.png").write_bytes(photo(number))
    return path


@pytest.fixture
def add(settings, dataset, folder):
    def add(source, left_out=lambda *_: {}, known=None, addition_id="a-1", **options):
        return add_to_pool(
            source,
            folder,
            dataset,
            settings=settings,
            addition_id=addition_id,
            known=known or {},
            left_out=left_out,
            **options,
        )

    return add


def test_the_photos_of_a_folder_are_decoded_and_stored_below_the_dataset(add, source, folder):
    part = add(source)
    assert [one.file for one in part.photos] == ["0.png", "1.png", "2.png", "3.png"]
    (stored,) = pool_of(folder)
    assert stored == part and stored.folder.parent.parent == folder.pool
    for one in part.photos:
        assert Image.open(pool_path(folder, one.digest)).format == "JPEG" and (one.width, one.height) == (96, 80)
    assert set(pool_photos(folder)) == {one.digest for one in part.photos}


def test_a_second_addition_is_a_part_of_its_own_with_its_own_digest(add, source, folder, tmp_path):
    first = add(source)
    more = tmp_path / "more.zip"
    with ZipFile(more, "w") as archive:
        archive.writestr("five.png", photo(5))
    second = add(more, addition_id="a-2")
    assert pool_of(folder) == (first, second) and first.digest != second.digest


def test_copies_are_left_out_and_said(add, source):
    shutil.copyfile(source / "0.png", source / "again.png")
    first = add(source)
    assert [(one.file, one.reason) for one in first.rejections] == [("again.png", "is a copy of 0.png, which is kept")]
    known = {one.digest: "rose/1.jpg" for one in first.photos[:3]}
    second = add(source, known=known, addition_id="a-2")
    assert [one.file for one in second.photos] == ["3.png"]
    assert second.rejections[0].reason == "is a copy of rose/1.jpg, which is here already"


def test_an_upload_of_copies_adds_nothing(add, source, folder):
    known = {one.digest: one.file for one in add(source).photos}
    with pytest.raises(InvalidInput, match=r"Nothing was added: 4 photos received, each a copy .* '0.png' is a copy"):
        add(source, known=known, addition_id="a-2")
    near = dict.fromkeys(known, "is a near-copy of rose/1.jpg, which is here already")
    with pytest.raises(InvalidInput, match="'0.png' is a near-copy of rose/1.jpg"):
        add(source, left_out=lambda *_: near, addition_id="a-3")
    assert len(folder.pool_additions()) == 1


def test_near_copies_are_left_out_with_their_files(add, source):
    def one_near(folder, photos):
        assert {path.stem for path in folder.iterdir()} == {one.digest for one in photos}
        return {photos[1].digest: "is a near-copy of rose/1.jpg, which is here already"}

    part = add(source, left_out=one_near)
    assert [one.file for one in part.photos] == ["0.png", "2.png", "3.png"] and len(part.rejections) == 1
    assert len(list(part.folder.iterdir())) == 3


def test_folders_are_asked_about(add, source, dataset):
    for name in ("rose", "other"):
        (source / name).mkdir()
        (source / name / "x.png").write_bytes(photo(10 + len(name)))
    with pytest.raises(FoldersAsked, match="folders that are called like classes: 'rose'.*next version of 'flowers'"):
        add(source)
    assert len(add(source, flat=True).photos) == 6


def test_one_folder_inside_an_archive_is_no_question(add, tmp_path):
    archive = tmp_path / "a.zip"
    with ZipFile(archive, "w") as file:
        file.writestr("DCIM/one.png", photo(1))
    assert len(add(archive).photos) == 1


def test_files_that_are_no_photos_are_refused_one_by_one(add, source, tmp_path):
    (source / "note.txt").write_text("hello")
    (source / "broken.jpg").write_bytes(b"\xff\xd8 no photo")
    part = add(source)
    assert [one.file for one in part.rejections] == ["broken.jpg", "note.txt"] and len(part.photos) == 4
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(InvalidInput):
        add(empty, addition_id="a-2")
    (empty / "note.txt").write_text("hello")
    with pytest.raises(InvalidInput, match="The only file cannot be used"):
        add(empty, addition_id="a-2")


def test_16_bit_grey_without_a_scale_is_refused(add, source, dataset):
    assert dataset.grey_bits is None
    Image.fromarray(np.full((64, 64), 4000, np.uint16)).save(source / "grey.png")
    (one,) = add(source).rejections
    assert one.file == "grey.png" and "16-bit grey" in one.reason


def test_nothing_remains_of_an_addition_that_failed(add, source, folder, settings, monkeypatch):
    with pytest.raises(Cancelled):
        add(source, cancelled=lambda: True)
    with monkeypatch.context() as full:
        full.setattr("core.datasets.importing.shutil.disk_usage", lambda _: shutil._ntuple_diskusage(1, 1, 0))
        with pytest.raises(NoSpace):
            add(source)
    assert pool_of(folder) == () and not list(datasets_folder(settings).glob(".tmp-*"))


def test_a_dataset_that_was_deleted_meanwhile_does_not_come_back(add, source, folder):
    def deleted(*_):
        shutil.rmtree(folder.path)
        return {}

    with pytest.raises(NotFound, match="was deleted while"):
        add(source, left_out=deleted)
    assert not folder.path.exists()
