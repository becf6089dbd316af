"""``shortlist``."""

from core.__main__ import main
from core.advising import making
from core.advising.shortlisting import Shortlisting
from tests.core.advising.conftest import GOOD, asked, contenders, dataset, engine_for  # noqa: F401


def test_a_shortlist_as_data_and_as_text(call, dataset, contenders, engine_for, monkeypatch, capsys):  # noqa: F811
    def known(dataset, **options):
        return Shortlisting(dataset, contenders=contenders, engine=engine_for(dataset), **options)

    monkeypatch.setattr(making, "Shortlisting", known)
    found = call("shortlist", "flowers", "--minutes", "90")
    assert found["shortlist"]["candidates"][0]["backbone"] == GOOD and found["summary"].startswith("Train these 3")
    assert found["shortlist"]["question"] == {"minutes": 90.0}
    assert call("shortlist", "flowers", "--last")["made_at"] == found["made_at"]
    assert main(["shortlist", "flowers", "--last"]) == 0
    text = capsys.readouterr().out
    assert "published favourite" in text and "regret of most parameters: not known (0 of 3 trained)" in text


def test_before_there_is_one_and_bad_minutes(call, dataset, capsys):  # noqa: F811
    assert call("shortlist", "flowers", "--last")["shortlist"] is None
    assert main(["shortlist", "flowers", "--last"]) == 0
    assert "There is no shortlist yet." in capsys.readouterr().out
    error = call("shortlist", "flowers", "--minutes", "0", code=1)
    assert "must be a positive number of minutes. Received: --minutes=0" in error
