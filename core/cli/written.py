"""The file that a command writes: ``-o FILE``, checked before anything is computed, written whole or not at all."""

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from errno import EDQUOT, ENOSPC
from pathlib import Path

from core.errors import Conflict, InvalidInput, Unavailable
from core.files.atomic import replacing


def add_output(verb: ArgumentParser, help: str) -> None:
    verb.add_argument("-o", "--output", required=True, metavar="FILE", help=help)
    verb.add_argument("--force", action="store_true", help="overwrite the file")


def target_file(name: str, force: bool, endings: Sequence[str]) -> Path:
    """Where to write, checked before anything is computed."""
    target = Path(name).expanduser()
    if target.suffix.lower() not in endings:
        raise InvalidInput(f"The file must end in {' or '.join(endings)}. Received: {name[-80:]!r}")
    with _problems_in_words(target):
        if not target.parent.is_dir():
            raise InvalidInput(f"There is no folder {str(target.parent)!r} to write into.")
        if target.is_dir():
            raise InvalidInput(f"{name} is a folder. Name a file in it.")
        if target.exists() and not force:
            raise Conflict(f"{name} exists already. Add --force to overwrite it, or choose another name.")
    return target


def write_file(target: Path, content: bytes) -> None:
    """Complete or not at all; a kill leaves ``.<name>.<token>.part`` in the user's folder, where it stays."""
    with _problems_in_words(target), replacing(target, durable=False) as draft:
        draft.write_bytes(content)


@contextmanager
def _problems_in_words(target: Path) -> Iterator[None]:
    """An error about the requested file instead of the temporary one; a full disk is reported elsewhere."""
    try:
        yield
    except OSError as error:
        if error.errno in (ENOSPC, EDQUOT):
            raise
        raise Unavailable(
            f"{str(target)[:200]} cannot be written ({error.strerror}). Choose another folder or a shorter name."
        ) from None
