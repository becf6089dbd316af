"""Machines of a cluster: each a namespace of processes, the second one also a network of its own.

Killing the first process of a machine kills everything on it at once, as a power cut does.
"""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core.errors import GraftError
from core.jobs.ray.client import RayClient

RAY = Path(__file__).parents[2] / ".venv-cluster" / "bin" / "ray"
HEAD, SECOND = "10.77.0.1", "10.77.0.2"
GCS, DASHBOARD = 6379, 8265
UP_SECONDS = 90
"""For so long a machine may take to become part of the cluster; it takes 10 s on a quiet one."""


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass
class Machine:
    """One machine.

    Args:
        address: in the network of the cluster. own_network: whether it has a network of its own, that can be cut.
        environment: of all its programs.
    """

    name: str
    address: str
    folder: Path
    own_network: bool
    environment: Mapping[str, str]
    process: subprocess.Popen | None = None
    log: list[str] = field(default_factory=list)

    def start(self, *ray: str) -> None:
        """Start Ray there; returns at once."""
        self.begin([str(RAY), "start", *ray, "--block"])

    def begin(self, command: Sequence[str]) -> None:
        """Start the machine with a program; returns at once."""
        self.folder.mkdir(parents=True, exist_ok=True)
        # bash stays the first process and reaps what others leave
        script = 'until ip -o addr show | grep -q "$ADDRESS/"; do sleep 0.1; done; "$@" & wait'
        spaces = ["unshare", "--pid", "--mount", "--fork", "--mount-proc", "--kill-child"]
        network = ["--net"] if self.own_network else []
        with (self.folder / "ray.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*spaces, *network, "bash", "-c", script, "bash", *command],
                env={**os.environ, **self.environment, "ADDRESS": self.address},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if self.own_network:
            self._connect()

    @property
    def link(self) -> str:
        """The end of its cable on the side of the tests."""
        return "head0"

    def _connect(self) -> None:
        init = self.first_process()
        ip("link", "add", self.link, "type", "veth", "peer", "name", "node0", "netns", str(init))
        ip("addr", "add", f"{HEAD}/24", "dev", self.link)
        ip("link", "set", self.link, "up")
        self.inside("ip", "link", "set", "lo", "up")
        self.inside("ip", "link", "set", "node0", "up")
        self.inside("ip", "addr", "add", f"{self.address}/24", "dev", "node0")

    def first_process(self) -> int:
        """Its id, as this test sees it."""
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
            if children and self._has_own_spaces(int(children[0])):
                return int(children[0])
            time.sleep(0.02)
        raise AssertionError(f"{self.name} did not start")

    def _has_own_spaces(self, pid: int) -> bool:
        return os.readlink(f"/proc/{pid}/ns/pid") != os.readlink("/proc/self/ns/pid")

    def inside(self, *command: str) -> subprocess.CompletedProcess:
        """Run a command on it."""
        target = ["nsenter", "--target", str(self.first_process()), "--net", "--pid", "--mount"]
        return subprocess.run([*target, *command], check=True, capture_output=True, text=True)

    def kill(self) -> None:
        """As a power cut: every process at once."""
        if self.process is None:
            return
        if self.process.poll() is None:
            os.kill(self.first_process(), signal.SIGKILL)
            self.process.wait()
        self.process = None
        if self.own_network:
            subprocess.run(["ip", "link", "del", self.link], capture_output=True)

    def cut(self) -> None:
        """As when its cable is pulled: nothing arrives any more, in either direction."""
        ip("link", "set", self.link, "down")

    def mend(self) -> None:
        ip("link", "set", self.link, "up")

    def processes(self, part: str) -> list[int]:
        """Ids of its processes whose command line has this in it, as this test sees them."""
        own = os.readlink(f"/proc/{self.first_process()}/ns/pid")
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                if os.readlink(path / "ns" / "pid") == own and part in (path / "cmdline").read_bytes().decode():
                    found.append(int(path.name))
            except OSError:
                continue
        return found


@dataclass
class RayCluster:
    """A head and a second machine, both of which train.

    Args:
        environment: of all programs of both.
    """

    folder: Path
    token: str
    environment: dict[str, str]

    def __post_init__(self) -> None:
        ip("link", "set", "lo", "up")
        ip("addr", "add", f"{HEAD}/32", "dev", "lo")
        self.token_file = self.folder / "token"
        self.token_file.write_text(self.token)
        self.token_file.chmod(0o600)
        self.head = self._machine("head", HEAD, own_network=False)
        self.second = self._machine("second", SECOND, own_network=True)

    @property
    def address(self) -> str:
        return f"http://{HEAD}:{DASHBOARD}"

    def client(self) -> RayClient:
        return RayClient(self.address, self.token)

    def _machine(self, name: str, address: str, *, own_network: bool) -> Machine:
        folder = self.folder / name
        own = {
            "HOME": str(folder),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self.token_file),
            "RAY_JOB_STOP_WAIT_TIME_S": "20",
            "GRAFT_CACHE": str(folder / "cache"),
            "OMP_NUM_THREADS": "1",
        }
        environment = self.environment | own
        return Machine(name=name, address=address, folder=folder, own_network=own_network, environment=environment)

    def start_head(self) -> None:
        self._up(self.head, ("--head", "--port", str(GCS), "--dashboard-host", HEAD, "--dashboard-port", str(DASHBOARD),
                             "--temp-dir", str(self.folder / "s")))  # fmt: skip

    def start_second(self, **environment: str) -> None:
        self.second.environment = {**self.second.environment, **environment}
        self._up(self.second, ("--address", f"{HEAD}:{GCS}"))

    def _up(self, machine: Machine, arguments: Sequence[str], attempts: int = 3) -> None:
        """On a busy machine Ray's own processes give up now and then; then all of them end, and it is started again."""
        common = [
            "--node-ip-address",
            machine.address,
            "--node-name",
            machine.name,
            "--num-cpus",
            "1",
            "--num-gpus",
            "0",
        ]
        common += ["--object-store-memory", "80000000", "--disable-usage-stats"]
        for _ in range(attempts):
            machine.start(*arguments, *common)
            if self._becomes_alive(machine):
                return
            machine.kill()
        raise AssertionError(f"{machine.name}: {(machine.folder / 'ray.log').read_text()[-3000:]}")

    def _becomes_alive(self, machine: Machine) -> bool:
        deadline = time.monotonic() + UP_SECONDS
        while time.monotonic() < deadline and machine.process.poll() is None:
            if machine.name in self.alive():
                time.sleep(1.0)
                return machine.name in self.alive()
            time.sleep(0.5)
        return False

    def alive(self) -> set[str]:
        try:
            return {node.name for node in self.client().nodes() if node.is_alive}
        except GraftError:
            return set()

    def end(self) -> None:
        self.second.kill()
        self.head.kill()
