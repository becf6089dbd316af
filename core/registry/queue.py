"""The queue and every change of status. The first final status is kept; writes of earlier attempts are ignored."""

import time
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from core.errors import Conflict, InvalidInput
from core.registry.connection import Store
from core.registry.placement import START_ORDER, WAITING, next_for
from core.registry.runs import RUN_COLUMNS, get_run, last_position, no_such_run, read_runs, run_of
from core.registry.schema import attempts, runs
from core.runs.costs import RECORDED_AT
from core.runs.values import Cancel, Run, Status

_FIRST = select(runs.c.id).where(WAITING).order_by(*START_ORDER).limit(1).scalar_subquery()
UNRECORDED_SECONDS = 5.0
"""Most seconds after its last record that count for an attempt. A trainer records its cost every 2 seconds, so it has
lived shorter if its end was noticed later (the supervisor had ended too, or the machine)."""

INTERRUPTED = "INTERRUPTED"
"""Outcome of an attempt whose run went back into the queue."""


class Queue(Store):
    """Scheduled runs in the order they will start, and every change of status."""

    def queue(self) -> list[Run]:
        """Scheduled runs, the next one first: highest priority, then position."""
        with self.reading() as connection:
            return read_runs(connection, select(*RUN_COLUMNS).where(WAITING).order_by(*START_ORDER))

    def claim(self, slot: str, token: str, run_id: str | None = None) -> Run | None:
        """Starts an attempt of a scheduled run on ``slot``; None when it does not wait (any more).

        Args:
            slot: where it will run ("cpu" or the UUID of a GPU).
            token: of the claimant; stored with the attempt.
            run_id: which one; the next one of the queue by default, whatever it needs.
        """
        this = runs.c.id == _FIRST if run_id is None else (runs.c.id == run_id) & WAITING
        with self.writing() as connection:
            return _claim(connection, this, slot, token, None)

    def next_run(self, slot: str) -> Run | None:
        """The first waiting run that fits a slot (see ``Placement``)."""
        with self.reading() as connection:
            run_id = next_for(connection, slot)
            return None if run_id is None else get_run(connection, run_id)

    def claim_next(self, run_id: str, attempt: int, slot: str, token: str, process: dict[str, Any]) -> Run | None:
        """Starts an attempt of exactly this run, by a process that runs already; None unless it is next in its slot.

        Args:
            attempt: how many the run has had so far, as the caller saw it.
            process: the identity of the caller, kept with the new attempt (see ``run_of_process``).
        """
        this = (runs.c.id == run_id) & (runs.c.attempt == attempt)
        with self.writing() as connection:
            if next_for(connection, slot) != run_id:
                return None
            return _claim(connection, this, slot, token, process)

    def end(self, run_id: str, attempt: int, status: Status, reason: str = "") -> bool:
        """Ends the running attempt; False when it is not the running one (any more), and then nothing changes."""
        if not status.ended:
            raise InvalidInput(f"A run ends FINISHED, FAILED or KILLED. Received: {status}")
        with self.writing() as connection:
            if not is_running(connection, run_id, attempt):
                return False
            end_run(connection, run_id, status, reason)
            return True

    def requeue(self, run_id: str, attempt: int | None = None, reason: str = "") -> bool:
        """Puts a running, failed or killed run back into the queue; False when it is neither.

        A run that was running keeps its position; one that had ended goes to the end. With ``attempt`` only that
        attempt, while it is running, is put back.
        """
        with self.writing() as connection:
            run = get_run(connection, run_id)
            if run.status in (Status.SCHEDULED, Status.FINISHED):
                return False
            if attempt is not None and (run.status != Status.RUNNING or run.attempt != attempt):
                return False
            position = run.position
            if run.status == Status.RUNNING:
                _end_attempt(connection, run, INTERRUPTED, time.time())
            else:
                position = last_position(connection) + 1
            statement = update(runs).where(runs.c.id == run_id)
            statement = statement.values(status=Status.SCHEDULED, reason=reason, cancel=None, slot=None, ended_at=None)
            connection.execute(statement.values(position=position, wall_seconds=_wall_seconds(connection, run_id)))
            return True

    def request_cancel(self, run_id: str, cancel: Cancel) -> Run:
        """Ends a scheduled run at once, requests a running one to stop. "Now" is not replaced by a later "after epoch".

        Raises:
            Conflict: it has already ended.
        """
        with self.writing() as connection:
            run = get_run(connection, run_id)
            if run.status.ended:
                raise Conflict(f"Run {run_id} has already ended ({run.status}); there is nothing to cancel.")
            if run.status == Status.SCHEDULED:
                end_run(connection, run_id, Status.KILLED, "Cancelled before it started.")
            elif run.cancel != Cancel.NOW:
                connection.execute(update(runs).where(runs.c.id == run_id).values(cancel=cancel))
            return get_run(connection, run_id)

    def cancel_requested(self, run_id: str) -> Cancel | None:
        """The cancellation requested by the user, if any; trainers read it after every epoch."""
        with self.reading() as connection:
            row = connection.execute(select(runs.c.cancel).where(runs.c.id == run_id)).first()
        if row is None:
            raise no_such_run(run_id)
        return None if row.cancel is None else Cancel(row.cancel)

    def set_priority(self, run_id: str, priority: int) -> None:
        """Higher starts first; within one priority the order stays."""
        with self.writing() as connection:
            _waiting_run(connection, run_id)
            connection.execute(update(runs).where(runs.c.id == run_id).values(priority=priority))

    def move(self, run_id: str, before: str | None = None) -> None:
        """Puts a scheduled run right before another one, or at the very end; it takes the priority found there."""
        if run_id == before:
            return
        with self.writing() as connection:
            moved = _waiting_run(connection, run_id)
            target = _waiting_run(connection, before) if before else _last_but(connection, run_id)
            if target is None:
                return
            others = [run for run in _waiting(connection, target.priority) if run.id != run_id]
            place = [run.id for run in others].index(target.id) + (before is None)
            # The same positions in a new order: they stay unique without renumbering other runs.
            positions = sorted([moved.position, *(run.position for run in others)])
            for run, position in zip([*others[:place], moved, *others[place:]], positions, strict=True):
                values = {"position": position, "priority": target.priority}
                connection.execute(update(runs).where(runs.c.id == run.id).values(values))


