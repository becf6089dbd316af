"""Machines as JSON: ``core machines``."""

from dataclasses import asdict

from core.workbench.machines import MachinesOverview, MachineState


def machines_json(overview: MachinesOverview) -> dict:
    """All machines with their slots; ``run`` is the id of the run that trains in a slot."""
    return {
        "launcher": overview.launcher,
        "supervisor": overview.supervisor or None,
        "problem": overview.problem,
        "machines": [machine_json(machine) for machine in overview.machines],
        "elsewhere": [run.id for run in overview.elsewhere],
    }


def machine_json(machine: MachineState) -> dict:
    """One machine; ``facts`` is null where it has not described itself."""
    return {
        "name": machine.name,
        "can_train": machine.can_train,
        "there": machine.there,
        "problem": machine.problem,
        "seen_at": machine.seen_at,
        "slots": [
            {"name": slot.name, "title": slot.title, "run": slot.run.id if slot.run else None} for slot in machine.slots
        ],
        "facts": asdict(machine.facts) if machine.facts else None,
    }
