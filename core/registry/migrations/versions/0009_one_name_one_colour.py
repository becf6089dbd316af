"""Gives every run a colour, and a name that no other run of its dataset has.

Of runs of one name the first keeps it; the others get an ending, as new runs do: the hyperparameters in which they
differ from the first, else a number. Their search text, which begins with the name, is computed again by ``backfill``.
"""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

LONGEST_NAME, MOST_ENDINGS, LOOKS = 200, 4, 144

COLOURS = f"""
    UPDATE runs SET colour = (ranked.place - 1) % {LOOKS}
    FROM (SELECT number, row_number() OVER (PARTITION BY dataset_id ORDER BY number) AS place FROM runs) AS ranked
    WHERE ranked.number = runs.number
"""
SHARED = """
    SELECT number, dataset_id, name, recipe FROM runs
    WHERE (dataset_id, name) IN (SELECT dataset_id, name FROM runs GROUP BY dataset_id, name HAVING count(*) > 1)
    ORDER BY number
"""


def upgrade() -> None:
    op.drop_index("runs_to_fill_in", "runs")
    with op.batch_alter_table("runs", recreate="always") as runs:
        for name in ("family", "pattern", "backbone", "search"):  # reflected as DEFAULT (''), unlike the schema
            runs.alter_column(name, server_default="", existing_type=sa.Text(), existing_nullable=False)
        runs.add_column(sa.Column("colour", sa.Integer(), nullable=False, server_default="0"))
    op.execute(COLOURS)
    op.create_index("names_to_try", "runs", ["dataset_id", "name"])  # else every name that is tried reads all runs
    _rename()
    op.drop_index("names_to_try", "runs")
    op.create_index("runs_to_fill_in", "runs", ["id"], sqlite_where=sa.text("search = ''"))
    op.create_index("runs_by_name", "runs", ["dataset_id", "name"], unique=True)


def _rename() -> None:
    connection = op.get_bind()
    first: dict[tuple[str, str], dict] = {}
    for number, dataset_id, name, recipe in connection.execute(sa.text(SHARED)).all():
        settings = json.loads(recipe)["hyperparameters"]
        if (dataset_id, name) not in first:
            first[dataset_id, name] = settings
            continue
        for candidate in _candidates(name, list(_differences(first[dataset_id, name], settings))):
            known = {"dataset": dataset_id, "name": candidate}
            if connection.scalar(sa.text("SELECT 1 FROM runs WHERE dataset_id = :dataset AND name = :name"), known):
                continue
            changed = {"name": candidate, "number": number}
            connection.execute(sa.text("UPDATE runs SET name = :name, search = '' WHERE number = :number"), changed)
            break


def _candidates(name: str, differences: list[str]) -> Iterator[str]:
    """Longer names, the last of which are numbered."""
    ending = "".join(f" · {difference}" for difference in differences[:MOST_ENDINGS])
    if ending:
        yield name[: LONGEST_NAME - len(ending)] + ending
    number = 2
    while True:
        yield name[: LONGEST_NAME - len(f"{ending} #{number}")] + f"{ending} #{number}"
        number += 1


def _differences(first: dict, other: dict) -> Iterator[str]:
    for key in (key for key in other if other[key] != first.get(key)):
        words, value = key.replace("_", " "), other[key]
        if isinstance(value, bool):
            yield words if value else f"no {words}"
        elif key in ("epochs", "views"):
            noun = {"epochs": "epoch", "views": "augmentation"}[key]
            yield f"{value} {noun}" if value == 1 else f"{value} {noun}s"
        elif isinstance(value, float):
            yield f"{words} {value:g}"
        else:
            yield f"{words} {value}"
