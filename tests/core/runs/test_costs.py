"""What a run cost: measured where a counter exists, and "not measured" where none does."""

import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from core.runs.costs import (
    CpuEnergy,
    Meter,
    Spent,
    gpu_of_slot,
    gpus_of_slot,
    money,
    peak_rss_bytes,
    spent_now,
    unwatch,
    watch,
)
from core.settings import REPOSITORY


def zone(root: Path, name: str, kind: str, energy: int, span: int = 1_000_000_000) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    (folder / "name").write_text(kind + "\n")
    (folder / "energy_uj").write_text(f"{energy}\n")
    (folder / "max_energy_range_uj").write_text(f"{span}\n")
    return folder


class FakeNvml:
    """One GPU that used 5 J since the last question and holds more memory each time."""

    class NVMLError(Exception):
        pass

    def __init__(self, has_energy: bool = True):
        self.has_energy, self.millijoules, self.used = has_energy, 1000, 100

    def nvmlInit(self):
        pass

    def nvmlDeviceGetHandleByUUID(self, uuid):
        assert uuid in ("GPU-1", "GPU-2")
        return uuid

    def nvmlDeviceGetTotalEnergyConsumption(self, _handle):
        if not self.has_energy:
            raise self.NVMLError("not supported")
        self.millijoules += 5000
        return self.millijoules

    def nvmlDeviceGetMemoryInfo(self, _handle):
        self.used += 1
        return SimpleNamespace(used=self.used)


def test_money_is_hours_times_the_rate():
    assert money(1800, 2.5) == pytest.approx(1.25)


def test_money_is_unknown_without_a_rate_or_a_measurement():
    assert money(1800, None) is None
    assert money(None, 2.5) is None


def test_energy_is_not_measured_where_no_counter_exists(tmp_path):
    with Meter(powercap=tmp_path / "missing") as meter:
        reading = meter.reading()
    assert reading.energy_joules is None
    assert reading.energy_source == ""
    assert reading.device_seconds is None and reading.peak_gpu_bytes is None


def test_energy_of_the_cpu_counts_packages_once(tmp_path):
    package = zone(tmp_path, "intel-rapl:0", "package-0", 1_000_000)
    zone(tmp_path, "intel-rapl:0:0", "core", 0)
    around = zone(tmp_path, "intel-rapl:1", "psys", 0)
    zone(tmp_path, "intel-rapl-mmio:0", "package-0", 0)
    energy = CpuEnergy(tmp_path)
    (package / "energy_uj").write_text("4000000")
    (around / "energy_uj").write_text("9000000")
    assert energy.sample() == pytest.approx(3.0)


def test_a_wrapped_counter_does_not_give_energy_back(tmp_path):
    package = zone(tmp_path, "intel-rapl:0", "package-0", 9_000_000, span=10_000_000)
    energy = CpuEnergy(tmp_path)
    (package / "energy_uj").write_text("2000000")
    assert energy.sample() == pytest.approx(3.0)
    (package / "energy_uj").write_text("1000000")
    assert energy.sample() == pytest.approx(12.0)


def test_an_unreadable_counter_means_not_measured(tmp_path):
    (zone(tmp_path, "intel-rapl:0", "package-0", 1) / "energy_uj").write_text("secret")
    assert not CpuEnergy(tmp_path).readable


def test_a_gpu_slot_measures_its_energy_memory_and_seconds(tmp_path):
    nvml = FakeNvml()
    with Meter(gpus=["GPU-1"], nvml=nvml, powercap=tmp_path) as meter:
        reading = meter.reading()
    assert reading.energy_joules == pytest.approx((nvml.millijoules - 6000) / 1000)
    assert reading.energy_source == "GPU (NVML)"
    assert reading.peak_gpu_bytes == nvml.used
    assert reading.device_seconds == reading.spent.wall_seconds


def test_a_gpu_without_an_energy_counter_still_tells_its_memory(tmp_path):
    with Meter(gpus=["GPU-1"], nvml=FakeNvml(has_energy=False), powercap=tmp_path) as meter:
        reading = meter.reading()
    assert reading.energy_joules is None
    assert reading.peak_gpu_bytes > 100


def test_a_slot_of_two_gpus_counts_both(tmp_path):
    nvml = FakeNvml()
    with Meter(gpus=["GPU-1", "GPU-2"], nvml=nvml, powercap=tmp_path) as meter:
        reading = meter.reading()
    assert reading.device_seconds == 2 * reading.spent.wall_seconds
    assert reading.peak_gpu_bytes > nvml.used
    assert reading.energy_source == "GPU (NVML)"


def test_two_gpus_are_named_one_by_one():
    assert gpus_of_slot({"CUDA_VISIBLE_DEVICES": "GPU-1,GPU-2"}) == ("GPU-1", "GPU-2")
    assert gpu_of_slot({"CUDA_VISIBLE_DEVICES": "GPU-1,GPU-2"}) == "GPU-1"
    assert gpus_of_slot({"CUDA_VISIBLE_DEVICES": "-1"}) == ()


