"""Stands in for TensorBoard's process: tells what it was asked."""

import json
import os
import sys
import time
from unittest.mock import patch

from core.web.board import board_server


def tell(environ, start_response):
    if environ["PATH_INFO"] == "/large":
        start_response("418 I'm a teapot", [("X-Told", "yes")])
        return [b"0123456789abcdef" * 50_000] * 2
    if environ["PATH_INFO"] == "/slow":
        time.sleep(1)
    told = {
        "pid": os.getpid(),
        "method": environ["REQUEST_METHOD"],
        "path": environ["PATH_INFO"],
        "query": environ["QUERY_STRING"],
        "body": environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)).decode(),
        "headers": {name: value for name, value in environ.items() if name.startswith("HTTP_")},
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(told).encode()]


if __name__ == "__main__":
    with patch.object(board_server, "make_wsgi", lambda *_: (tell, None)):
        sys.exit(board_server.main(sys.argv[1:]))
