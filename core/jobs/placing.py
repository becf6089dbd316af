"""Which waiting run is started in which free slot: the order of the queue decides, each run in a slot that fits it."""

from collections.abc import Iterator, Mapping, Sequence

from core.jobs.slots import Slot
from core.runs.needs import RunNeeds


def placed(waiting: Mapping[str, RunNeeds], free: Sequence[Slot]) -> Iterator[tuple[str, Slot]]:
    """Pairs of run and slot.

    A run that fits no free slot is passed over, and gets the next free slot that fits: the order of the queue counts
    in every round, so no run behind it takes that slot before. A run gets the first free slot that fits it, but rather
    one that no run behind it depends on.

    Args:
        waiting: needs by the id of the run, in the order in which runs start. free: in the order of the launcher.
    """
    left, behind = list(free), _Behind(waiting)
    for run_id, needs in waiting.items():
        if not left:
            return
        behind.pass_by(needs)
        fitting = [slot for slot in left if needs.fits(slot.resources)]
        if not fitting:
            continue
        chosen = next((slot for slot in fitting if not behind.depends_on(slot, left)), fitting[0])
        left.remove(chosen)
        yield run_id, chosen


class _Behind:
    """What the runs behind one need, each combination once: thousands of runs may need the same."""

    def __init__(self, waiting: Mapping[str, RunNeeds]) -> None:
        self._count: dict[RunNeeds, int] = {}
        for needs in waiting.values():
            if needs:
                self._count[needs] = self._count.get(needs, 0) + 1

    def pass_by(self, needs: RunNeeds) -> None:
        if needs:
            self._count[needs] -= 1

    def depends_on(self, slot: Slot, free: Sequence[Slot]) -> bool:
        """Whether one of them fits this free slot, and not every free one."""
        return any(
            number and needs.fits(slot.resources) and not all(needs.fits(one.resources) for one in free)
            for needs, number in self._count.items()
        )
