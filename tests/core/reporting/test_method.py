"""How the figures were computed."""

import re

from tests.report_reader import read


def test_it_says_when_and_how_it_was_made(bench, finished):
    text = read(bench, finished).text
    assert "How these figures were computed" in text and "McNemar" in text and "Holm" in text
    assert re.search(r"Made with Graft \d+\.\d+\.\d+ on \d{4}-\d\d-\d\d \d\d:\d\d UTC", text)
    assert (
        f"python -m core compare {' '.join(row.run.id for row in bench.comparison([r.id for r in finished]).rows)}"
        in text
    )
