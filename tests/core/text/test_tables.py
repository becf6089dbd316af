"""Tables as files: what a spreadsheet and a notebook read back."""

import csv
import io

import pandas as pd
import pytest

from core.text.tables import as_csv, as_parquet


def read_csv(rows) -> list[dict]:
    return list(csv.DictReader(io.StringIO(as_csv(rows), newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_a_spreadsheet_never_runs_a_name_or_a_tag_as_a_formula(text):
    assert read_csv([{text: 0, "name": text, "tags": [text, "b"]}]) == [
        {f"'{text}": "0", "name": f"'{text}", "tags": f"'{text}; b"}
    ]


def test_numbers_and_ordinary_names_enter_a_csv_unchanged():
    assert as_csv([{"name": "a, b", "n": -1.5}, {"name": "c", "n": None}]) == 'name,n\r\n"a, b",-1.5\r\nc,\r\n'


def test_rows_with_other_columns_fit_into_one_file():
    rows = [{"a": 1}, {"a": 2, "b": "x"}]
    assert as_csv(rows).splitlines() == ["a,b", "1,", "2,x"]
    assert pd.read_parquet(io.BytesIO(as_parquet(rows)))["b"].tolist()[1] == "x"


def test_an_empty_table_is_a_file_too():
    assert as_csv([]).strip() == ""
    assert len(pd.read_parquet(io.BytesIO(as_parquet([])))) == 0


def test_a_notebook_gets_numbers_and_lists_as_they_are():
    (row,) = pd.read_parquet(io.BytesIO(as_parquet([{"n": -1.5, "name": "=x", "tags": ["a", "b"]}]))).to_dict("records")
    assert (row["n"], row["name"], list(row["tags"])) == (-1.5, "=x", ["a", "b"])
