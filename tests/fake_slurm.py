"""Commands that answer as those of Slurm 22.05 do, for a cluster whose jobs the test moves on.

What they print and how they fail was copied from a running Slurm: a refused submission says why in the last line of its
error output; a signal to a job that waits fails; cancelling what has ended succeeds; without a controller every command
fails. The state is a file, because each command is a process of its own.
"""

import json
import os
import sys
from pathlib import Path

NAMES = ("sbatch", "squeue", "scancel", "scontrol")
AWAY = "Unable to contact slurm controller (connect failure)"
KNOWN = {
    *("partition", "account", "qos", "time", "mem", "parsable", "job-name", "nodelist", "nodes", "ntasks"),
    *("cpus-per-task", "dependency", "no-requeue", "signal", "export", "chdir", "output", "gres", "constraint"),
}


class FakeSlurm:
    """The cluster, in a folder with its commands."""

    def __init__(self, folder: Path) -> None:
        self.commands, self._path = folder / "bin", folder / "slurm.json"
        self.commands.mkdir(parents=True)
        for name in NAMES:
            path = self.commands / name
            path.write_text(f"#!{sys.executable} -SEs\n{Path(__file__).read_text()}\nraise SystemExit(main())\n")
            path.chmod(0o755)
        self._write({"nodes": [], "partitions": [["main", "YES", "UP"]], "jobs": [], "fault": "", "calls": []})

    @property
    def environ(self) -> dict[str, str]:
        return {"PATH": f"{self.commands}:/usr/bin:/bin", "FAKE_SLURM": str(self._path)}

    def state(self) -> dict:
        return json.loads(self._path.read_text())

    def _write(self, state: dict) -> None:
        self._path.write_text(json.dumps(state))

    def change(self, **values) -> None:
        self._write(self.state() | values)

    def shut_down(self) -> None:
        """Its controller is away."""
        self.change(fault=AWAY)

    def add_node(self, name: str, *, cpus: int = 2, gpus: int = 0, kind: str = "a100", state: str = "IDLE", **more):
        """Another machine; its id is returned."""
        node = {"name": name, "cpus": cpus, "gpus": gpus, "kind": kind, "state": state, "memory": 8000, "threads": 1}
        node |= {"partitions": "main", "used": [0, 0, 0], "reason": "", "started": "2026-11-30T18:07:43"} | more
        self.change(nodes=[*self.state()["nodes"], node])
        return f"{name}@{node['started']}"

    def set_node(self, name: str, **values) -> None:
        self.change(nodes=[node | (values if node["name"] == name else {}) for node in self.state()["nodes"]])

    @property
    def jobs(self) -> dict[str, dict]:
        """By name, the last of each."""
        return {job["name"]: job for job in self.state()["jobs"]}

    def set_job(self, name: str, **values) -> None:
        self.change(jobs=[job | (values if job["name"] == name else {}) for job in self.state()["jobs"]])

    def end(self, name: str, state: str, comment: str = "", code: int = 0) -> None:
        reason = "NonZeroExitCode" if code else "None"
        self.set_job(name, state=state, comment=comment or "(null)", code=code << 8, reason=reason)

    def asking(self) -> list[str]:
        """Names of the jobs that ask machines."""
        return [job["name"] for job in self.state()["jobs"] if job["name"].startswith("graft-machine-")]

    def calls(self, name: str) -> list[list[str]]:
        """The arguments of each call of a command."""
        return [arguments for command, *arguments in self.state()["calls"] if command == name]


def main() -> int:
    path = Path(os.environ["FAKE_SLURM"])
    state = json.loads(path.read_text())
    name, arguments = Path(sys.argv[0]).name, sys.argv[1:]
    state["calls"].append([name, *arguments])
    fault = state["fault"]
    try:
        if fault and fault != "after":
            prefix = {"sbatch": "sbatch: error: Batch job submission failed: ", "scontrol": "slurm_load_node error: "}
            return _fail(prefix.get(name, "slurm_load_jobs error: ") + fault)
        command = {"sbatch": _sbatch, "squeue": _squeue, "scancel": _scancel, "scontrol": _scontrol}[name]
        status = command(state, arguments)
        if fault == "after" and name == "sbatch":
            return _fail("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation")
        return status
    finally:
        path.write_text(json.dumps(state))


def _fail(message: str, status: int = 1) -> int:
    print(message, file=sys.stderr)
    return status


