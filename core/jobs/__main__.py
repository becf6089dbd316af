"""``python -m core.jobs``: the supervisor of ``GRAFT_HOME``, in the foreground; ``--detach`` is for ``control``."""

import argparse
import os
from contextlib import suppress


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m core.jobs", description=__doc__)
    parser.add_argument("--detach", action="store_true", help="run in the background")
    parser.add_argument("--ready", type=int, metavar="FD", help="descriptor to write the reply to")
    arguments = parser.parse_args()
    if arguments.detach and os.fork():
        os._exit(0)  # the caller need not wait for the slow imports
    return supervise(arguments.ready)


def supervise(ready: int | None) -> int:
    import logging

    from core.artifacts import bringing
    from core.errors import GraftError
    from core.jobs.service import serve
    from core.jobs.supervisor import GRACE
    from core.settings import load_settings

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.raiseExceptions = False  # a full disk must not make a stack trace of every line
    grace = float(os.environ.get("GRAFT_GRACE_SECONDS", GRACE))

    def notify(reply: str) -> None:
        if ready is not None:
            with suppress(BrokenPipeError):  # the caller does not wait any more
                os.write(ready, reply.encode())
            os.close(ready)

    bringing.install()
    try:
        return serve(load_settings(), notify=notify, grace=grace)
    except (GraftError, OSError) as error:
        logging.error("The supervisor cannot start: %s", error)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
