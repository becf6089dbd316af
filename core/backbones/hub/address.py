"""Addresses of models on the hub: ``owner/repository@revision``, in all ways in which people write them."""

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from core.errors import InvalidInput

MAIN = "main"
"""The branch that is meant where none is named."""

_PREFIXES = ("hub:", "hf://", "hf-hub:", "hf_hub:")
_SITES = ("huggingface.co", "www.huggingface.co", "hf.co")
_NOT_MODELS = ("datasets", "spaces", "docs", "papers", "collections", "api", "organizations", "settings", "blog")
_PART = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._/-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, kw_only=True)
class HubAddress:
    """One revision of one model.

    Args:
        owner, repository: as in the address of its page. revision: a branch, a tag, or the 40 digits of a commit.
    """

    owner: str
    repository: str
    revision: str = MAIN

    def __str__(self) -> str:
        return self.name if self.revision == MAIN else f"{self.name}@{self.revision}"

    @property
    def name(self) -> str:
        """``owner/repository``."""
        return f"{self.owner}/{self.repository}"

    @property
    def is_pinned(self) -> bool:
        """Whether the revision is a commit, which never changes."""
        return bool(_COMMIT.fullmatch(self.revision))


def address_of(text: str) -> HubAddress:
    """The address that a person wrote or pasted: ``owner/name``, with ``@revision``, ``hub:`` or ``hf://``, or that of
    the page in a browser.

    Raises:
        InvalidInput: it is no address of a model.
    """
    written = text.strip()
    for prefix in _PREFIXES:
        written = written.removeprefix(prefix)
    path, revision = _of_page(written) if "://" in written or written.startswith(_SITES) else _split(written)
    parts = path.strip("/").split("/")
    if len(parts) != 2 or not all(_is_part(part) for part in parts) or parts[0] in _NOT_MODELS:
        raise InvalidInput(
            "A model of the hub is named owner/name, owner/name@revision or by the address of its page, such as "
            f"timm/resnet18.a1_in1k. Received: {text[:200]!r}"
        )
    if not _REVISION.fullmatch(revision) or ".." in revision or "//" in revision:
        raise InvalidInput(f"A revision is a branch, a tag or the 40 digits of a commit. Received: {revision[:200]!r}")
    return HubAddress(owner=parts[0], repository=parts[1], revision=revision.rstrip("/"))


def _split(written: str) -> tuple[str, str]:
    path, at, revision = written.partition("@")
    return path, revision if at else MAIN


def _of_page(written: str) -> tuple[str, str]:
    """Path and revision of ``https://<site>/<owner>/<name>[/tree|blob|resolve|commit/<revision>...]``."""
    page = urlsplit(written if "://" in written else f"https://{written}")
    if page.scheme not in ("http", "https"):
        return "", MAIN
    path, revision = _split(unquote(page.path))
    parts = path.strip("/").split("/")
    if len(parts) >= 4 and parts[2] in ("tree", "blob", "resolve", "commit", "raw"):
        after = parts[3:] if parts[2] in ("tree", "commit") else parts[3:4]
        if after[0] == "refs":
            after = parts[3:6]  # refs/pr/12
        elif _COMMIT.fullmatch(after[0]) or parts[2] != "commit":
            after = after[:1]
        revision = "/".join(after)
    return "/".join(parts[:2]), revision


def _is_part(part: str) -> bool:
    return bool(_PART.fullmatch(part)) and "--" not in part and ".." not in part
