"""The name of a machine in forecasts."""

from core.planning.hardware import hardware
from core.planning.speed import cores


def test_a_machine_is_its_processor_its_cores_and_its_gpus(tmp_path):
    table = tmp_path / "cpuinfo"
    table.write_text("processor\t: 0\nmodel name\t: AMD EPYC   7B12\nprocessor\t: 1\nmodel name\t: AMD EPYC   7B12\n")
    assert hardware(cpuinfo=table) == f"AMD EPYC 7B12, {cores()} cores"
    assert hardware(["NVIDIA L4"], cpuinfo=table) == f"AMD EPYC 7B12, {cores()} cores, NVIDIA L4"


def test_a_processor_without_a_name_is_its_architecture(tmp_path):
    assert hardware(cpuinfo=tmp_path / "none").endswith(f", {cores()} cores")
