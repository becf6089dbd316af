"""A hub on this machine: the two requests that Graft makes of it, and everything that can go wrong with them.

``LocalHub`` serves repositories; large files are redirected to a second server, as the real hub does.
"""

import contextlib
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from hashlib import sha1, sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

LARGE = (".safetensors", ".h5", ".keras", ".bin", ".onnx")
"""Names of files that are stored as LFS files."""


@dataclass
class Repository:
    """One model of a local hub; its commit is that of its files."""

    files: dict[str, bytes]
    card: dict = field(default_factory=dict)
    gated: str | bool = False
    token: str = ""
    tags: list[str] = field(default_factory=list)

    @property
    def commit(self) -> str:
        text = json.dumps([[name, sha256(content).hexdigest()] for name, content in sorted(self.files.items())])
        return sha1(text.encode()).hexdigest()


@dataclass
class Faults:
    """What goes wrong. ``cut_at``: bytes after which the connection of a file is closed, one for each request;
    ``crawl_after``: bytes of a file after which one byte a second is sent."""

    cut_at: dict[str, list[int]] = field(default_factory=dict)
    crawl_after: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, list[tuple[int, dict[str, str]]]] = field(default_factory=dict)
    other_content: dict[str, bytes] = field(default_factory=dict)
    other_commit: str = ""
    no_ranges: bool = False
    slow: float = 0.0
    hang: float = 0.0


class LocalHub:
    """Two servers; ``with LocalHub() as hub``.

    Attributes:
        asked: (path, range) of every request for content of a file. tokens: the authorisation each server received.
    """

    def __init__(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.faults = Faults()
        self.asked: list[tuple[str, str]] = []
        self.tokens: dict[str, list[str]] = {"hub": [], "files": []}
        self.counts: Counter = Counter()
        self._files = self._serve("files", "localhost")
        self._hub = self._serve("hub", "127.0.0.1")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._hub.server_port}"

    @property
    def files_url(self) -> str:
        return f"http://localhost:{self._files.server_port}"

    def add(self, name: str, files: dict[str, bytes], **about) -> Repository:
        self.repositories[name] = Repository(files=files, **about)
        return self.repositories[name]

    def __enter__(self) -> "LocalHub":
        return self

    def __exit__(self, *_error) -> None:
        for server in (self._hub, self._files):
            server.shutdown()
            server.server_close()

    def _serve(self, role: str, host: str) -> ThreadingHTTPServer:
        handler = type("Handler", (_Handler,), {"hub": self, "role": role})
        server = ThreadingHTTPServer((host, 0), handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server


class _Handler(BaseHTTPRequestHandler):
    hub: LocalHub
    role: str

    def do_GET(self):
        with contextlib.suppress(ConnectionError):  # the reader went away
            self._answer(unquote(urlsplit(self.path).path))

    def _answer(self, path: str) -> None:
        hub = self.hub
        hub.tokens[self.role].append(self.headers.get("Authorization", ""))
        time.sleep(hub.faults.hang)
        planned = next((left for part, left in hub.faults.statuses.items() if part in path and left), None)
        if planned and self.role == "hub":
            status, headers = planned.pop(0)
            return self._send(status, b"", headers)
        if path.startswith("/api/models/"):
            return self._describe(path)
        owner, name, _, commit, file = path.strip("/").split("/", 4)
        repository = self.hub.repositories.get(f"{owner}/{name}")
        if repository is None or file not in repository.files or commit != repository.commit:
            return self._send(404, b"Entry not found", {})
        if self.role == "hub" and not self._may_read(repository):
            return self._send(401 if not self.headers.get("Authorization") else 403, b"gated", {})
        if self.role == "hub" and file.endswith(LARGE):
            return self._send(302, b"", {"Location": hub.files_url + self.path, "X-Repo-Commit": commit})
        return self._file(file, repository.files[file])

    def _may_read(self, repository: Repository) -> bool:
        return not repository.token or self.headers.get("Authorization") == f"Bearer {repository.token}"

    def _describe(self, path: str) -> None:
        owner, name, _, revision = path.removeprefix("/api/models/").split("/", 3)
        repository = self.hub.repositories.get(f"{owner}/{name}")
        if repository is None:
            return self._send(401 if not self.headers.get("Authorization") else 404, b"", {})
        if revision not in ("main", repository.commit) and not self.hub.faults.other_commit:
            return self._send(404, b"Revision not found", {})
        answer = {
            "id": f"{owner}/{name}",
            "sha": self.hub.faults.other_commit or repository.commit,
            "gated": repository.gated,
            "cardData": repository.card,
            "tags": repository.tags,
            "siblings": [_sibling(file, content) for file, content in repository.files.items()],
        }
        return self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _file(self, file: str, content: bytes) -> None:
        hub = self.hub
        content = hub.faults.other_content.get(file, content)
        wanted = self.headers.get("Range", "")
        hub.asked.append((file, wanted))
        begin = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and not hub.faults.no_ranges else 0
        headers = {"Content-Length": str(len(content) - begin)}
        if begin:
            headers["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        cuts = hub.faults.cut_at.get(file, [])
        end = cuts.pop(0) if cuts else len(content)
        self._send(206 if begin else 200, None, headers)
        if crawl := hub.faults.crawl_after.get(file):
            self.wfile.write(content[begin:crawl])
            begin = max(begin, crawl)
            while hub.faults.crawl_after and begin < end:
                time.sleep(1)
                self.wfile.write(content[begin : begin + 1])
                begin += 1
        for start in range(begin, max(begin, end), 1 << 16):
            time.sleep(hub.faults.slow)
            self.wfile.write(content[start : min(start + (1 << 16), end)])

    def _send(self, status: int, body: bytes | None, headers: dict[str, str]) -> None:
        self.hub.counts[status] += 1
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if body is not None and "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body:
            self.wfile.write(body)

    def log_message(self, *_args):
        """Keep quiet."""


def _sibling(file: str, content: bytes) -> dict:
    blob = sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
    row = {"rfilename": file, "size": len(content), "blobId": blob}
    if file.endswith(LARGE):
        row["lfs"] = {"sha256": sha256(content).hexdigest(), "size": len(content), "pointerSize": 134}
    return row
