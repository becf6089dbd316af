"""The list of pictures of states that pass."""

from tests.browser.states import TITLES, UNTRAINED, addresses_of

ENDED = {"finished": "r-1", "failed": "r-2", "stopped": "r-3"}


def test_every_picture_has_a_title_and_every_title_a_picture():
    while_training = addresses_of(ENDED | {"running": "r-4", "waiting": "r-5"})
    assert set(UNTRAINED | addresses_of(ENDED) | while_training) == set(TITLES)


def test_while_runs_train_only_what_passes_is_taken():
    while_training = addresses_of(ENDED | {"running": "r-4", "waiting": "r-5"})
    assert not set(while_training) & set(addresses_of(ENDED))
    assert while_training["runs-training"] == "/runs?runs=r-1,r-4,r-5"
