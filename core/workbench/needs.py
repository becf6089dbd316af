"""What runs need of the slots in which they train: what is possible at all, and why a run waits."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from core import jobs
from core.errors import InvalidInput
from core.jobs.machine import MachineFacts
from core.people.acting import Role, acting
from core.planning.decide import Decision, Plan
from core.runs.needs import RunNeeds, SlotResources
from core.runs.values import Run, Status
from core.text.units import count
from core.workbench.base import Bench


class Needing(Bench):
    """What runs need."""

    def slot_resources(self) -> list[SlotResources]:
        """What the slots have that are known: of this machine, or those of the cluster as its supervisor saw them last,
        with those of machines that are away now; [] where nothing is known."""
        if not self.settings.launcher:
            try:
                return [slot.resources for slot in jobs.discover_slots()]
            except InvalidInput:  # GRAFT_GPUS names GPUs that are not there
                return []
        known = self.registry.known_slots()
        there = {one.name.rpartition("/")[0] for one in known}
        away = [record for record in self.registry.node_records() if record.name not in there]
        facts = [MachineFacts.from_json(record.facts) for record in away]
        return [one.resources for one in known] + [_of_machine(one) for one in facts if one.cpus]

    def waits(self, run_ids: Iterable[str]) -> dict[str, str]:
        """By run id, what a waiting run needs that not every slot has, in a sentence; other runs are omitted."""
        needs = self.registry.needs_of(run_ids)
        known = [one.resources for one in self.registry.known_slots()] if needs else []
        found = {run_id: _why(wanted, known) for run_id, wanted in needs.items()}
        return {run_id: sentence for run_id, sentence in found.items() if sentence}

    def _largest_memory(self) -> int | None:
        """Of the machines that train, where they are others than this one; 0 where it is not known."""
        if not self.settings.launcher:
            return None
        return max((slot.memory_bytes for slot in self.slot_resources()), default=0)

    def _require_possible(self, needs: RunNeeds) -> None:
        """Raises:
        InvalidInput: no slot that is known has it.
        """
        slots = self.slot_resources() if needs.is_stated else []
        sentence = needs.why_none(slots) if slots else ""
        if sentence:
            raise InvalidInput(f"Nothing was launched. {sentence} Ask for less, or add such a machine first.")

    def _needs_of_plan(self, plan: Plan, stated: RunNeeds) -> RunNeeds:
        """With the estimate of the plan where runs go to machines of different sizes."""
        if not self.settings.launcher or stated.memory_bytes:
            return stated
        return replace(stated, estimated_bytes=plan.memory_bytes)

    def _restate_needs(self, plan: Plan, needs: RunNeeds) -> None:
        """What is launched again with other needs gets those: a run that is resumed, and one that waits."""
        run_id = plan.run_id or ""
        is_resumed = plan.decision is Decision.RESUMED
        if not needs.is_stated or not (is_resumed or _may_change(self.registry.run(run_id))):
            return
        before = self.registry.needs_of([run_id]).get(run_id, RunNeeds())
        kept = 0 if needs.memory_bytes else before.estimated_bytes
        self.registry.set_needs(run_id, replace(needs, estimated_bytes=kept))


def _may_change(run: Run) -> bool:
    person = acting()
    return run.status is Status.SCHEDULED and (run.owner in ("", person.name) or person.may(Role.ADMIN))


def _of_machine(facts: MachineFacts) -> SlotResources:
    """What one slot of it can have at most. How many GPUs are one slot is the launcher's."""
    kinds = tuple(dict.fromkeys(gpu.title for gpu in facts.gpus))
    return SlotResources(
        gpus=min(len(facts.gpus), 1),
        gpu_kinds=kinds,
        gpu_bytes=min((gpu.memory_bytes for gpu in facts.gpus), default=0),
        memory_bytes=facts.memory_bytes,
        cpus=facts.cpus,
    )


def _why(needs: RunNeeds, slots: Sequence[SlotResources]) -> str:
    """ "" where every slot fits."""
    fitting = sum(needs.fits(slot) for slot in slots)
    if slots and fitting == len(slots):
        return ""
    if not slots:
        return f"It needs {needs.describe()}; no slot is known yet."
    if not fitting:
        return f"{needs.why_none(slots)} It starts when there is such a slot."
    fits = "fits" if fitting == 1 else "fit"
    return f"It needs {needs.describe()}; {fitting} of {count(len(slots), 'slot')} {fits}."
