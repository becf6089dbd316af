"""HTTP to a Ray cluster: its Jobs API and its nodes. Ray itself is never imported.

The requests and answers are those of Ray 2.60 (``docs.ray.io``, *Ray Jobs REST API* and *State API*). What differs from
the documentation was found by running it, and stands in ``docs/decisions/0025-several-machines.md``.
"""

import http.client
import json
import os
import stat
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from core.errors import InvalidInput, Unavailable
from core.jobs.cluster.client import ClusterJob, JobRequest, JobStatus
from core.jobs.cluster.nodes import ClusterNode, cpus_per_slot
from core.jobs.ray.nodes import nodes_of, used_of

TOKEN_FILE = "GRAFT_RAY_TOKEN_FILE"
"""Variable with the path of the file that holds the token of the cluster."""
CPUS = "GRAFT_RAY_CPUS"
"""Variable with the CPUs of one slot on a machine without a GPU; unset for all of the machine's."""
PENDING_SECONDS = 60.0
"""For so long a job may wait for its place; jobs of other programs have taken it. Ray fails what waits for 15
minutes."""
SECONDS = 5.0
"""Longest wait for an answer."""
SUBMIT_SECONDS = 10.0
"""Longest wait for the answer to a submission, which a loaded head gives late; a supervisor's lease lasts longer."""
LARGEST_ANSWER = 32 * 10**6
"""Bytes of an answer that is read into memory."""

_NO_ANSWER = (OSError, http.client.HTTPException)  # URLError, timeouts and refused connections are OSErrors


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A cluster has no reason to send a request elsewhere, and the token must not go there."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects())


class RayClient:
    """Requests to one cluster.

    Args:
        address: ``http://head:8265`` or ``https://...``, the address of Ray's dashboard.
        token: of the cluster (``RAY_AUTH_MODE=token``); never in a message.
        cpus_per_slot: see ``ClusterClient``.
    """

    pending_seconds = PENDING_SECONDS
    runner, offers_busy, question_cpus, question_gpus = "", False, 0.0, 0

    def __init__(self, address: str, token: str, cpus_per_slot: float | None = None) -> None:
        self.address, self._token, self.cpus_per_slot = address.rstrip("/"), token, cpus_per_slot
        self._is_protected = False

    def nodes(self) -> list[ClusterNode]:
        """All nodes that the cluster knows, dead ones included."""
        return nodes_of(self._answer("GET", "/api/v0/nodes?detail=1&limit=10000"))

    def used(self) -> dict[str, Mapping[str, float]]:
        """What jobs have reserved, by node id, as Ray's autoscaler saw it up to 5 seconds ago; empty without one."""
        return used_of(self._answer("GET", "/api/cluster_status"))

    def job(self, job_id: str) -> ClusterJob | None:
        """The job of this id; None when the cluster has none: it was never submitted, or the head was restarted."""
        found = self._answer("GET", f"/api/jobs/{quote(job_id, safe='')}", missing=None)
        return None if found is None else _job(found)

    def jobs(self) -> list[ClusterJob]:
        """All jobs that were submitted through the Jobs API."""
        return [_job(one) for one in self._answer("GET", "/api/jobs/") if one.get("submission_id")]

    def submit(self, request: JobRequest) -> None:
        """Start a job, once: Ray answers 500 when there is one of this id, or after it has started one.

        Raises:
            Unavailable: it was not started, or nobody knows; the same request may be repeated.
        """
        try:
            self._answer("POST", "/api/jobs/", body=_submission(request), seconds=SUBMIT_SECONDS)
        except Unavailable:
            if self.job(request.id) is None:
                raise

    def stop(self, job_id: str, *, at_once: bool = False) -> None:
        """Send SIGTERM to the processes of the job, and SIGKILL after ``RAY_JOB_STOP_WAIT_TIME_S`` of the node, which
        is all that Ray has for one that is to end ``at_once``, too."""
        self._answer("POST", f"/api/jobs/{quote(job_id, safe='')}/stop", missing=None)

    def _answer(
        self,
        method: str,
        path: str,
        *,
        body: dict[str, Any] | None = None,
        seconds: float = SECONDS,
        **missing: Any,
    ) -> Any:
        """The JSON of an answer; with ``missing`` that value where there is no such thing (404)."""
        self._require_protection()
        try:
            return self._request(method, path, body, seconds)
        except urllib.error.HTTPError as error:
            with error:
                if error.code == 404 and "missing" in missing:
                    return missing["missing"]
                raise Unavailable(self._refusal(error)) from None

    def _require_protection(self) -> None:
        """A cluster that asks for no token lets everybody who reaches it run programs: it is not used.

        Raises:
            Unavailable: it is such a cluster, or none answers.
        """
        if self._is_protected:
            return
        try:
            mode = self._request("GET", "/api/authentication_mode", None, SECONDS, token="")
        except urllib.error.HTTPError as error:
            with error:
                mode = {}  # a release before tokens: not protected either
        if not isinstance(mode, dict) or mode.get("authentication_mode") != "token":
            raise Unavailable(
                f"The Ray cluster at {self.address} asks for no token, so everybody who reaches it can run programs on "
                "its machines; Graft does not use it. Start Ray 2.52 or newer with RAY_AUTH_MODE=token on every node."
            )
        self._is_protected = True

    def _request(
        self, method: str, path: str, body: dict[str, Any] | None, seconds: float, *, token: str | None = None
    ) -> Any:
        request = urllib.request.Request(
            self.address + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=self._headers(self._token if token is None else token),
        )
        try:
            with _OPENER.open(request, timeout=seconds) as response:
                return json.loads(response.read(LARGEST_ANSWER))
        except urllib.error.HTTPError:
            raise
        except _NO_ANSWER as error:
            reason = getattr(error, "reason", error)
            cause = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
            raise Unavailable(
                f"The Ray cluster at {self.address} does not answer ({cause}). Start its head, or check GRAFT_LAUNCHER."
            ) from None
        except ValueError:
            raise Unavailable(
                f"What answers at {self.address} is no Ray cluster: it sent no JSON. Check GRAFT_LAUNCHER."
            ) from None

    @staticmethod
    def _headers(token: str) -> dict[str, str]:
        known = {"Content-Type": "application/json"}
        return known | ({"Authorization": f"Bearer {token}"} if token else {})

    def _refusal(self, error: urllib.error.HTTPError) -> str:
        if error.code in (401, 403):
            return (
                f"The Ray cluster at {self.address} does not accept the token (it answered {error.code}). Write the "
                f"cluster's token into the file that {TOKEN_FILE} names."
            )
        last = error.read(LARGEST_ANSWER).decode(errors="replace").strip(" .\n").splitlines()
        return f"The Ray cluster at {self.address} refused a request ({error.code}): {last[-1][:300] if last else ''}"


