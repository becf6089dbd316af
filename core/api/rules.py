"""What a request of REST needs: the scope of its token, and how many bytes it may have."""

from core.api.limits import MOST_JSON_BYTES, MOST_PHOTO_BYTES
from core.files.room import MOST_BYTES
from core.registry.tokens import Scope

OPENAPI = "/openapi.json"
"""The path that needs no token."""

_WITH_PHOTOS = ("/predict", "/explanations")
"""Requests with photos, which change nothing."""


def needed_scope(method: str, path: str) -> Scope:
    """The scope that a request needs: reading and predicting are named, everything else changes something."""
    if path.endswith("/file"):  # the weights of a model leave with it
        return Scope.PREDICT
    if method in ("GET", "HEAD", "OPTIONS"):
        return Scope.READ
    return Scope.PREDICT if path.endswith(_WITH_PHOTOS) else Scope.TRAIN


def most_bytes(method: str, path: str) -> int:
    """Of the body of a request; an archive is written to the disk as it comes."""
    if method == "POST" and (path.rstrip("/") == "/datasets" or path.endswith("/labels/photos")):
        return MOST_BYTES
    return MOST_PHOTO_BYTES if path.endswith(_WITH_PHOTOS) else MOST_JSON_BYTES
