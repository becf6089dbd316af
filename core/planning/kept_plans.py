"""Plans that are made once for all open pages, as long as nothing changes that they rest on."""

import threading
import time
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from weakref import WeakKeyDictionary

from core.files.home import features_folder, weights_folder
from core.people.acting import acting
from core.planning.decide import Decision, Plan
from core.planning.grid_plan import GridPlan
from core.recipes.recipe import Recipe
from core.registry import Registry
from core.settings import Settings

CAPACITY = 8
"""States whose plans are kept per registry: one for every dataset and person that plans now."""

FRESH_SECONDS = 30
"""Free disk and memory, and files that are not looked at here, change without the registry."""

_CONTINUED = (Decision.RESUMED, Decision.EXTENDED)
"""Such plans rest on a checkpoint, which is a file: they are few, and are made anew every time."""


@dataclass
class KeptPlans:
    """Plans that were made in one state.

    Args:
        single: of recipes. whole: by what was chosen, and what else it depends on.
    """

    single: dict[Recipe, Plan] = field(default_factory=dict)
    whole: dict[Hashable, GridPlan] = field(default_factory=dict)

    def keep(self, plans: Mapping[Recipe, Plan]) -> None:
        self.single |= {recipe: plan for recipe, plan in plans.items() if plan.decision not in _CONTINUED}

    def keep_whole(self, choice: Hashable, plan: GridPlan) -> None:
        if not any(one.decision in _CONTINUED for one in plan.plans):
            self.whole[choice] = plan


_lock = threading.Lock()
_kept: WeakKeyDictionary[Registry, OrderedDict[Hashable, KeptPlans]] = WeakKeyDictionary()


def kept_plans(registry: Registry, settings: Settings, dataset_id: str) -> KeptPlans:
    """The plans of a dataset for the acting person that were made in the state of now; to be called before others are
    made, so that what changes meanwhile is noticed at the next call."""
    state = _state(registry, settings, dataset_id)
    with _lock:
        states = _kept.setdefault(registry, OrderedDict())
        found = states.setdefault(state, KeptPlans())
        states.move_to_end(state)
        while len(states) > CAPACITY:
            states.popitem(last=False)
        return found


def _state(registry: Registry, settings: Settings, dataset_id: str) -> Hashable:
    """Equal while the plans of a dataset are what they were.

    The epochs of a run that trains change none: its recipe is planned as *running now* until it has ended.
    """
    person, folders = acting(), (features_folder(settings), weights_folder(settings))
    window, files = int(time.time() / FRESH_SECONDS), tuple(map(_changed_at, folders))
    return settings.home, dataset_id, person.name, person.role, window, files, registry.settled_state()


def _changed_at(folder: Path) -> int:
    """When something was added to a folder or deleted; 0 where there is none."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0