def open_cluster(launcher: str, environ: Mapping[str, str] | None = None) -> RayClient:
    """The cluster that ``GRAFT_LAUNCHER`` names. Nothing is sent yet.

    Args:
        launcher: ``ray:http://head:8265``.

    Raises:
        InvalidInput: the address is none, or there is no token.
    """
    address = launcher.removeprefix("ray:")
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        good = good and parts.path in ("", "/") and not parts.query
    except ValueError:
        good = False
    if not good:
        raise InvalidInput(
            f"GRAFT_LAUNCHER must be ray: and an address such as http://head:8265. Received: {launcher!r}"
        )
    environ = os.environ if environ is None else environ
    return RayClient(address, read_token(environ), cpus_per_slot(environ, CPUS))


def read_token(environ: Mapping[str, str]) -> str:
    """The token of the cluster, from a file that only its owner may read.

    Raises:
        InvalidInput: no file is named, it cannot be read, others may read it, or it has no token.
    """
    named = environ.get(TOKEN_FILE, "").strip()
    if not named:
        raise InvalidInput(f"{TOKEN_FILE} is not set. Set it to the file with the token of the Ray cluster.")
    path = Path(named).expanduser()
    try:
        mode = path.stat().st_mode
        content = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        cause = getattr(error, "strerror", None) or "it is no text"
        raise InvalidInput(f"{TOKEN_FILE} names {path}, which cannot be read ({cause}).") from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InvalidInput(
            f"{TOKEN_FILE} names {path}, which others on this machine may read. Change that: chmod 600 {path}"
        )
    if not content or len(content.split()) != 1 or not content.isascii():
        raise InvalidInput(f"{TOKEN_FILE} names {path}, which must hold one token and nothing else.")
    return content


def _submission(request: JobRequest) -> dict[str, Any]:
    content: dict[str, Any] = {
        "submission_id": request.id,
        "entrypoint": request.command,
        "entrypoint_num_cpus": request.cpus,
        "entrypoint_num_gpus": request.gpus,
        "metadata": dict(request.metadata),
    }
    if request.node:
        content["entrypoint_label_selector"] = {"ray.io/node-id": request.node}
    return content


def _job(content: Mapping[str, Any]) -> ClusterJob:
    return ClusterJob(
        id=str(content["submission_id"]),
        status=JobStatus(content["status"]),
        message=str(content.get("message") or ""),
        exit_code=content.get("driver_exit_code"),
        metadata=content.get("metadata") or {},
    )
