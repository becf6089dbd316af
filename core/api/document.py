"""The OpenAPI document, which a child prints: this process may have no docstrings, which it describes routes with
(decision 41), and no FastAPI."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from core.errors import Unavailable
from core.settings import REPOSITORY

SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One route: ``scope`` is what a token needs, ``does`` one sentence."""

    method: str
    path: str
    scope: str
    does: str


def operations() -> tuple[Operation, ...]:
    """All routes of REST, in the order of the document.

    Raises:
        Unavailable: the child fails.
    """
    return operations_of(json.loads(document()))


@cache
def document() -> bytes:
    """As JSON, made once in a process: it takes some seconds.

    Raises:
        Unavailable: the child fails.
    """
    command = [sys.executable, "-m", "core.api.document"]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONOPTIMIZE"}
    try:
        child = subprocess.run(
            command, cwd=REPOSITORY, env=environment, capture_output=True, timeout=SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise Unavailable(f"The routes cannot be listed now ({type(error).__name__}). Try again.") from None
    return child.stdout


def operations_of(document: Mapping[str, Any]) -> tuple[Operation, ...]:
    """The routes of an OpenAPI document of ``core.api.rest``."""
    return tuple(
        Operation(
            method=method.upper(),
            path=path,
            scope=operation["security"][0]["token"][0],
            does=operation["description"].partition("\n")[0],
        )
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    )


def main() -> None:
    """Print the document."""
    from core.api.rest import rest_application
    from core.workbench import Workbench

    print(json.dumps(rest_application(Workbench.open).openapi()))


if __name__ == "__main__":
    main()
