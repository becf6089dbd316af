"""What the environment says of every job."""

import pytest

from core.errors import InvalidInput
from core.jobs.slurm.options import OPTIONS, SET_BY_GRAFT, WAIT, options_of


def test_without_a_setting_the_cluster_decides():
    found = options_of({})
    assert (found.arguments, found.partition, found.pending_seconds) == ((), "", 60)


def test_options_are_split_as_a_shell_does():
    found = options_of({OPTIONS: "--partition=a,b --account='my lab' --qos=low"})
    assert found.arguments == ("--partition=a,b", "--account=my lab", "--qos=low")
    assert found.partition == "a,b" and not found.have_memory
    assert options_of({OPTIONS: "--mem-per-cpu=2G"}).have_memory


def test_the_partition_of_all_who_submit_here():
    assert options_of({"SBATCH_PARTITION": "gpu"}).partition == "gpu"
    assert options_of({"SBATCH_PARTITION": "gpu", OPTIONS: "--partition=cpu"}).partition == "cpu"


@pytest.mark.parametrize("text", ["gpu", "-p gpu", "--partition gpu", "--", "run.sh --partition=x"])
def test_what_are_no_long_options(text):
    with pytest.raises(InvalidInput, match=r"must be long options of sbatch, such as --partition=gpu"):
        options_of({OPTIONS: text})


def test_a_quote_that_is_not_closed():
    with pytest.raises(InvalidInput, match="cannot be read"):
        options_of({OPTIONS: "--account='lab"})


@pytest.mark.parametrize("option", [*(f"--{name}=x" for name in SET_BY_GRAFT), "--req", "--job=x", "--exp=ALL"])
def test_what_graft_sets_itself_is_refused_also_when_it_is_abbreviated(option):
    with pytest.raises(InvalidInput, match="which Graft sets itself"):
        options_of({OPTIONS: option})


@pytest.mark.parametrize(
    "option",
    ["--partition=x", "--account=x", "--qos=x", "--time=1", "--constraint=x", "--reservation=x", "--mem=1G", "--nice=5",
     "--exclude=n1", "--output=x", "--error=x", "--licenses=x", "--wckey=x", "--mail-user=x"],
)  # fmt: skip
def test_what_a_cluster_may_want_to_know(option):
    assert options_of({OPTIONS: option}).arguments == (option,)


def test_how_long_a_run_may_wait():
    assert options_of({WAIT: "30"}).pending_seconds == 1800
    for text in ("0", "-1", "soon", "1.5"):
        with pytest.raises(InvalidInput, match=f"{WAIT} must be a whole number of minutes"):
            options_of({WAIT: text})
