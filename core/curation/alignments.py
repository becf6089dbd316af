"""Alignment of many pairs of pictures: in this process where they are few, else on all cores.

Most of an alignment is Python and small arrays, which one process does on one core whatever its threads. So parts of
the pairs go to processes of their own, started anew (``spawn``): the process of a check may have imported TensorFlow,
which does not survive a fork. What is found is the same, since a pair is aligned by itself.
"""

import os
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from threading import Thread

import numpy as np
import numpy.typing as npt

from core.curation.alignment import Aligner, Alignment

LEAST = 2000
"""Pairs from which on processes are started. Random pairs of clothing photos on two cores: 2,000 in 1.35 s instead of
2.1 s, 6,000 in 2.6 s instead of 4.3 s."""
_PART = 128
"""Pairs that a process gets at once: at most 6 MB of pictures."""

Numbers = Sequence[tuple[int, int]]


def alignments(
    pixels: Sequence[npt.ArrayLike], pairs: Numbers, *, least: int = LEAST, cores: int | None = None
) -> Iterator[Alignment]:
    """The alignment of every pair, in their order, as they become known.

    Args:
        pixels: uint8 (SIDE, SIDE, 3) of each picture. pairs: numbers of two pictures; best in the order of the first.
        least: pairs from which on processes are started. cores: how many; as many as this process may use by default.
    """
    cores = len(os.sched_getaffinity(0)) if cores is None else cores
    if len(pairs) < least or cores < 2:
        aligner = Aligner(pixels)
        return (aligner.align(first, second) for first, second in pairs)
    return _in_processes(pixels, pairs, cores)


def _in_processes(pixels: Sequence[npt.ArrayLike], pairs: Numbers, cores: int) -> Iterator[Alignment]:
    """A part for every core is being aligned and one more waits, so that few pictures are copied at a time."""
    parts = iter([pairs[start : start + _PART] for start in range(0, len(pairs), _PART)])
    pool = ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=_end_with_parent)
    begun: deque[tuple[Numbers, Future[list[Alignment]] | None]] = deque()
    try:
        while True:
            while len(begun) <= cores and (part := next(parts, None)) is not None:
                begun.append((part, _submitted(pool, pixels, part)))
            if not begun:
                return
            part, future = begun.popleft()
            yield from _result(pixels, part, future)
    finally:  # also where the caller stops early
        pool.shutdown(wait=False, cancel_futures=True)


def _submitted(
    pool: ProcessPoolExecutor, pixels: Sequence[npt.ArrayLike], part: Numbers
) -> Future[list[Alignment]] | None:
    needed = sorted({number for pair in part for number in pair})
    place = {number: at for at, number in enumerate(needed)}
    own = np.stack([np.asarray(pixels[number]) for number in needed])
    try:
        return pool.submit(_aligned, own, [(place[first], place[second]) for first, second in part])
    except BrokenProcessPool:
        return None


def _result(pixels: Sequence[npt.ArrayLike], part: Numbers, future: Future[list[Alignment]] | None) -> list[Alignment]:
    """Aligned here where the processes were killed, as by a full memory."""
    try:
        if future is not None:
            return future.result()
    except BrokenProcessPool:
        pass
    aligner = Aligner(pixels)
    return [aligner.align(first, second) for first, second in part]


def _aligned(pixels: np.ndarray, pairs: Numbers) -> list[Alignment]:
    """In a process of its own."""
    aligner = Aligner(list(pixels))
    return [aligner.align(first, second) for first, second in pairs]


def _end_with_parent() -> None:
    """A process of a pool whose parent was killed would wait for ever: it holds the other end of its own queue."""
    parent = parent_process()
    if parent is not None:
        Thread(target=lambda: (wait([parent.sentinel]), os._exit(1)), daemon=True).start()
