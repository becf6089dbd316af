"""How the server process keeps its memory."""

import subprocess
import sys
from pathlib import Path

import pytest

from core.web.server.serve import REUSED_BYTES

CODE = """
import resource
from core.web.server.serve import REUSED_BYTES, return_freed_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

return_freed_memory()
bytearray(REUSED_BYTES // 2)
before = faults()
for _ in range(100):
    bytearray(REUSED_BYTES // 2)
print(faults() - before)
empty = resident()
table = bytearray(50 * REUSED_BYTES)
full = resident()
del table
print(full - empty, resident() - empty)
"""


@pytest.fixture(scope="module")
def measured() -> list[int]:
    """In a process of its own: malloc's settings cannot be taken back."""
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True, timeout=120)
    return list(map(int, done.stdout.split()))


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc")
def test_the_pixels_of_a_photo_reuse_memory_and_those_of_a_large_table_are_returned(measured):
    faults, table, left = measured
    assert faults < 200, "each of 100 arrays of 2 MB would be 512 page faults"
    assert table >= 50 * REUSED_BYTES * 0.9 and left < REUSED_BYTES