def _sbatch(state: dict, arguments: list[str]) -> int:
    given = dict(one.removeprefix("--").partition("=")[::2] for one in arguments)
    unknown = next((one for one in given if one not in KNOWN), None)
    if unknown:
        return _fail(f"sbatch: unrecognized option '--{unknown}'\nTry \"sbatch --help\" for more information", 255)
    script = sys.stdin.read()
    if not script.startswith("#!"):
        return _fail("sbatch: error: This does not look like a batch script.")
    failed = "sbatch: error: Batch job submission failed: "
    partition = given.get("partition") or next(one[0] for one in state["partitions"] if one[1] == "YES")
    if partition not in [one[0] for one in state["partitions"]]:
        return _fail(
            f"sbatch: error: invalid partition specified: {partition}\n{failed}Invalid partition name specified"
        )
    if given.get("account") == "nobody":
        return _fail(f"{failed}Invalid account or account/partition combination specified")
    node = next((one for one in state["nodes"] if one["name"] == given["nodelist"]), None)
    if node is None:
        return _fail(f"{failed}Invalid node name specified")
    memory = given.get("mem", "0M")
    if int(memory[:-1]) * {"M": 1, "G": 1024}[memory[-1]] > node["memory"]:
        first = "sbatch: error: Memory specification can not be satisfied\n"
        return _fail(f"{first}{failed}Requested node configuration is not available")
    gpus = int(given.get("gres", "gpu:0").rpartition(":")[2])
    if gpus > node["gpus"] or int(given["cpus-per-task"]) > node["cpus"]:
        return _fail(f"{failed}Requested node configuration is not available")
    number = len(state["jobs"]) + 1
    job = {"number": number, "name": given["job-name"], "state": "PENDING", "reason": "None", "code": 0}
    job |= {"comment": "(null)", "arguments": given, "script": script, "environment": dict(os.environ)}
    state["jobs"].append(job)
    print(number)
    return 0


def _squeue(state: dict, arguments: list[str]) -> int:
    assert arguments[:3] == ["--me", "--states=all", "--noheader"], arguments
    for job in state["jobs"]:
        print(*(job[name] for name in ("number", "state", "code", "reason", "name", "comment")), sep="|")
    return 0


def _scancel(state: dict, arguments: list[str]) -> int:
    job = next(one for one in state["jobs"] if str(one["number"]) == arguments[-1])
    signals = "--signal=TERM" in arguments
    if job["state"] == "PENDING" and signals:
        error = "Job can not be altered now, try again later"
        return _fail(f"scancel: error: Kill job error on job id {job['number']}: {error}", 228)
    if job["state"] in ("PENDING", "RUNNING") and not signals:
        job["state"] = "CANCELLED"
    return 0


def _scontrol(state: dict, arguments: list[str]) -> int:
    if arguments[0] == "update":
        number, comment = arguments[1].partition("=")[2], arguments[2].partition("=")[2]
        next(one for one in state["jobs"] if str(one["number"]) == number)["comment"] = comment
    elif arguments[-1] == "partitions":
        for name, default, up in state["partitions"]:
            print(f"PartitionName={name} AllowGroups=ALL Default={default} QoS=N/A MaxTime=UNLIMITED State={up}")
    else:
        for one in state["nodes"]:
            print(_node(one))
    return 0


def _node(one: dict) -> str:
    cpus, gpus, memory = one["used"]
    gres, used = (f"gpu:{one['kind']}:{number}".replace("::", ":") for number in (one["gpus"], gpus))
    reason = f"Reason={one['reason']} [root@2026-11-30T18:13:46]" if one["reason"] else ""
    return (
        f"NodeName={one['name']} Arch=x86_64 CoresPerSocket=1  CPUAlloc={cpus} CPUEfctv={one['cpus']} "
        f"CPUTot={one['cpus']} CPULoad=2.54 AvailableFeatures=(null) ActiveFeatures=(null) "
        f"Gres={gres + '(S:0)' if one['gpus'] else '(null)'} GresDrain=N/A GresUsed={used}(IDX:N/A) "
        f"NodeAddr={one['name']}.lab NodeHostName={one['name']} Version=22.05.8 OS=Linux 6.1.0 #1 SMP "
        f"PREEMPT_DYNAMIC @0  RealMemory={one['memory']} AllocMem={memory} FreeMem=13616 Sockets=2 Boards=1 "
        f"State={one['state']} ThreadsPerCore={one['threads']} TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A "
        f"Partitions={one['partitions']}  BootTime=2026-11-29T20:31:19 SlurmdStartTime={one['started']} "
        f"LastBusyTime=2026-11-30T18:07:44 CfgTRES=cpu=2,mem=2000M,billing=2 AllocTRES= CapWatts=n/a "
        f"ExtSensorsTemp=n/s {reason}"
    )
