"""What jobs stand on: processes told apart, locks as signs of life, slots, logs."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.jobs import locks, logs, processes
from core.jobs.logs import tail, trim
from core.jobs.processes import Identity
from core.jobs.slots import CPU, discover_slots
from core.jobs.trainers import trainer_command, trainer_environment
from tests.jobs_home import FAKE_DRIVER, eventually, sleeper


@pytest.fixture
def other():
    process = sleeper()
    yield process
    process.kill()
    process.wait()


# --- processes ---


def test_a_process_is_known_by_id_start_and_boot(other):
    identity = processes.identity_of(other.pid)
    assert processes.is_alive(identity)
    assert Identity.from_dict(identity.to_dict()) == identity
    for wrong in ({"started": identity.started + 1}, {"boot": "another"}):
        assert not processes.is_alive(Identity(**(identity.to_dict() | wrong)))


def test_a_dead_process_is_dead_even_while_its_parent_has_not_looked(other):
    identity = processes.identity_of(other.pid)
    assert processes.signal_process(identity, signal.SIGKILL)
    eventually(lambda: not processes.is_alive(identity))
    assert other.returncode is None  # a zombie: nobody has called wait
    assert processes.identity_of_child(other.pid) == identity


def test_no_signal_reaches_a_process_that_only_has_the_same_id(other):
    identity = processes.identity_of(other.pid)
    stranger = Identity(pid=identity.pid, started=identity.started - 1, boot=identity.boot)
    assert not processes.signal_process(stranger, signal.SIGKILL)
    assert not processes.signal_group(stranger, signal.SIGKILL)
    assert other.poll() is None


@pytest.mark.parametrize("data", [None, {}, {"pid": 1}, {"pid": "x", "started": 1, "boot": ""}])
def test_what_is_no_identity_is_none(data):
    assert Identity.from_dict(data) is None


def test_a_process_name_with_blanks_and_brackets_is_no_trouble(tmp_path):
    program = tmp_path / "a) R (b"
    program.symlink_to("/bin/sleep")
    process = subprocess.Popen([program, "60"])
    try:
        eventually(lambda: ") R (" in Path(f"/proc/{process.pid}/stat").read_text())
        assert processes.is_alive(processes.identity_of(process.pid))
    finally:
        process.kill()
        process.wait()


# --- locks ---


def test_a_lock_has_one_holder_until_it_is_closed(tmp_path):
    path = tmp_path / "alive.lock"
    assert not locks.is_held(path)
    held = locks.acquire(path)
    assert locks.is_held(path)
    assert locks.acquire(path) is None
    os.close(held)
    assert not locks.is_held(path)


def test_a_lock_outlives_its_opener_in_the_child_that_inherited_it_and_ends_with_it(tmp_path):
    path = tmp_path / "alive.lock"
    held = locks.acquire(path)
    child = subprocess.Popen(["sleep", "60"], pass_fds=(held,), start_new_session=True)
    try:
        locks.note_holder(held, 3)
        os.close(held)
        assert locks.is_held(path)
        eventually(lambda: locks.holder(path).process)
        assert locks.holder(path) == locks.Holder(attempt=3, process=processes.identity_of(child.pid))
    finally:
        child.kill()
        child.wait()
    assert not locks.is_held(path)
    assert locks.holder(path).process is None


def test_a_lock_file_that_was_replaced_protects_nothing(tmp_path):
    path = tmp_path / "supervisor.lock"
    held = locks.acquire(path)
    assert locks.is_same_file(path, held)
    path.unlink()
    assert not locks.is_same_file(path, held)
    path.touch()
    assert not locks.is_same_file(path, held)
    os.close(held)


# --- slots ---


@pytest.fixture
def two_gpus(tmp_path, monkeypatch):
    (tmp_path / "pynvml.py").write_text(FAKE_DRIVER)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pynvml", raising=False)
    yield
    sys.modules.pop("pynvml", None)


def test_every_gpu_is_a_slot_that_sees_only_itself(two_gpus):
    slots = discover_slots({})
    assert [(slot.name, slot.title) for slot in slots] == [("GPU-0", "Fake GPU 0"), ("GPU-1", "Fake GPU 1")]
    assert slots[1].environment == {
        "CUDA_VISIBLE_DEVICES": "GPU-1",
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }


@pytest.mark.parametrize(
    ("wanted", "names"),
    [("all", ["GPU-0", "GPU-1"]), ("1", ["GPU-1"]), ("GPU-1, 0", ["GPU-1", "GPU-0"]), ("none", ["cpu"])],
)
def test_the_user_may_restrict_the_gpus(two_gpus, wanted, names):
    assert [slot.name for slot in discover_slots({"GRAFT_GPUS": wanted})] == names


def test_a_gpu_that_is_not_there_is_refused_with_those_that_are(two_gpus):
    with pytest.raises(InvalidInput, match=r"'7'.*0 \(GPU-0\), 1 \(GPU-1\)"):
        discover_slots({"GRAFT_GPUS": "7"})


def test_several_gpus_can_be_one_slot(two_gpus):
    (slot,) = discover_slots({"GRAFT_GPUS": "0 + GPU-1"})
    assert (slot.name, slot.title) == ("GPU-0+GPU-1", "Fake GPU 0 + Fake GPU 1")
    assert slot.environment["CUDA_VISIBLE_DEVICES"] == "GPU-0,GPU-1"
    assert slot.environment["TF_FORCE_GPU_ALLOW_GROWTH"] == "true"


def test_alike_gpus_of_one_slot_are_counted_in_its_title(two_gpus, monkeypatch):
    import pynvml

    monkeypatch.setattr(pynvml, "nvmlDeviceGetName", lambda handle: "NVIDIA H100")
    assert discover_slots({"GRAFT_GPUS": "0+1"})[0].title == "2 x NVIDIA H100"


@pytest.mark.parametrize("wanted", ["0,GPU-0", "0+1,1", "0+0"])
def test_a_gpu_in_two_slots_is_refused(two_gpus, wanted):
    with pytest.raises(InvalidInput, match="names a GPU twice: GPU-"):
        discover_slots({"GRAFT_GPUS": wanted})


@pytest.mark.parametrize("broken", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetUUID"])
def test_without_a_working_driver_there_is_the_cpu(two_gpus, monkeypatch, broken):
    import pynvml

    def fail(*_):
        raise pynvml.NVMLError("Driver Not Loaded")

    monkeypatch.setattr(pynvml, broken, fail)
    assert discover_slots({}) == (CPU,)


def test_the_cpu_slot_hides_every_gpu_from_the_trainer(settings, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    environment = trainer_environment(CPU, settings)
    assert environment["CUDA_VISIBLE_DEVICES"] == "-1"
    assert environment["GRAFT_HOME"] == str(settings.home)
    assert environment["PYTHONUNBUFFERED"] == "1"


def test_the_trainer_is_core_training_unless_told_otherwise(monkeypatch):
    monkeypatch.delenv("GRAFT_TRAINER", raising=False)
    assert trainer_command("r-1", 2) == [sys.executable, "-m", "core.training", "r-1", "--attempt", "2"]
    monkeypatch.setenv("GRAFT_TRAINER", "nice 'my trainer.py'")
    assert trainer_command("r-1", 2) == ["nice", "my trainer.py", "r-1", "--attempt", "2"]


# --- logs ---


@pytest.fixture
def log(settings):
    path = logs.log_path("r-1", settings)
    path.parent.mkdir(parents=True)
    return path


def test_a_log_is_read_piece_by_piece(settings, log):
    assert tail("r-1", settings) == ("", 0)
    log.write_text("one\n")
    text, offset = tail("r-1", settings)
    with log.open("a") as file:
        file.write("two\n")
    assert (text, tail("r-1", settings, offset)) == ("one\n", ("two\n", 8))
    assert tail("r-1", settings, 8) == ("", 8)


def test_a_long_log_comes_in_pieces_that_make_up_the_whole(settings, log, monkeypatch):
    monkeypatch.setattr(logs, "PIECE", 10)
    whole = "größer als ein Stück\n" * 5
    log.write_text(whole)
    pieces, offset = [], 0
    while (piece := tail("r-1", settings, offset))[0]:
        pieces.append(piece[0])
        offset = piece[1]
    assert "".join(pieces) == whole


def test_a_character_that_is_half_written_waits_for_its_other_half(settings, log):
    log.write_bytes("ab\N{EURO SIGN}".encode()[:-1])
    assert tail("r-1", settings) == ("ab", 2)
    log.write_bytes("ab\N{EURO SIGN}".encode())
    assert tail("r-1", settings, 2) == ("\N{EURO SIGN}", 5)


def test_bytes_that_are_no_text_are_shown_as_such_and_passed(settings, log):
    log.write_bytes(b"a\xffb\n")
    assert tail("r-1", settings) == ("a\N{REPLACEMENT CHARACTER}b\n", 4)


def test_the_end_of_a_log_starts_at_a_whole_line(settings, log):
    log.write_text("first line\nsecond line\nthird\n")
    assert tail("r-1", settings, -12) == ("third\n", 29)
    assert tail("r-1", settings, -1000) == ("first line\nsecond line\nthird\n", 29)


def test_a_log_that_was_cut_is_read_again_from_its_beginning(settings, log):
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    _, offset = tail("r-1", settings)
    assert trim(log, limit=1000, kept=100)
    text, _ = tail("r-1", settings, offset)
    assert text.startswith("[Graft cut this log")
    assert text.endswith("line 998\nline 999\n")


def test_a_log_within_its_limit_is_left_alone(log):
    log.write_text("short\n")
    assert not trim(log, limit=1000)
    assert log.read_text() == "short\n"
    assert not trim(log.with_name("none.txt"))


def test_a_writer_goes_on_at_the_new_end_of_a_cut_log(log):
    writer = logs.open_log(log)
    os.write(writer, b"x" * 99 + b"\n")
    os.write(writer, b"y" * 99 + b"\n")
    assert trim(log, limit=150, kept=120)
    os.write(writer, b"more\n")
    os.close(writer)
    lines = log.read_text().splitlines()
    assert lines[0].startswith("[Graft cut")
    assert lines[1:] == ["y" * 99, "more"]


def test_the_last_lines_of_a_log_are_those_that_say_something(log):
    log.write_text("a\nb\n\n  \n")
    assert logs.last_lines(log) == ["b"]
    assert logs.last_lines(log, 5) == ["a", "b"]
    assert logs.last_lines(log.with_name("none.txt")) == []
