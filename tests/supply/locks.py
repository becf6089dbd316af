"""The locks: every package with the SHA-256 of each of its files on PyPI, so that ``pip`` installs no other file.

``make lock`` writes them from ``requirements*.txt`` with uv, which resolves for Linux on x86-64 and arm64 and Python
3.11 to 3.13 (``[tool.uv]`` in ``pyproject.toml``). A lock holds what the locks it names with ``-r`` do not.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from core.settings import REPOSITORY

INCLUDES: dict[str, tuple[str, ...]] = {
    "requirements-setup": (),
    "requirements": (),
    "requirements-gpu": ("requirements",),
    "requirements-hub": ("requirements",),
    "requirements-cluster": ("requirements",),
    "requirements-dev": ("requirements", "requirements-hub", "requirements-cluster"),
}
"""Every lock, and the ones it includes; a lock stands after those."""
HEADER = "# Written by `make lock` from {name}.txt. Do not edit.\n--require-hashes\n--only-binary :all:\n"


@dataclass(frozen=True)
class Locked:
    """One package of a lock."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        return str(self.requirement.specifier).removeprefix("==")

    def text(self) -> str:
        return " \\\n".join((str(self.requirement), *(f"    --hash={each}" for each in self.hashes))) + "\n"


def lock_file(name: str, folder: Path = REPOSITORY) -> Path:
    return folder / f"{name}.lock"


def read(text: str) -> Iterator[Locked]:
    """The packages of a lock, without those of the locks it includes."""
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip() and not line.startswith(("#", "-")):
            requirement, *hashes = line.split("--hash=")
            yield Locked(Requirement(requirement.strip()), tuple(each.strip() for each in hashes))


def locked(name: str, folder: Path = REPOSITORY) -> dict[str, Locked]:
    """All packages that installing a lock installs, by name."""
    found: dict[str, Locked] = {}
    for each in (*INCLUDES[name], name):
        if lock_file(each, folder).is_file():
            found |= {one.name: one for one in read(lock_file(each, folder).read_text())}
    return found


def write(uv: str, folder: Path = REPOSITORY) -> None:
    """Write all locks."""
    for name, included in INCLUDES.items():
        there = {one.text() for each in included for one in read(lock_file(each, folder).read_text())}
        texts = [_without_platform(one).text() for one in read(_resolved(uv, name, folder))]
        new = [text for text in texts if text not in there]
        head = HEADER.format(name=name) + "".join(f"-r {each}.lock\n" for each in included)
        lock_file(name, folder).write_text(f"{head}\n{''.join(new)}")
        print(f"{name}.lock: {len(new)} packages")


def _resolved(uv: str, name: str, folder: Path) -> str:
    """What uv makes of a requirements file; versions that nothing pins stay those of the lock that there is."""
    options = ["--universal", "--python-version", "3.11", "--only-binary", ":all:", "--generate-hashes"]
    options += ["--no-header", "--no-annotate", "--no-strip-extras", "--quiet"]
    with tempfile.TemporaryDirectory() as temporary:
        out = Path(temporary) / "lock.txt"
        out.write_text("".join(one.text() for one in locked(name, folder).values()))
        command = [uv, "pip", "compile", f"{name}.txt", "--output-file", str(out), *options]
        subprocess.run(command, cwd=REPOSITORY, check=True, stdout=subprocess.DEVNULL)
        return out.read_text()


def _without_platform(one: Locked) -> Locked:
    """Without the marker that only says which platforms there are: both of them."""
    marker = str(one.requirement.marker or "")
    if "aarch64" in marker and "x86_64" in marker:
        one.requirement.marker = None
    return one


if __name__ == "__main__":
    write(sys.argv[1] if len(sys.argv) > 1 else "uv")
