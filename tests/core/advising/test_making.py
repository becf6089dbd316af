"""Shortlists that are kept."""

from core.advising import making
from core.advising.making import stored_shortlist
from core.advising.regret import latest_shortlist
from core.advising.shortlisting import Shortlisting
from core.advising.values import ShortlistQuestion
from tests.core.advising.conftest import quiet


def test_a_shortlist_is_kept_as_it_was_made(dataset, registry, settings, contenders, engine_for, monkeypatch):
    def known(dataset, **options):
        return Shortlisting(dataset, contenders=contenders, engine=engine_for(dataset), **options)

    monkeypatch.setattr(making, "Shortlisting", known)
    question = ShortlistQuestion(minutes=50.0)
    made = stored_shortlist(dataset, question, registry=registry, settings=settings, report=quiet)
    (stored,) = registry.shortlists(dataset.id)
    assert stored.question == {"minutes": 50.0} and stored.seconds == made.seconds
    assert latest_shortlist(dataset.id, registry)[0] == made
