"""Stands for the process that computes heat maps: ``python -m tests.fake_explaining DESCRIPTOR IDLE_SECONDS``."""

import os
import signal
import sys
import time
from multiprocessing.connection import Connection

from core.explaining.protocol import receive, send

connection, idle = Connection(int(sys.argv[1])), float(sys.argv[2])
while connection.poll(idle):
    request = receive(connection)
    match request["do"]:
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "fail":
            raise ValueError("a defect")
        case "sleep":
            time.sleep(60)
        case "refuse":
            send(connection, {"problem": "It cannot be done."})
        case _:
            send(connection, {"stage": "working"})
            send(connection, {"pid": os.getpid(), "done": request["do"]})
