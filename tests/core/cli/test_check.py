"""``check``."""

from core.__main__ import main
from tests.core.curation.conftest import clustered, dataset, store  # noqa: F401


def test_a_check_as_data_and_as_text(call, registry, store, dataset, capsys):  # noqa: F811
    wrong = registry.photos(dataset.id, class_name="rose")[3]
    store(dataset, clustered(dataset, {wrong.digest: "tulip"}))
    found = call("check", "flowers")
    assert (found["dataset"], found["label_errors"], found["photos"]) == (dataset.id, 1, 80)
    assert found["findings"]["labels"][0]["suggested"] == "tulip"
    assert main(["check", "flowers"]) == 0
    text = capsys.readouterr().out
    assert "1 likely label error" in text and wrong.file in text and "tulip" in text


def test_a_dataset_that_is_not_there(call):
    assert "There is no dataset 'nothing'" in call("check", "nothing", code=1)
