"""What a machine is called in forecasts: forecasts of one machine say nothing about another one."""

import platform
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from core.planning.speed import cores


def hardware(devices: Sequence[str] = (), cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Processor, cores that may be used, and GPUs: ``AMD EPYC 7B12, 2 cores``.

    Unlike the name of a host it is the same in every container of a machine.

    Args:
        devices: titles of GPUs that train runs.
    """
    return ", ".join([_processor(cpuinfo), f"{cores()} cores", *devices])


@cache
def _processor(cpuinfo: Path) -> str:
    """The model of the processor; the architecture where the kernel does not name it (arm64)."""
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", cpuinfo.read_text(), re.MULTILINE)
    except OSError:
        found = None
    return " ".join(found[1].split()) if found else platform.machine()