def in_a_process_of_its_own(code: str) -> None:
    """The kernel keeps the largest memory per process: other tests in this one must not have raised it."""
    head = (
        "import subprocess, sys\nfrom pathlib import Path\nfrom core.runs.costs import Meter\nnone = Path('/nowhere')\n"
    )
    subprocess.run([sys.executable, "-c", head + code], check=True, cwd=REPOSITORY, timeout=120)


def test_the_memory_of_a_run_does_not_count_what_the_run_before_it_held():
    in_a_process_of_its_own("""
with Meter(powercap=none) as meter:
    large = bytearray(300_000_000)
    large[::4096] = b"x" * len(large[::4096])
    first = meter.reading().peak_rss_bytes
    del large
with Meter(powercap=none) as meter:
    assert meter.reading().peak_rss_bytes < first - 200_000_000
""")


def test_the_memory_of_children_of_an_earlier_run_is_not_counted_again():
    in_a_process_of_its_own("""
with Meter(powercap=none) as meter:
    hungry = "x = bytearray(400_000_000); x[::4096] = b'x' * len(x[::4096])"
    subprocess.run([sys.executable, "-c", hungry], check=True)
    assert meter.reading().peak_rss_bytes > 400_000_000
with Meter(powercap=none) as meter:
    assert meter.reading().peak_rss_bytes < 400_000_000
""")


def test_only_a_uuid_is_a_gpu_slot():
    assert gpu_of_slot({"CUDA_VISIBLE_DEVICES": "GPU-8f3a"}) == "GPU-8f3a"
    assert gpu_of_slot({"CUDA_VISIBLE_DEVICES": "-1"}) is None
    assert gpu_of_slot({}) is None


def test_cpu_seconds_grow_with_work_and_not_with_sleep(tmp_path):
    with Meter(powercap=tmp_path) as meter:
        time.sleep(0.3)
        asleep = meter.spent()
        deadline = time.process_time() + 0.2
        while time.process_time() < deadline:
            pass
        awake = meter.spent()
    assert asleep.wall_seconds >= 0.3 > asleep.cpu_seconds
    assert awake.cpu_seconds - asleep.cpu_seconds >= 0.19


def test_stages_keep_their_order_and_go_on_when_entered_again(tmp_path):
    with Meter(powercap=tmp_path) as meter:
        for name in ("Loading", "Training", "Loading"):
            with meter.stage(name):
                time.sleep(0.02)
        with meter.stage("Saving"):
            running = meter.reading().stages
    assert list(running) == ["Loading", "Training", "Saving"]
    assert running["Loading"] >= 0.04
    assert running["Training"] >= 0.02


def test_a_stage_within_another_one_interrupts_it(tmp_path):
    with Meter(powercap=tmp_path) as meter:
        with meter.stage("Computing features"):
            time.sleep(0.02)
            with meter.stage("Optimising"):
                time.sleep(0.2)
            time.sleep(0.02)
        stages, spent = meter.reading().stages, meter.spent().wall_seconds
    assert list(stages) == ["Computing features", "Optimising"]
    assert stages["Optimising"] >= 0.2 and 0.04 <= stages["Computing features"] < 0.2
    assert sum(stages.values()) <= spent


def test_peak_memory_comes_from_the_high_water_mark(tmp_path):
    status = tmp_path / "status"
    status.write_text("VmPeak:\t 99 kB\nVmHWM:\t 900000000 kB\nVmRSS:\t 5 kB\n")
    assert peak_rss_bytes(status) == 900_000_000 * 1024


def test_what_was_spent_adds_up_and_never_turns_negative():
    one, two = Spent(wall_seconds=3, cpu_seconds=5), Spent(wall_seconds=1, cpu_seconds=7)
    assert one + two == Spent(wall_seconds=4, cpu_seconds=12)
    assert one.minus(two) == Spent(wall_seconds=2, cpu_seconds=0)
    assert spent_now().minus(spent_now()) == Spent()


def test_a_watched_child_is_counted_while_it_runs_and_once_it_has_ended():
    before = spent_now()
    burn = "import time; end = time.process_time() + 0.4\nwhile time.process_time() < end: pass\ninput()"
    with subprocess.Popen([sys.executable, "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) as child:
        watch(child.pid)
        deadline = time.monotonic() + 30
        while spent_now().minus(before).cpu_seconds < 0.35 and time.monotonic() < deadline:
            time.sleep(0.02)
        assert spent_now().minus(before).cpu_seconds >= 0.35
        child.kill()
        child.wait()
        unwatch(child.pid)
    assert 0.35 <= spent_now().minus(before).cpu_seconds < 3
