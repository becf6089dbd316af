"""Learning curves and depth sweeps."""

from tests.report_reader import read


def test_curves_and_depths_are_there_where_runs_have_them(bench, runs):
    text = read(bench, runs.values()).text
    assert "How did the runs learn?" in text and "How deep should the network be cut?" in text
    text = read(bench, [runs["features"], runs["as it is"]]).text
    assert "How did the runs learn?" not in text and "How deep should the network be cut?" not in text
