"""What this machine can do for Graft: its devices, its memory and disk, which code it has, and whether it reads the
artifacts.

``python -m core.jobs.machine NAME`` notes it in the registry. A launcher of a cluster has it run on every machine once,
before the machine gets its first run.
"""

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from core.artifacts.blobs import open_blobs
from core.errors import GraftError, InvalidInput
from core.jobs.gpu_use import gpu_use
from core.jobs.protocol import code_version
from core.registry import Registry
from core.settings import VERSION, Settings, load_settings

LEAST_FREE_BYTES = 500 * 10**6
"""A machine with less space in its folder gets no runs: the checkpoints of one would fill it."""


@dataclass(frozen=True, kw_only=True)
class GpuFacts:
    """A GPU of a machine, as its driver describes it; ``name`` is its UUID."""

    name: str
    title: str
    memory_bytes: int


@dataclass(frozen=True, kw_only=True)
class MachineFacts:
    """What a machine says about itself.

    Args:
        node: its id in the cluster, which changes when the cluster's software is started again; "" without a cluster.
        host: what it calls itself.
        release, version: of its Graft: the number people know, and ``code_version()``.
        cpus, memory_bytes: that Graft may use there.
        cache: its folder of stored features and fetched artifacts. disk_free_bytes: there.
        problem: why it cannot train, in a sentence; "" where it can.
    """

    node: str = ""
    host: str = ""
    release: str = ""
    version: str = ""
    cpus: int = 0
    memory_bytes: int = 0
    gpus: tuple[GpuFacts, ...] = ()
    cache: str = ""
    disk_free_bytes: int = 0
    problem: str = ""

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "MachineFacts":
        """Reverse of ``asdict``; what is missing or unknown is left out, as another version may have written it."""
        known = {field.name for field in fields(cls)} - {"gpus"}
        gpus = tuple(GpuFacts(**gpu) for gpu in content.get("gpus", ()))
        return cls(**{name: value for name, value in content.items() if name in known}, gpus=gpus)


def facts_of_this_machine(settings: Settings, node: str = "") -> MachineFacts:
    """Everything but its problem (``problem_of``)."""
    folder = settings.cache or settings.home
    return MachineFacts(
        node=node,
        host=platform.node(),
        release=VERSION,
        version=code_version(),
        cpus=len(os.sched_getaffinity(0)),
        memory_bytes=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        gpus=_gpus(),
        cache=str(folder),
        disk_free_bytes=_free(folder),
    )


def register(name: str, node: str, settings: Settings, registry: Registry) -> MachineFacts:
    """Note in the registry what this machine is, and whether it can train."""
    facts = facts_of_this_machine(settings, node)
    facts = replace(facts, problem=problem_of(facts, settings))
    registry.note_node(name, asdict(facts))
    return facts


def problem_of(facts: MachineFacts, settings: Settings) -> str:
    """Why this machine cannot train, as far as it knows itself; "" where it can."""
    try:
        folder = settings.cache or settings.home
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            return f"Its folder {folder} cannot be written. Give the cluster's user the right to, or set GRAFT_CACHE."
        if facts.disk_free_bytes < LEAST_FREE_BYTES:
            free = f"{facts.disk_free_bytes / 1e6:.0f} MB"
            return f"Its folder {folder} has {free} of free space left. Free some, or set GRAFT_CACHE to another one."
        if settings.artifacts:
            open_blobs(settings.artifacts).size("0" * 64)
    except GraftError as error:
        return f"It cannot read the artifacts: {error}"
    except OSError as error:
        return f"Its folder {facts.cache} cannot be made ({error.strerror}). Set GRAFT_CACHE to another one."
    return ""


def _free(folder: os.PathLike) -> int:
    with suppress(OSError):
        os.makedirs(folder, exist_ok=True)
        return shutil.disk_usage(folder).free
    return 0


def _gpus() -> tuple[GpuFacts, ...]:
    return tuple(GpuFacts(name=gpu.name, title=gpu.title, memory_bytes=gpu.total_bytes) for gpu in gpu_use())


def main(arguments: list[str] | None = None) -> int:
    """Note this machine in the registry; the exit status says whether it can train."""
    parser = argparse.ArgumentParser(prog="python -m core.jobs.machine", description="Note this machine.")
    parser.add_argument("name")
    parser.add_argument("--node", default="")
    options = parser.parse_args(arguments)
    try:
        settings = settings_of_node()
        facts = register(options.name, options.node, settings, Registry.of(settings))
    except (GraftError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    if facts.problem:
        print(facts.problem, file=sys.stderr)
    return int(bool(facts.problem))


def settings_of_node(environ: dict[str, str] | None = None) -> Settings:
    """The settings of a machine of a cluster, whose home is its ``GRAFT_CACHE``: nothing else of it is kept.

    Raises:
        InvalidInput: it has none, or no registry that it could share.
    """
    settings = load_settings(environ)
    if settings.cache is None:
        raise InvalidInput(
            f"GRAFT_CACHE is not set on {platform.node()}. Set it to a folder of that machine, for stored features and "
            "fetched artifacts."
        )
    return replace(settings, home=settings.cache)


if __name__ == "__main__":
    raise SystemExit(main())
