"""Tables and the values they hold."""

from dataclasses import fields

import pytest

from core.datasets.values import Dataset, Photo, UnlabelledPhoto
from core.registry import schema
from core.registry.audit_log import LogEntry
from core.registry.tokens import AccessToken
from core.runs.forecast import RunForecast
from core.runs.values import Attempt, Cost, Epoch, Evaluation, Model, Run


@pytest.mark.parametrize(
    ("table", "value"),
    [
        (schema.datasets, Dataset), (schema.photos, Photo), (schema.runs, Run), (schema.attempts, Attempt),
        (schema.epochs, Epoch), (schema.evaluations, Evaluation), (schema.costs, Cost), (schema.models, Model),
        (schema.log, LogEntry), (schema.tokens, AccessToken), (schema.unlabelled_photos, UnlabelledPhoto),
        (schema.forecasts, RunForecast),
    ],
)  # fmt: skip
def test_every_field_of_a_value_has_a_column(table, value):
    assert {field.name for field in fields(value)} <= set(table.c.keys())
