"""The photos of a folder or an archive, to be predicted: read by the same policy as an import."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from core.datasets.archives.unpacking import unpacked
from core.datasets.archives.uploads import open_upload
from core.datasets.decoding.sandbox import task_of
from core.datasets.names import ARCHIVE_SUFFIXES
from core.datasets.values import Rejection
from core.errors import InvalidInput
from core.serving.photos import NamedPhoto
from core.settings import Settings


@dataclass(frozen=True, kw_only=True)
class UploadPhotos:
    """The files of a folder or archive that may be photos, and those that were refused at sight.

    Args:
        photos: named by their path inside; a child process reads and decodes them.
    """

    photos: tuple[NamedPhoto, ...]
    refused: tuple[Rejection, ...]


@contextmanager
def upload_photos(
    source: Path, settings: Settings, *, check: Callable[[], None] = lambda: None
) -> Iterator[UploadPhotos]:
    """The photos of a folder, ZIP or TAR archive; they can be read inside the block.

    Args:
        check: called again and again while a compressed archive is unpacked; an error it raises stops that.

    Raises:
        InvalidInput: there is nothing at ``source``, or no file in it. Refused: the archive breaks the policy.
        NoSpace: the disk is full.
    """
    with unpacked(source, settings, check=check) as plain:
        upload = open_upload(plain)
        if not upload.files and not upload.rejections:
            raise InvalidInput(f"There are no files in {str(source)!r}. Choose a folder or an archive with photos.")
        tasks = [(file.name, task_of(place, file, plain)) for place, file in enumerate(upload.files)]
        yield UploadPhotos(photos=tuple(tasks), refused=upload.rejections)


def holds_photos(path: Path) -> bool:
    """Whether a path is a folder or the name of an archive, rather than a photo."""
    return path.is_dir() or path.name.lower().endswith(ARCHIVE_SUFFIXES)