def is_running(connection: Connection, run_id: str, attempt: int) -> bool:
    """Whether ``attempt`` is the current one of a running run; writes of others are rejected."""
    current = (runs.c.id == run_id) & (runs.c.attempt == attempt) & (runs.c.status == Status.RUNNING)
    return connection.scalar(select(runs.c.id).where(current)) is not None


def end_run(connection: Connection, run_id: str, status: Status, reason: str) -> None:
    """The only way a run ends."""
    run, now = get_run(connection, run_id), time.time()
    if run.status == Status.RUNNING:
        _end_attempt(connection, run, status, now)
    values = {"status": status, "reason": reason, "ended_at": now, "wall_seconds": _wall_seconds(connection, run_id)}
    connection.execute(update(runs).where(runs.c.id == run_id).values(values))


def _claim(
    connection: Connection, which: ColumnElement[bool], slot: str, token: str, process: dict[str, Any] | None
) -> Run | None:
    now = time.time()
    values = {"status": Status.RUNNING, "reason": "", "cancel": None, "slot": slot, "ended_at": None}
    statement = update(runs).where(which).values(**values, attempt=runs.c.attempt + 1)
    statement = statement.values(started_at=func.coalesce(runs.c.started_at, now))
    row = connection.execute(statement.returning(*RUN_COLUMNS)).first()
    if row is None:
        return None
    run = run_of(row)
    attempt = {"run_id": run.id, "number": run.attempt, "slot": slot, "token": token, "started_at": now}
    attempt |= {"process": process, "outcome": "", "first_epoch": run.epochs_done + 1}
    connection.execute(insert(attempts).values(attempt))
    return run


def _end_attempt(connection: Connection, run: Run, outcome: str, now: float) -> None:
    this = (attempts.c.run_id == run.id) & (attempts.c.number == run.attempt)
    spent = connection.scalar(select(attempts.c.spent).where(this))
    if spent is not None and outcome != Status.FINISHED:
        spent = _until(now, spent)
    connection.execute(update(attempts).where(this).values(ended_at=now, outcome=outcome, spent=spent))


def _until(now: float, spent: dict[str, Any]) -> dict[str, Any]:
    """``spent`` with the seconds from its record to the end of the attempt, which the trainer could not record."""
    since = now - spent.get(RECORDED_AT, now)
    return spent | {"wall_seconds": spent["wall_seconds"] + min(max(since, 0.0), UNRECORDED_SECONDS)}


def _wall_seconds(connection: Connection, run_id: str) -> float | None:
    """Total of the recorded costs of the attempts; None when none was recorded."""
    spent = attempts.c.spent["wall_seconds"].as_float()
    return connection.scalar(select(func.sum(spent)).where(attempts.c.run_id == run_id))


def _waiting(connection: Connection, priority: int) -> list[Run]:
    query = select(*RUN_COLUMNS).where(WAITING, runs.c.priority == priority).order_by(*START_ORDER)
    return read_runs(connection, query)


def _waiting_run(connection: Connection, run_id: str) -> Run:
    run = get_run(connection, run_id)
    if run.status != Status.SCHEDULED:
        raise Conflict(
            f"Run {run_id} does not wait any more ({run.status}); only waiting runs have a place in the queue."
        )
    return run


def _last_but(connection: Connection, run_id: str) -> Run | None:
    query = select(*RUN_COLUMNS).where(WAITING, runs.c.id != run_id).order_by(*START_ORDER)
    rows = connection.execute(query).all()
    return run_of(rows[-1]) if rows else None
