"""A trainer that is a job of a cluster. Whether it lives is its lease; before it has one, the cluster is asked."""

import time
from collections.abc import Callable
from typing import Any

from core.errors import Unavailable
from core.jobs.cluster.client import ClusterClient, ClusterJob, JobRefused, JobRequest, JobStatus
from core.jobs.node_trainer import GIVEN_UP
from core.registry import Registry
from core.registry.leases import lease_of_run

ASK_SECONDS = 1.0
"""Between two questions to the cluster about the same job."""
AWAY_SECONDS = 120.0
"""A job that has no lease counts as never started after the cluster has not answered for so long."""
START_SECONDS = 180.0
"""For so long a started job may be without a lease."""


class ClusterTrainer:
    """A job and the attempt it is at.

    Args:
        job_id: of the cluster; "" of a trainer that was not started by this launcher.
        request: what has to be submitted; None when it was submitted already.
        clock: seconds that only grow.
    """

    def __init__(
        self,
        run_id: str,
        attempt: int,
        slot: str,
        job_id: str,
        *,
        client: ClusterClient,
        registry: Registry,
        request: JobRequest | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.run_id, self.attempt, self.slot, self.job_id = run_id, attempt, slot, job_id
        self._client, self._registry, self._request, self._clock = client, registry, request, clock
        self.stopped_by_mistake = False
        """Whether it was stopped because of a run that it had finished already."""
        self.ended_at: float | None = None
        """When it was found to be dead."""
        self.not_started = ""
        """Why it never took its lease, once it is known that it will not."""
        self.was_refused = False
        """Whether that is because of its machine."""
        self._asked_at: float | None = None
        self._over_since: float | None = None
        self._has_started = False
        self._since = self._heard_at = clock()
        self._question_at: float | None = None
        self._runs_since: float | None = None

    def __str__(self) -> str:
        return f"job {self.job_id}"

    @property
    def identity(self) -> dict[str, Any] | None:
        """By which the registry knows it."""
        return {"job": self.job_id} if self.job_id else None

    @property
    def returncode(self) -> int | None:
        """Nobody knows it: a cluster forgets it after a stop, and may be wrong about it under a partition."""
        return None

    @property
    def disk_full(self) -> bool:
        """Not known of another machine; its exit record says so."""
        return False

    @property
    def was_asked_to_stop(self) -> bool:
        return self._asked_at is not None

    def follow(self, run_id: str, attempt: int) -> None:
        """It has claimed another run, which was not cancelled."""
        self.stopped_by_mistake = self.was_asked_to_stop
        self.run_id, self.attempt = run_id, attempt
        self._asked_at = self._over_since = self._runs_since = self.ended_at = None
        self._has_started, self._since, self.not_started, self._question_at = False, self._clock(), "", None

    def lingers(self, limit: float) -> bool:
        """Whether it still runs ``limit`` seconds after the first call, which is made when its run has ended."""
        if self._over_since is None:
            self._over_since = self._clock()
        return self._clock() - self._over_since > limit

    def is_dead(self) -> bool:
        """Whether its lease was released or has lapsed, or it will never take it."""
        if self._holds_lease():
            self._has_started = True
            return False
        dead = self._has_started or self._will_not_start()
        if dead and self.ended_at is None:
            self.ended_at = self._clock()
        return dead

    def stop(self, grace: float) -> None:
        """Ask it to stop at the first call, and have the cluster end it after ``grace`` seconds."""
        now = self._clock()
        if self._asked_at is not None and now - self._asked_at <= grace:
            return
        was_asked, self._asked_at = self.was_asked_to_stop, now
        self._stop_job(at_once=was_asked)

    def _stop_job(self, *, at_once: bool) -> None:
        if self._request is not None:  # never submitted
            self._request, self.not_started = None, "It was stopped before it could start."
        elif self.job_id:
            try:
                self._client.stop(self.job_id, at_once=at_once)
            except Unavailable:  # a cancellation is in the registry too, where the trainer reads it
                return

    def _holds_lease(self) -> bool:
        lease = self._registry.last_lease(lease_of_run(self.run_id))
        if lease is None or lease.token != self.attempt:
            return False
        self._has_started = True
        return self._registry.lease(lease.name) is not None

    def _will_not_start(self) -> bool:
        """The cluster's word only counts for what has no lease: should the job live, its attempt is refused."""
        if self.not_started:
            return True
        if self._question_at is None or self._clock() - self._question_at >= ASK_SECONDS:
            self._question_at = self._clock()
            self.not_started = self._reason()
        return bool(self.not_started)

    def _reason(self) -> str:
        if not self.job_id:
            return "Its trainer is gone."
        try:
            if self._request is not None:
                self._client.submit(self._request)
                self._request, self._since = None, self._clock()
            job = self._client.job(self.job_id)
        except JobRefused as error:
            self.was_refused = True
            return f"It was not started on {self.machine}: {error}"
        except Unavailable as error:
            away = self._clock() - self._heard_at > AWAY_SECONDS
            return f"It could not be started: {error}" if away else ""
        self._heard_at = self._clock()
        if job is None:
            return "It was not started: the cluster has forgotten it, as it does when its head is restarted."
        if job.status.has_ended:
            self.was_refused = job.status is JobStatus.FAILED and job.exit_code != GIVEN_UP
            return f"It was not started on {self.machine}: {job.last_line}"
        return self._too_late(job)

    def _too_late(self, job: ClusterJob) -> str:
        if job.status is JobStatus.PENDING:
            late = self._client.pending_seconds
            reason = f"There was no room on {self.machine}: other jobs of the cluster use it"
            reason += f" ({job.waits_for})." if job.waits_for else "."
            since = self._since
        else:
            self._runs_since = since = self._clock() if self._runs_since is None else self._runs_since
            late = START_SECONDS
            reason = f"Its program on {self.machine} did not begin within {START_SECONDS:.0f} seconds."
        if self._clock() - since <= late:
            return ""
        self._stop_job(at_once=True)
        return reason

    @property
    def machine(self) -> str:
        """Name of the machine of its slot."""
        return self.slot.rpartition("/")[0] or "the cluster"
