"""Checks of the installation and the home, for ``python -m core doctor`` and the health page."""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from core import jobs
from core.artifacts.blobs import open_blobs
from core.backbones import catalogue, is_here
from core.backups.schedule import problem_of, state_of
from core.errors import GraftError
from core.features.engine_store import stored_engines
from core.features.store import stored_features
from core.files.room import free_bytes, low_space
from core.jobs.checkpoint_limit import checkpoint_bytes
from core.jobs.cluster.machines import why_not
from core.jobs.launchers import client_of
from core.jobs.machine import MachineFacts
from core.jobs.quota import quota_uses
from core.registry import Registry
from core.registry.nodes import NodeRecord
from core.settings import Settings
from core.text.units import count, duration, listed, size
from core.workbench.orphans import orphans, told


@dataclass(frozen=True, kw_only=True)
class Check:
    """One check: what was found, and what to do when it is not good."""

    name: str
    good: bool
    found: str
    advice: str = ""


def examine(settings: Settings, registry: Registry | None, problem: str = "") -> list[Check]:
    """All checks; ``registry`` is None where the home cannot be opened, and ``problem`` has the reason."""
    return [
        _python(),
        *(_package(name) for name in ("streamlit", "keras", "tensorflow", "tensorboard", "ai-edge-litert", "pillow")),
        _home(settings),
        _space(settings),
        *(
            (
                _registry(registry),
                _stores(settings, registry),
                *_quotas(settings, registry),
                _orphans(settings, registry),
                *_backup(settings, registry),
                *_cluster(settings, registry),
            )
            if registry
            else (Check(name="Registry", good=False, found="not opened", advice=problem),)
        ),
        _devices(),
        _weights(settings),
        _supervisor(settings),
    ]


def _python() -> Check:
    found = ".".join(map(str, sys.version_info[:3]))
    return Check(
        name="Python", good=(3, 11) <= sys.version_info < (3, 14), found=found, advice="Install Python 3.11 to 3.13."
    )


def _package(name: str) -> Check:
    try:
        return Check(name=name, good=True, found=version(name))
    except PackageNotFoundError:
        return Check(name=name, good=False, found="not installed", advice="Run `make setup`.")


def _home(settings: Settings) -> Check:
    writable = os.access(settings.home, os.W_OK)
    advice = "Make the folder writable or set GRAFT_HOME."
    return Check(name="Home", good=writable, found=str(settings.home), advice=advice)


def _space(settings: Settings) -> Check:
    low = low_space(settings)
    found = f"{free_bytes(settings) / 1e9:.1f} GB"
    return Check(name="Free disk", good=not low, found=found, advice=low)


def _registry(registry: Registry) -> Check:
    state = registry.integrity_check()
    found = f"{state}, {registry.product}"
    return Check(name="Registry", good=state == "ok", found=found, advice="Restore the newest backup of registry.db.")


def _stores(settings: Settings, registry: Registry) -> Check:
    """What is evicted beyond a limit."""
    stores = (
        ("features", sum(one.bytes for one in stored_features(settings)), settings.features_limit_bytes, True),
        ("engine files", sum(one.bytes for one in stored_engines(settings)), settings.engines_limit_bytes, True),
        ("checkpoints of finished runs", checkpoint_bytes(settings, registry), settings.checkpoints_limit_bytes, False),
    )
    found = [
        f"{name} {size(used)} {f'of {size(limit)}' if limit or always else 'without a limit'}"
        for name, used, limit, always in stores
    ]
    return Check(name="Stores", good=True, found=", ".join(found))


def _quotas(settings: Settings, registry: Registry) -> list[Check]:
    """Only where accounts have a quota."""
    if not settings.user_limit_bytes:
        return []
    uses = quota_uses(settings, registry)
    full = [f"{owner} ({size(use.used)})" for owner, use in uses.items() if use.used >= use.limit]
    found = f"each account may store {size(settings.user_limit_bytes)}"
    if uses:
        owner, most = max(uses.items(), key=lambda one: one[1].used)
        found += f"; used up by {listed(full, 5)}" if full else f"; {owner} has most: {size(most.used)}"
    advice = "They begin nothing new until they delete something, or GRAFT_USER_GB is raised."
    return [Check(name="Quotas", good=not full, found=found, advice=advice)]


