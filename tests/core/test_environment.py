"""``.ci/environment``: which Python and which requirements ``make`` takes, with stubs in place of real ones."""

import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from core.settings import REPOSITORY

STUB = """#!{python}
import sys
version = {version}
if sys.argv[1:] == ["--version"]:
    print("Python", ".".join(map(str, version)))
    sys.exit()
sys.version_info = type("Version", (tuple,), {{}})((*version, "final", 0))
{more}
exec(sys.stdin.read())
"""
GPU_STUB = "#!/bin/sh\necho 'GPU 0: NVIDIA H200 (UUID: GPU-1)'\n"


class Machine:
    """A PATH with nothing on it but what a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in ("sh", "uname", "grep", "cat"):
            (self.bin / name).symlink_to(shutil.which(name))

    def put(self, name: str, text: str) -> Path:
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(text)
        path.chmod(0o755)
        return path

    def python(self, name: str, *version: int, more: str = "") -> str:
        return str(self.put(name, STUB.format(python=sys.executable, version=version, more=more)))

    def system(self, kernel: str, machine: str) -> None:
        self.put("uname", f'#!/bin/sh\n[ "$1" = -m ] && echo {machine} || echo {kernel}\n')

    def ask(self, *words: str, **environment: str) -> subprocess.CompletedProcess:
        command = [str(self.bin / "sh"), str(REPOSITORY / ".ci" / "environment"), *words]
        return subprocess.run(command, env={"PATH": str(self.bin)} | environment, capture_output=True, text=True)


@pytest.fixture
def machine(tmp_path) -> Machine:
    machine = Machine(tmp_path)
    machine.system("Linux", "x86_64")
    return machine


def test_the_newest_python_that_fits_is_taken(machine):
    machine.python("python3", 3, 11, 2)
    assert machine.ask("python").stdout.strip().endswith("/python3")
    machine.python("python3.12", 3, 12, 3)
    machine.python("python3.14", 3, 14, 0)
    assert machine.ask("python").stdout.strip().endswith("/python3.12")
    newest = machine.python("python3.13", 3, 13, 5)
    assert machine.ask("python").stdout.strip() == newest


def test_debian_13_has_its_python_under_the_short_name_only(machine):
    python = machine.python("python3", 3, 13, 5)
    assert machine.ask("python").stdout.strip() == python


def test_a_name_that_does_not_run_is_passed_over(machine):
    machine.put("python3.13", "#!/bin/sh\necho 'pyenv: python3.13: command not found' >&2; exit 127\n")
    fits = machine.python("python3.11", 3, 11, 7)
    assert machine.ask("python").stdout.strip() == fits


@pytest.mark.parametrize(
    ("version", "more", "why"),
    [
        ((3, 9, 2), "", "is Python 3.9.2"),
        ((3, 14, 0), "", "is Python 3.14.0"),
        ((3, 13, 1), "sys.modules['ensurepip'] = None", "apt-get install python3.13-venv"),
        ((3, 13, 1), "import sysconfig; sysconfig.get_config_var = lambda name: 1", "free-threaded"),
        ((3, 13, 1), "sys.maxsize = 2**31 - 1", "32-bit"),
        ((3, 13, 1), "import platform; platform.libc_ver = lambda: ('', '')", "glibc"),
    ],
)
def test_a_python_that_does_not_fit_is_named_with_the_reason(machine, version, more, why):
    machine.python("python3", *version, more=more)
    answer = machine.ask("python")
    assert answer.returncode == 1 and answer.stdout == ""
    assert why in answer.stderr and "3.11, 3.12 or 3.13" in answer.stderr and "uv" in answer.stderr


def test_a_chosen_python_decides_and_is_checked(machine):
    machine.python("python3.13", 3, 13, 5)
    older = machine.python("mine", 3, 11, 1)
    assert machine.ask("python", PYTHON=older).stdout.strip() == older
    machine.python("mine", 3, 10, 1)
    refusal = machine.ask("python", PYTHON=older)
    assert refusal.returncode == 1 and f"PYTHON={older}, which is Python 3.10.1" in refusal.stderr


def test_uv_gets_a_python_where_none_fits(machine, tmp_path):
    machine.python("python3", 3, 9, 2)
    fetched = tmp_path / "python3.13"
    find = f'[ "$1 $2" = "python find" ] && [ -e {fetched}.done ] && echo {fetched}'
    machine.put("uv", f"#!/bin/sh\n{find}\n: > {fetched}.done\n")
    answer = machine.ask("python")
    assert answer.stdout.strip() == str(fetched)
    assert "uv gets Python 3.13" in answer.stderr


def test_uv_without_a_network_is_told(machine):
    machine.put("uv", "#!/bin/sh\nexit 2\n")
    answer = machine.ask("python")
    assert answer.returncode == 1 and "uv could not get" in answer.stderr


@pytest.mark.parametrize(
    ("kernel", "machine_name", "sentence"),
    [
        ("Darwin", "arm64", "Linux virtual machine or container"),
        ("MINGW64_NT-10.0", "x86_64", "WSL2"),
        ("Linux", "armv7l", "no packages for armv7l"),
    ],
)
def test_other_systems_are_told_what_works(machine, kernel, machine_name, sentence):
    machine.python("python3.13", 3, 13, 5)
    machine.system(kernel, machine_name)
    answer = machine.ask("python")
    assert answer.returncode == 1 and sentence in answer.stderr


def test_both_architectures_of_linux_are_served(machine):
    python = machine.python("python3.13", 3, 13, 5)
    machine.system("Linux", "aarch64")
    assert machine.ask("python").stdout.strip() == python


def test_a_gpu_that_answers_is_used_and_the_switch_turns_it_off(machine):
    assert machine.ask("requirements").stdout.strip() == "requirements.txt"
    machine.put("nvidia-smi", "#!/bin/sh\necho 'NVIDIA-SMI could not communicate with the driver.'\nexit 9\n")
    assert machine.ask("requirements").stdout.strip() == "requirements.txt"
    machine.put("nvidia-smi", GPU_STUB)
    assert machine.ask("requirements").stdout.strip() == "requirements-gpu.txt"
    assert "with CUDA (an NVIDIA GPU answers); GPU=0" in machine.ask("told", "requirements-gpu.txt").stderr
    assert machine.ask("requirements", GPU="0").stdout.strip() == "requirements.txt"
    assert "for the CPU (GPU=0)" in machine.ask("told", "requirements.txt", GPU="0").stderr
    machine.system("Linux", "aarch64")
    assert machine.ask("requirements").stdout.strip() == "requirements.txt"
    assert machine.ask("requirements", GPU="1").stdout.strip() == "requirements-gpu.txt"
    assert machine.ask("requirements", GPU="yes").returncode == 1


def make(machine: Machine, *words: str) -> subprocess.CompletedProcess:
    path = f"{machine.bin}{os.pathsep}{os.environ['PATH']}"
    command = ["make", "--dry-run", "VENV=.venv-that-is-not-there", *words, "setup"]
    return subprocess.run(command, cwd=REPOSITORY, env=os.environ | {"PATH": path}, capture_output=True, text=True)


def test_make_installs_what_was_chosen(machine):
    machine.put("nvidia-smi", GPU_STUB)
    machine.system("Linux", platform.machine() if platform.machine() != "aarch64" else "x86_64")
    assert "python requirements-gpu.lock" in make(machine).stdout
    assert "python requirements-gpu.lock" not in make(machine, "GPU=0").stdout
    refused = make(machine, "GPU=2")
    assert refused.returncode != 0 and "GPU must be 0, 1 or auto" in refused.stderr
