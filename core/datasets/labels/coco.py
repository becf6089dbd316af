"""Annotations in COCO's format, as Roboflow and others export them: one category a photo is a label."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.datasets.names import quoted_list


@dataclass(frozen=True, kw_only=True)
class AnnotatedPhoto:
    """A photo of a file of annotations.

    Args:
        category: the only one of its objects, "" where it has none or several.
        problem: why it has no category although it has annotations, as a sentence fragment.
    """

    file_name: str
    category: str = ""
    problem: str = ""


def is_annotation(content: object) -> bool:
    """Whether JSON content is a file of annotations in COCO's format."""
    return isinstance(content, dict) and isinstance(content.get("images"), list) and "annotations" in content


def annotated_photos(content: Mapping[str, Any]) -> list[AnnotatedPhoto]:
    """The photos with the one category that all their objects have.

    What has an unexpected form is passed over, as are categories without a name.
    """
    names = {
        _key(record.get("id")): str(record["name"]) for record in _records(content, "categories") if "name" in record
    }
    found: dict[Any, set[str]] = {}
    for record in _records(content, "annotations"):
        name = names.get(_key(record.get("category_id")))
        if name:
            found.setdefault(_key(record.get("image_id")), set()).add(name)
    photos = []
    for record in _records(content, "images"):
        if isinstance(record.get("file_name"), str):
            photos.append(_photo(record["file_name"], sorted(found.get(_key(record.get("id")), ()))))
    return photos


def _photo(file_name: str, categories: list[str]) -> AnnotatedPhoto:
    if len(categories) > 1:
        problem = f"shows several categories ({quoted_list(categories)}); a photo needs one"
        return AnnotatedPhoto(file_name=file_name, problem=problem)
    return AnnotatedPhoto(file_name=file_name, category=categories[0] if categories else "")


def _records(content: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    records = content.get(name)
    return [record for record in records if isinstance(record, dict)] if isinstance(records, list) else []


def _key(value: object) -> object:
    """An id as a key; ids that are lists or objects are none."""
    return value if isinstance(value, str | int | float) else None