def _backup(settings: Settings, registry: Registry) -> list[Check]:
    """Only where backups are scheduled."""
    state = state_of(settings, registry)
    if state is None:
        return []
    problem, age = problem_of(settings, state), state.age()
    found = "none yet; a supervisor makes the first one" if age is None else f"{duration(age)} old, in {state.folder}"
    if age is not None and state.missing:
        found += f"; {count(state.missing, 'file or folder', 'files or folders')} that the registry names was not there"
    advice = f"Make one: python -m core backup {state.folder} --models --datasets"
    return [Check(name="Backup", good=not problem, found=problem or found, advice=advice)]


def _orphans(settings: Settings, registry: Registry) -> Check:
    found = orphans(settings, registry)
    advice = (
        "`python -m core doctor --repair` moves folders without a row away and deletes the rest. Rows without a folder "
        "have lost their files: restore the folder, or delete the run or dataset."
    )
    return Check(name="Orphans", good=not found, found=told(found), advice=advice)


def _cluster(settings: Settings, registry: Registry) -> list[Check]:
    """What only exists where several machines work together."""
    found = [_leases(registry)]
    if settings.artifacts:
        found.append(_artifacts(settings))
    if settings.launcher:
        found.append(_launcher(settings))
    if records := registry.node_records():
        found.append(_machines(records))
    return found


def _launcher(settings: Settings) -> Check:
    """Whether the cluster answers, and has what the settings name."""
    try:
        machines = count(len(client_of(settings.launcher).nodes()), "machine")
    except GraftError as error:
        return Check(name="Launcher", good=False, found=f"{settings.launcher} cannot be used", advice=str(error))
    return Check(name="Launcher", good=True, found=f"{settings.launcher} knows {machines}")


def _leases(registry: Registry) -> Check:
    lapsed = registry.lapsed_runs()
    when = [f"{run.run_id} of {run.holder}" + (f" ({run.seconds:.0f} s ago)" if run.seconds else "") for run in lapsed]
    advice = (
        "The trainers of these runs have ended or cannot reach the registry. A supervisor starts the runs again; where "
        "none is running, start one with `python -m core run`."
    )
    return Check(
        name="Leases", good=not lapsed, found=f"lapsed: {listed(when, 5)}" if when else "none lapsed", advice=advice
    )


def _artifacts(settings: Settings) -> Check:
    try:
        open_blobs(settings.artifacts).size("0" * 64)
    except GraftError as error:
        return Check(name="Artifacts", good=False, found=f"{settings.artifacts} does not answer", advice=str(error))
    return Check(name="Artifacts", good=True, found=f"{settings.artifacts} answers")


def _machines(records: Sequence[NodeRecord]) -> Check:
    """By what each said when it was asked."""
    facts = {record.name: MachineFacts.from_json(record.facts) for record in records}
    unable = {name: problem for name, one in facts.items() if (problem := why_not(one))}
    able = f"{count(len(records) - len(unable), 'machine')} can train"
    told = [f"{name}: {problem}" for name, problem in unable.items()]
    first = next(iter(unable), None)
    advice = f"It gets no runs until that is mended; then: python -m core machines check {first}" if first else ""
    return Check(name="Machines", good=not unable, found="; ".join([able, *told]), advice=advice)


def _devices() -> Check:
    return Check(name="Devices", good=True, found=", ".join(slot.title for slot in jobs.discover_slots()))


def _weights(settings: Settings) -> Check:
    ready = [b.title for b in catalogue() if is_here(b, settings)]
    return Check(name="Weights", good=bool(ready), found=", ".join(ready) or "none", advice="Run `make setup`.")


def _supervisor(settings: Settings) -> Check:
    status = jobs.supervisor_status(settings)
    there = f"running elsewhere: {status.elsewhere}" if status.elsewhere else "running"
    return Check(
        name="Supervisor", good=True, found=there if status.running else "not running; it starts with the next run"
    )
