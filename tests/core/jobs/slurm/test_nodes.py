"""What Slurm says of its machines, in lines that a running one has printed."""

import pytest

from core.errors import Unavailable
from core.jobs.cluster.nodes import slots_of
from core.jobs.slurm.nodes import chosen, fields_of, nodes_of, partitions_of

LINE = (
    "NodeName=vm Arch=x86_64 CoresPerSocket=1  CPUAlloc=1 CPUEfctv=2 CPUTot=2 CPULoad=2.54 AvailableFeatures=(null) "
    "ActiveFeatures=(null) Gres=gpu:a100:2 GresDrain=N/A GresUsed=gpu:a100:1(IDX:0) NodeAddr=127.0.0.1 NodeHostName=vm "
    "Version=22.05.8 OS=Linux 6.18.44-fc-v857 #1 SMP PREEMPT_DYNAMIC @0  RealMemory=2000 AllocMem=500 FreeMem=13616 "
    "Sockets=2 Boards=1 State=MIXED ThreadsPerCore=1 TmpDisk=0 Weight=1 Owner=N/A MCS_label=N/A Partitions=main,all  "
    "BootTime=2026-11-29T20:31:19 SlurmdStartTime=2026-11-30T18:07:43 LastBusyTime=2026-11-30T18:07:44 "
    "CfgTRES=cpu=2,mem=2000M,billing=2 AllocTRES=cpu=1,mem=500M CapWatts=n/a CurrentWatts=0 AveWatts=0 "
    "ExtSensorsJoules=n/s ExtSensorsWatts=0 ExtSensorsTemp=n/s "
)


def one(*changes):
    line = LINE
    for old, new in changes:
        assert old in line
        line = line.replace(old, new)
    return nodes_of(line)[0]


def test_a_machine():
    found = one()
    node = found.node
    assert (node.id, node.name, node.address) == ("vm@2026-11-30T18:07:43", "vm", "127.0.0.1")
    assert (node.cpus, node.gpus, node.gpu_kind, node.memory_bytes) == (2, 2, "a100", 2000 * 2**20)
    assert node.is_alive and node.problem == ""
    assert found.used == {"CPU": 1, "GPU": 1, "memory": 500 * 2**20}
    assert found.partitions == {"main", "all"}


def test_it_has_another_id_when_slurm_was_started_again_there_only():
    assert one(("BootTime=2026-11-29T20:31:19", "BootTime=2026-11-29T20:31:18")).node.id == one().node.id
    assert one(("SlurmdStartTime=2026-11-30T18:07:43", "SlurmdStartTime=2026-11-30T19:00:00")).node.id != one().node.id


@pytest.mark.parametrize("state", ["IDLE", "MIXED", "ALLOCATED", "IDLE+PLANNED", "MIXED+CLOUD", "IDLE+RESERVED"])
def test_states_in_which_jobs_start(state):
    assert one(("State=MIXED", f"State={state}")).node.problem == ""


@pytest.mark.parametrize(
    "state",
    ["DOWN", "DOWN*", "IDLE*", "IDLE+DRAIN", "MIXED+DRAIN", "UNKNOWN", "IDLE+MAINT", "IDLE+POWERED_DOWN", "IDLE~",
     "IDLE+NOT_RESPONDING", "DOWN+REBOOT_ISSUED", "FUTURE", "SOMETHING_NEW"],
)  # fmt: skip
def test_states_in_which_none_does(state):
    assert one(("State=MIXED", f"State={state}")).node.problem == f"Slurm calls it {state}."


def test_why_a_machine_is_drained_whatever_its_administrator_wrote():
    reason = "Reason=disk is full, see State=IDLE [sltest@2026-11-30T18:13:46]"
    found = one(("State=MIXED", "State=IDLE+DRAIN"), ("ExtSensorsTemp=n/s ", f"ExtSensorsTemp=n/s {reason}"))
    assert found.node.problem == "Slurm calls it IDLE+DRAIN: disk is full, see State=IDLE."


@pytest.mark.parametrize(
    ("gres", "gpus", "kind"),
    [
        ("(null)", 0, ""),
        ("gpu:2", 2, ""),
        ("gpu:h100:4(S:0-1)", 4, "h100"),
        ("gpu:a100:2(S:0),gpu:t4:1(S:1),shard:8", 3, ""),
        ("nic:1,gpu:nvidia_a100_1g.5gb:7", 7, "nvidia_a100_1g.5gb"),
        ("gpu:a100:0", 0, ""),
    ],
)
def test_gpus_by_kind(gres, gpus, kind):
    node = one(("Gres=gpu:a100:2 ", f"Gres={gres} ")).node
    assert (node.gpus, node.gpu_kind) == (gpus, kind)


def test_what_slurm_keeps_for_itself_is_not_reserved():
    node = one(("CPUEfctv=2 CPUTot=2", "CPUEfctv=6 CPUTot=8"), (" AllocMem", " MemSpecLimit=500 AllocMem")).node
    assert (node.cpus, node.memory_bytes) == (6, 1500 * 2**20)


def test_a_cluster_that_does_not_count_memory():
    node = one(("RealMemory=2000", "RealMemory=1")).node
    assert node.memory_bytes == 0 and slots_of(node)[0].memory_bytes == 0


def test_a_slot_has_whole_cores():
    node = one(("CPUEfctv=2 CPUTot=2", "CPUEfctv=16 CPUTot=16"), ("ThreadsPerCore=1", "ThreadsPerCore=2"),
               ("Gres=gpu:a100:2", "Gres=gpu:a100:3")).node  # fmt: skip
    assert [slot.cpus for slot in slots_of(node)] == [4, 4, 4]


def test_an_older_slurm_names_fewer_things():
    node = one(("CPUEfctv=2 ", ""), ("GresUsed=gpu:a100:1(IDX:0) ", ""), ("GresDrain=N/A ", "")).node
    assert node.cpus == 2


def test_fields_of_a_line_that_come_again_count_once():
    assert fields_of("A=1 B=two words C= A=2") == {"A": "1", "B": "two words", "C": ""}


PARTITIONS = "\n".join(
    f"PartitionName={name} AllowGroups=ALL Default={default} MaxTime=UNLIMITED State={state} TotalCPUs=2"
    for name, default, state in [("main", "YES", "UP"), ("gpu", "NO", "UP"), ("old", "NO", "DOWN")]
)


def test_the_partition_that_jobs_go_to():
    partitions = partitions_of(PARTITIONS)
    assert chosen(partitions, "") == {"main"}
    assert chosen(partitions, "gpu,old") == {"gpu"}


@pytest.mark.parametrize(
    ("wanted", "listed", "sentence"),
    [
        ("gpus", PARTITIONS, "Slurm has no partition 'gpus' that you may use; it has: gpu, main, old."),
        ("old", PARTITIONS, "The partition old of Slurm starts no jobs now."),
        ("", PARTITIONS.replace("YES", "NO"), "Slurm has no default partition. Choose one of gpu, main, old"),
        ("x", "", "Slurm has no partition 'x' that you may use; it has: none."),
    ],
)
def test_a_partition_that_starts_nothing(wanted, listed, sentence):
    with pytest.raises(Unavailable) as error:
        chosen(partitions_of(listed), wanted)
    assert str(error.value).startswith(sentence)
