"""What a job runs: a program, whose sentence becomes the comment of the job."""

import os
import subprocess
import sys

import pytest

from core.jobs.cluster.client import JobRequest
from core.jobs.cluster.commands import FOLDER, command_line
from core.jobs.slurm import job
from core.jobs.slurm.client import script_of
from core.settings import REPOSITORY


@pytest.fixture
def inside(slurm, monkeypatch):
    """The environment of a job that Slurm has started."""
    slurm.change(jobs=[{"number": 7, "name": "r-1-1", "state": "RUNNING", "comment": "(null)"}])
    for name, value in (slurm.environ | {"SLURM_JOB_ID": "7", "SLURMD_NODENAME": "n1"}).items():
        monkeypatch.setenv(name, value)
    for name in ("SLURM_GPUS_ON_NODE", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    return slurm


def said(slurm):
    return slurm.jobs["r-1-1"]["comment"]


def test_the_last_line_of_a_program_that_refused_is_the_comment(inside, monkeypatch, capsys):
    def refuse(arguments):
        print(f"{arguments}\nn1 has another version | of Graft.", file=sys.stderr)
        return 64

    monkeypatch.setitem(job.PROGRAMS, "core.jobs.node_trainer", refuse)
    assert job.main(["core.jobs.node_trainer", "r-1", "--attempt", "1"]) == 64
    assert said(inside) == "n1 has another version | of Graft."
    assert "['r-1', '--attempt', '1']" in capsys.readouterr().err


def test_a_program_that_broke_says_so(inside, monkeypatch):
    def broken(_arguments):
        raise RuntimeError("no module")

    monkeypatch.setitem(job.PROGRAMS, "core.jobs.machine", broken)
    with pytest.raises(RuntimeError):
        job.main(["core.jobs.machine", "n1"])
    assert said(inside) == "RuntimeError: no module"


def test_what_went_well_leaves_no_comment(inside, monkeypatch):
    monkeypatch.setitem(job.PROGRAMS, "core.jobs.machine", lambda _arguments: 0)
    assert job.main(["core.jobs.machine", "n1"]) == 0
    assert said(inside) == "(null)"


def test_a_gpu_that_is_reserved_and_not_named_is_no_reason_to_train_on_the_cpu(inside, monkeypatch):
    monkeypatch.setenv("SLURM_GPUS_ON_NODE", "1")
    assert job.main(["core.jobs.node_trainer", "r-1"]) == 64
    assert "CUDA_VISIBLE_DEVICES does not say which" in said(inside)
    assert job.why_no_gpu({"SLURM_GPUS_ON_NODE": "1", "CUDA_VISIBLE_DEVICES": "0"}) == job.why_no_gpu({}) == ""


def test_a_machine_without_scontrol_prints_it(inside, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "/nowhere")
    job.comment("why")
    assert "could not be set" in capsys.readouterr().err


def test_a_machine_without_graft_says_so(inside, tmp_path, settings):
    line = command_line(job.__name__, ["core.jobs.machine", "n1"], settings, {FOLDER: str(tmp_path / "nothing here")})
    done = subprocess.run(["bash"], input=script_of(_request(line)), text=True, capture_output=True)
    assert done.returncode == 64
    assert said(inside).startswith(f"There is no Graft in {tmp_path}/nothing here on n1 that could be started.")


def test_the_script_becomes_the_program_which_gets_the_signals(inside):
    script = script_of(_request("exec sh -c 'echo $$ $HOME'"))
    process = subprocess.Popen(["bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    output, _ = process.communicate(script)
    assert output.split()[0] == str(process.pid)


def test_a_real_program_says_why_it_cannot_train(inside):
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GRAFT_")}
    arguments = [sys.executable, "-m", job.__name__, "core.jobs.machine", "n1"]
    done = subprocess.run(arguments, env=environ, cwd=REPOSITORY, capture_output=True, text=True)
    assert done.returncode == 1 and said(inside).startswith("GRAFT_CACHE is not set on")


def _request(command):
    return JobRequest(id="r-1-1", command=command, node="n1@now")
