"""The list of pictures of states that pass, and what is said of a picture that does not exist."""

import pytest

from tests.browser.screenshots import main
from tests.browser.states import TITLES, UNTRAINED, addresses_of

ENDED = {"finished": "r-1", "failed": "r-2", "stopped": "r-3"}


def test_every_picture_has_a_title_and_every_title_a_picture():
    while_training = addresses_of(ENDED | {"running": "r-4", "waiting": "r-5"})
    assert set(UNTRAINED | addresses_of(ENDED) | while_training) == set(TITLES)


def test_while_runs_train_only_what_passes_is_taken():
    while_training = addresses_of(ENDED | {"running": "r-4", "waiting": "r-5"})
    assert not set(while_training) & set(addresses_of(ENDED))
    assert while_training["runs-training"] == "/runs?runs=r-1,r-4,r-5"


def test_a_picture_that_does_not_exist_is_refused_before_anything_is_made(tmp_path, capsys):
    outdir = tmp_path / "pictures"
    with pytest.raises(SystemExit):
        main([str(outdir), "--only", "compare-wide-light", "compair-wide-light"])
    assert "no picture is called compair-wide-light. There are access-phone-dark" in capsys.readouterr().err
    assert not outdir.exists()
