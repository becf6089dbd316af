"""What a folder on this machine is a copy of: a small file in it says which version of which artifact."""

import json
from dataclasses import asdict
from pathlib import Path

from core.files import atomic
from core.registry.artifacts import Artifact


def mark(path: Path, artifact: Artifact) -> None:
    """Records that the files beside ``path`` are this artifact."""
    atomic.write_json(path, asdict(artifact), durable=False)


def marked(path: Path) -> Artifact | None:
    """The artifact that the files beside ``path`` are; None where that is not known."""
    try:
        return Artifact(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
