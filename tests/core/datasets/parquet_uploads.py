"""Parquet files of photos, as Hugging Face's datasets writes them."""

import json
from io import BytesIO

import pyarrow as pa
from pyarrow import parquet

from tests.photo_files import jpeg


def parquet_of(
    first: int, labels: list, *, names: list[str] | None = None, group: int = 4, column: str = "label", **more: list
) -> bytes:
    """Photos ``first``, ``first + 1`` ... with their labels; with ``names`` the labels are a ``ClassLabel``."""
    photos = [{"bytes": jpeg(first + number), "path": f"{number}.jpg"} for number in range(len(labels))]
    columns = {"image": photos, column: labels} | more
    features = {column: {"names": names, "_type": "ClassLabel"}} if names else {}
    table = pa.table(columns).replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    out = BytesIO()
    parquet.write_table(table, out, row_group_size=group)
    return out.getvalue()
