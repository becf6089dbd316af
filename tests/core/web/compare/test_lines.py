"""The lines of the leaderboard."""

from core.web.compare.address import Address
from core.web.compare.lines import lines_of, shown_run
from tests.pattern_home import fill_patterns


def test_a_line_of_repetitions_is_the_run_that_the_verdict_and_the_charts_are_about(bench):
    runs = fill_patterns(bench)
    dataset = bench.registry.datasets()[0]
    page = bench.board_page(dataset.id, Address().query, size=100)
    folded = next(entry for entry in page.entries if len(entry.run_ids) > 1)
    other = next(run.id for run in runs.values() if run.id not in folded.run_ids)
    for chosen in folded.run_ids:
        verdict = bench.comparison([chosen, other]).verdict
        line = next(one for one in lines_of(bench, dataset, page, verdict, pictures=False) if one.entry is folded)
        assert line.run_id == chosen
        assert line.cell("colour") == bench.registry.run(chosen).colour
    assert shown_run(None, folded) == shown_run(bench.verdict(dataset.id), folded) == folded.run_id
