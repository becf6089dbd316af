"""How long one rerun of a page takes with 1,000 runs in the registry, over a real server's websocket.

``python -m tests.bench.bench_overview [RUNS]`` prints the median of 30 reruns per page; Overview must take under 150.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect

from core.registry import Registry
from core.settings import Settings
from tests.browser.conftest import Server, end_server, start_server
from tests.factories import fill

PAGES = ("", "runs")
RERUNS = 30
TARGET_MS = 150


def main(runs: int = 1000) -> int:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        registry = Registry.open(Settings(home=home).registry_path)
        fill(registry, runs=runs)
        registry.close()
        server = start_server(home, Path(folder) / "server.log")
        try:
            medians = {page: median_rerun(server, page) for page in PAGES}
            print(f"web process: {server.health()['rss_bytes'] / 1e6:.0f} MB")
        finally:
            end_server(server)
    print(f"Overview within {TARGET_MS} ms with {runs} runs: {'yes' if medians[''] < TARGET_MS else 'NO'}")
    return 0


def median_rerun(server: Server, page: str) -> float:
    """Milliseconds from asking for a rerun to the end of the script."""
    address = server.url.replace("http", "ws", 1) + "/_stcore/stream"
    with connect(address, origin=server.url, max_size=None) as socket:
        first = _rerun(socket, page)
        times = [_rerun(socket, page) for _ in range(RERUNS)]
    median = statistics.median(times)
    worst = sorted(times)[int(0.9 * RERUNS)]
    print(f"{page or 'overview'}: median {median:.0f} ms, nine in ten under {worst:.0f} ms, first visit {first:.0f} ms")
    return median


def _rerun(socket: ClientConnection, page: str) -> float:
    message = BackMsg()
    message.rerun_script.page_name = page
    started = time.perf_counter()
    socket.send(message.SerializeToString())
    while True:
        answer = ForwardMsg.FromString(socket.recv(timeout=60))
        if answer.WhichOneof("type") == "script_finished":
            return 1000 * (time.perf_counter() - started)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
