"""A Slurm cluster on one computer: Debian's munged and slurmctld, and a slurmd for each machine.

Everything runs as an ordinary user. A machine is a namespace of processes and of the host's name, so that Slurm takes
it for a computer of its own; killing its first process kills everything on it at once, as a power cut does.
"""

import os
import secrets
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

USER = "graft"
UP_SECONDS = 60
"""For so long the cluster may take to start; it takes 3 s on a quiet computer."""

CONFIGURATION = """
ClusterName=tests
SlurmctldHost=front(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={place}/munge/socket
SlurmctldPort=16817
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool/%n
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd-%n.pid
SlurmctldLogFile={place}/slurmctld.log
SlurmdLogFile={place}/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SwitchType=switch/none
MpiDefault=none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=sched_interval=5,batch_sched_delay=1
SlurmdParameters=config_overrides
SlurmdTimeout=20
KillWait=20
GresTypes=gpu
"""


@dataclass
class SlurmMachine:
    """A machine of the cluster: its slurmd, and the jobs on it."""

    name: str
    place: Path
    environment: dict[str, str]
    process: subprocess.Popen | None = None

    def start(self) -> None:
        (self.place / self.name).mkdir(exist_ok=True)
        (self.place / "spool" / self.name).mkdir(parents=True, exist_ok=True)
        spaces = ["unshare", "--pid", "--mount", "--uts", "--fork", "--mount-proc", "--kill-child"]
        # bash stays the first process and reaps what others leave
        script = f"hostname {self.name} && {{ slurmd -D -N {self.name} & wait; }}"
        with (self.place / f"{self.name}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*spaces, "bash", "-c", script], env=self.environment, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip

    def first_process(self) -> int:
        assert self.process is not None
        [child] = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        return int(child)

    def kill(self) -> None:
        """As a power cut: every process at once."""
        if self.process is not None and self.process.poll() is None:
            os.kill(self.first_process(), signal.SIGKILL)
            self.process.wait()
        self.process = None


@dataclass
class SlurmCluster:
    """Two machines with one CPU each, a third one with two GPUs that it does not have, and their controller.

    Args:
        place: folder of everything, short because of the sockets in it.
    """

    place: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("munge", "state", "spool"):
            (self.place / name).mkdir(mode=0o700)
        (self.place / "passwd").write_text(
            f"root:x:0:0::/root:/bin/sh\n{USER}:x:{os.getuid()}:{os.getgid()}::{self.place}/home:/bin/bash\n"
        )
        subprocess.run(["mount", "--bind", str(self.place / "passwd"), "/etc/passwd"], check=True)
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        # Slurm asks the resolver for addresses of networks that this computer has, and loopback ones do not count
        subprocess.run(["ip", "addr", "add", "10.77.0.1/32", "dev", "lo"], check=True)
        self.environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin", "SLURM_CONF": str(self.place / "slurm.conf"),
            "HOME": f"{self.place}/home", "LC_ALL": "C.UTF-8",
        }  # fmt: skip
        self.configure()
        self.first, self.second, self.with_gpus = (
            SlurmMachine(name=name, place=self.place, environment=self.environment) for name in ("n1", "n2", "n3")
        )
        self._munge: subprocess.Popen | None = None
        self._controller: subprocess.Popen | None = None

    def configure(self, partition: str = "") -> None:
        nodes = [
            f"NodeName=n{number} NodeAddr=127.0.0.1 Port=1682{number} CPUs=1 RealMemory=1000 {more}"
            for number, more in ((1, ""), (2, ""), (3, "Gres=gpu:a100:2"))
        ]
        nodes.append(f"PartitionName=main Nodes=n[1-3] Default=YES MaxTime=INFINITE State=UP {partition}")
        nodes.append("PartitionName=short Nodes=n[1-2] MaxTime=INFINITE State=UP")
        text = CONFIGURATION.format(user=USER, place=self.place) + "\n".join(nodes) + "\n"
        (self.place / "slurm.conf").write_text(text)
        # these files exist everywhere; Slurm reads the number of a GPU from the name of its file
        (self.place / "gres.conf").write_text("NodeName=n3 Name=gpu Type=a100 File=/dev/tty[0-1]\n")

    def start(self) -> None:
        folder = self.place / "munge"
        key = folder / "key"
        key.write_bytes(secrets.token_bytes(128))
        key.chmod(0o600)
        names = {"key-file": key, "socket": folder / "socket", "pid-file": folder / "pid", "log-file": folder / "log"}
        names["seed-file"] = folder / "seed"
        arguments = [f"--{name}={path}" for name, path in names.items()]
        self._munge = self._daemon("munged", "--foreground", "--force", *arguments)
        self.until(lambda: (folder / "socket").exists(), "munged starts")
        self.start_controller()
        self.first.start()
        self.second.start()
        self.until(lambda: self.state("n1") == self.state("n2") == "IDLE", "both machines are up")

    def start_controller(self) -> None:
        self._controller = self._daemon("slurmctld", "-D")
        self.until(lambda: self.state("n1") != "", "the controller answers")

    def kill_controller(self) -> None:
        assert self._controller is not None
        self._controller.kill()
        self._controller.wait()

    def _daemon(self, name: str, *arguments: str) -> subprocess.Popen:
        script = f'hostname front && exec {name} "$@"'
        with (self.place / f"{name}.out").open("ab") as log:
            return subprocess.Popen(
                ["unshare", "--uts", "bash", "-c", script, "bash", *arguments], env=self.environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    def call(self, *command: str, **options) -> subprocess.CompletedProcess:
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, **options)

    def state(self, name: str) -> str:
        """What Slurm calls a machine; "" while it cannot be asked."""
        found = self.call("scontrol", "--oneliner", "show", "node", name).stdout.partition(" State=")[2]
        return found.partition(" ")[0]

    def until(self, condition: Callable[[], bool], what: str, seconds: float = UP_SECONDS) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                logs = "\n".join(f"== {path}\n{path.read_text()[-1500:]}" for path in sorted(self.place.glob("*.log")))
                raise AssertionError(f"not within {seconds:.0f} s: {what}\n{logs}")
            time.sleep(0.2)

    def end(self) -> None:
        for machine in (self.first, self.second, self.with_gpus):
            machine.kill()
        for process in (self._controller, self._munge):
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()
