"""What a machine that only trains does now and then for its folder: it has no web process and no supervisor."""

import time
from contextlib import suppress

from core.artifacts.upkeep import remove_copies
from core.errors import GraftError
from core.files.home import upkeep_stamp
from core.files.leftovers import remove_drafts
from core.registry import Registry
from core.settings import Settings

EVERY_SECONDS = 3600.0


def keep_up_here(settings: Settings, registry: Registry) -> None:
    """Deletes drafts of killed processes, and copies of what was deleted on another machine; once an hour at most.

    Nothing is raised: the next call tries again.

    Args:
        settings: of the machine, whose home is its ``GRAFT_CACHE``.
    """
    stamp = upkeep_stamp(settings)
    with suppress(GraftError, OSError):
        if not stamp.exists() or time.time() - stamp.stat().st_mtime > EVERY_SECONDS:
            remove_drafts(settings.home)
            remove_copies(settings, registry)
            stamp.touch()
