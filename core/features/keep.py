"""``python -m core.features.keep``: exports the networks that come with Graft, for all homes of this environment.

Part of ``make run`` and of the image: the first run of a new home then needs no export. Existing files are kept; see
``kept``.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from core.backbones import Backbone
from core.backbones.table import rows
from core.backbones.values import Availability
from core.backbones.weights import availability
from core.errors import Unavailable
from core.features.engine_store import notes_of
from core.features.engines import engine_file, engine_path
from core.features.kept import kept_folder, kept_notes, package_versions
from core.files import atomic
from core.files.native_output import without_native_errors
from core.settings import Settings


def backbones_of_graft(settings: Settings) -> list[Backbone]:
    """Those whose weights are installed with Graft."""
    own = (one for one in rows().values() if one.comes_with_graft)
    return [one for one in own if availability(one, settings) is Availability.READY]


def keep(backbone: Backbone, settings: Settings) -> bool:
    """Exports the network up to its top and keeps the file, unless it is kept already; whether it did.

    Args:
        settings: a home to export in.

    Raises:
        Unavailable: LiteRT cannot run it. OSError: the folder cannot be written.
    """
    target = kept_folder() / engine_path(backbone, settings).name
    if kept_notes(target.name) is not None:
        return False
    found = engine_file(backbone, settings)
    target.parent.mkdir(parents=True, exist_ok=True)
    with atomic.replacing(target) as draft:
        draft.write_bytes(found.path.read_bytes())
    notes = json.loads(notes_of(found.path).read_text()) | {"versions": package_versions()}
    atomic.write_json(notes_of(target), notes)
    return True


def main() -> int:
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(home=Path(folder))
        wanted = backbones_of_graft(settings)
        missing = [one for one in wanted if kept_notes(engine_path(one, settings).name) is None]
        if not missing:
            return 0
        try:
            kept_folder().mkdir(parents=True, exist_ok=True)  # before anything is computed
            print(f"Exporting {len(missing)} networks for this machine (once) …", flush=True)
            with without_native_errors():
                import keras  # noqa: F401 here, so that its import is not part of the cost of an export

                for one in missing:
                    keep(one, settings)
        except (OSError, Unavailable) as error:
            print(f"{error} Runs export their networks themselves.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
