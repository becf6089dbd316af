"""What a report is made of."""

from core.runs.values import Status


def test_rows_have_the_names_of_the_report_and_a_look_each(bench, finished):
    running = bench.registry.runs(status=Status.RUNNING)[0]
    material = bench.material([run.id for run in (*finished, running)])
    assert [row.name for row in material.rows] == [material.names[row.run.id] for row in material.rows]
    assert set(material.styles) == {row.run.id for row in material.rows}
    assert running.id not in {row.run.id for row in material.predicted}, "it has not predicted the test photos"
