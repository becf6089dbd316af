"""How much folders take on the disk."""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def size_of(*folders: Path) -> int:
    """Bytes that are freed with ``folders``: a file with hard links elsewhere stays on the disk."""
    files = [found for folder in folders for found in _files(folder)]
    links = Counter((file.st_dev, file.st_ino) for file in files)
    sizes = {
        (file.st_dev, file.st_ino): file.st_size for file in files if links[file.st_dev, file.st_ino] >= file.st_nlink
    }
    return sum(sizes.values())


def _files(folder: Path) -> Iterator[os.stat_result]:
    """Status of all files below; files that another process deletes meanwhile are skipped."""
    for place, _, names in os.walk(folder):
        for name in names:
            with suppress(FileNotFoundError):
                yield os.lstat(os.path.join(place, name))
