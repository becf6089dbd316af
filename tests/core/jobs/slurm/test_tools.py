"""Slurm's commands, run here."""

import pytest

from core.errors import InvalidInput
from core.jobs.slurm.tools import NAMES, SlurmError, SlurmTools, environment_of_commands


@pytest.fixture
def tool(tmp_path):
    """Commands that do what a test writes."""

    def tools(script: str) -> SlurmTools:
        for name in NAMES:
            (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
            (tmp_path / name).chmod(0o755)
        return SlurmTools({"PATH": f"{tmp_path}:/usr/bin:/bin"})

    return tools


def test_what_a_command_prints(tool):
    assert tool('cat; echo "$@"').run("sbatch", ["--a=b c"], stdin="in\n") == "in\n--a=b c\n"


@pytest.mark.parametrize("missing", NAMES)
def test_a_command_that_is_missing(tool, tmp_path, missing):
    tool("")
    (tmp_path / missing).unlink()
    with pytest.raises(InvalidInput, match=f"needs Slurm's command {missing}, which was not found on this machine"):
        SlurmTools({"PATH": str(tmp_path)})


@pytest.mark.parametrize(
    ("output", "sentence", "is_away"),
    [
        ("slurm_load_jobs error: Unable to contact slurm controller (connect failure)",
         "Unable to contact slurm controller (connect failure).", True),
        ("sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
         "Socket timed out on send/recv operation.", True),
        ("sbatch: error: Batch job submission failed: Invalid partition name specified",
         "Invalid partition name specified.", False),
        ("sbatch: error: Memory specification can not be satisfied\nsbatch: error: Batch job submission failed: "
         "Requested node configuration is not available", "Requested node configuration is not available.", False),
        ("sbatch: error: Invalid --time specification", "Invalid --time specification.", False),
        ("sbatch: unrecognized option '--fishy'\nTry \"sbatch --help\" for more information",
         "unrecognized option '--fishy'.", False),
        ("", "sbatch failed.", False),
    ],
)  # fmt: skip
def test_an_error_is_slurms_own_sentence(tool, output, sentence, is_away):
    with pytest.raises(SlurmError) as error:
        tool(f"cat >&2 <<'END'\n{output}\nEND\nexit 1").run("sbatch", [])
    assert (str(error.value), error.value.is_away) == (sentence, is_away)


def test_a_command_that_does_not_end(tool):
    with pytest.raises(SlurmError, match="did not answer squeue within 0 seconds") as error:
        tool("exec sleep 60").run("squeue", [], seconds=0.2)
    assert error.value.is_away


def test_what_would_change_their_output_is_left_out():
    given = {"SLURM_CONF": "/c", "SLURM_JOB_ID": "1", "SLURM_TIME_FORMAT": "x", "SQUEUE_STATES": "R", "HOME": "/h"}
    given |= {"SBATCH_PARTITION": "gpu", "SCANCEL_VERBOSE": "1"}
    expected = {"SLURM_CONF": "/c", "HOME": "/h", "SBATCH_PARTITION": "gpu", "LC_ALL": "C.UTF-8"}
    assert environment_of_commands(given) == expected
