"""One card a machine: whether it can train, what it has, its slots, and what trains in each."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from core.jobs.machine import MachineFacts
from core.runs.values import Run
from core.text.units import count, plain, size
from core.web.parts.times import timed, when
from core.web.parts.widgets import explained, run_chip
from core.web.runs.rows import open_link
from core.workbench import Workbench
from core.workbench.machines import MachinesOverview, MachineState, SlotState

NO_SUPERVISOR = "No supervisor is running; it starts with the next run."


def first_line(overview: MachinesOverview) -> str:
    """How many runs train at a time, and where nothing trains; Markdown."""
    if overview.problem:
        return f"{plain(overview.problem)} Runs that train go on; none is started."
    if overview.launcher == "local":
        slots, runs = len(overview.slots), count(len(overview.slots), "run")
        busy = f"{overview.busy} of {count(slots, 'slot')} busy"
        return f"This machine trains {runs} at a time: {busy}."
    able = [machine for machine in overview.machines if machine.can_train]
    if not able:
        return "No machine can train yet: each is asked by the supervisor before it gets its first run."
    total = f"{count(len(able), 'machine')} with {count(len(overview.slots), 'slot')}, {overview.busy} busy"
    unable = len(overview.machines) - len(able)
    gets = "gets" if unable == 1 else "get"
    return f"{total}; {count(unable, 'machine')} {gets} no runs." if unable else f"{total}."


def show(bench: Workbench, overview: MachinesOverview) -> None:
    """All machines, then runs whose machine is not known."""
    ordered = sorted(overview.machines, key=lambda machine: (not machine.can_train, not machine.problem, machine.name))
    for number, machine in enumerate(ordered):
        with st.container(border=True, key=f"machine-{number}"):
            _card(bench, machine, number)
    if overview.elsewhere:
        _elsewhere(overview.elsewhere)


def _card(bench: Workbench, machine: MachineState, number: int) -> None:
    with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
        st.header(plain(machine.name), anchor=False, width="content")
        st.markdown(state_badge(machine), width="content")
    about = ago_and_what(machine)
    if about:
        timed(about)
    if machine.problem:
        st.warning(plain(machine.problem), icon=":material/warning:")
    if machine.seen_at is not None and (machine.problem or machine.there is False):
        _ask_again(bench, machine, number)
    for slot in machine.slots:
        if slot.run or machine.can_train:
            _slot(slot, machine)


def state_badge(machine: MachineState) -> str:
    """Whether it can train, as a badge: never colour alone."""
    if machine.there is False:
        return ":gray-badge[:material/power_off: Not in the cluster]"
    if machine.problem:
        return ":orange-badge[:material/block: Gets no runs]"
    if machine.facts is None:
        return ":gray-badge[:material/hourglass_empty: Being asked]"
    if machine.there is None:
        return ":gray-badge[:material/help: Not known]"
    return ":green-badge[:material/check_circle: Can train]"


def ago_and_what(machine: MachineState) -> str:
    """Its devices, memory, free disk and version, and when it said so; for ``timed``."""
    facts = machine.facts
    parts = [plain(part) for part in _hardware(facts)] if facts else []
    if machine.seen_at is not None:
        parts.append(f"seen {when(machine.seen_at)}")
    return " · ".join(parts)


def _hardware(facts: MachineFacts) -> list[str]:
    kinds = Counter(f"{gpu.title} with {size(gpu.memory_bytes)}" for gpu in facts.gpus)
    parts = [kind if number == 1 else f"{number} x {kind}" for kind, number in kinds.items()]
    parts += [count(facts.cpus, "CPU")] if facts.cpus else []
    parts += [f"{size(facts.memory_bytes)} of memory"] if facts.memory_bytes else []
    parts += [f"{size(facts.disk_free_bytes)} free on disk"] if facts.disk_free_bytes else []
    return parts + ([f"Graft {facts.release}"] if facts.release else [])


def _slot(slot: SlotState, machine: MachineState) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        title = slot.title.removeprefix(f"{machine.name} ")
        st.markdown(f"**{plain(title)}**", width="content")
        if slot.run is None:
            st.markdown("free", width="content")
        else:
            run_chip(slot.run)
            open_link(slot.run)


def _ask_again(bench: Workbench, machine: MachineState, number: int) -> None:
    label, help_ = "Check again", "The supervisor asks this machine again within some seconds."
    if machine.there is False:
        label, help_ = "Remove from this list", "It comes back by itself when it is part of the cluster again."
    if st.button(label, key=f"machines.again-{number}", icon=":material/refresh:", help=help_):
        with explained():
            bench.ask_machine_again(machine.name)
            st.rerun()


def _elsewhere(runs: Sequence[Run]) -> None:
    st.header("Elsewhere", anchor=False)
    st.caption("The machines of these runs are not known now, for example because the cluster does not answer.")
    for run in runs:
        with st.container(horizontal=True, vertical_alignment="center"):
            run_chip(run)
            open_link(run)
