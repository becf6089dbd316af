"""Examples for programs, with the address of this server."""

from urllib.parse import urlsplit

CURL, PYTHON, MCP = "curl", "Python", "MCP"


def server_address(url: str | None, port: int) -> str:
    """Where this server is, as the browser sees it: ``http://127.0.0.1:8501`` or ``https://host/graft``.

    Args:
        url: of the page, as the browser reports it; None where it reports none.
    """
    parts = urlsplit(url or "")
    if not parts.scheme or not parts.netloc:
        return f"http://127.0.0.1:{port}"
    return f"{parts.scheme}://{parts.netloc}{parts.path.rpartition('/')[0]}"


def examples(address: str, model: str) -> dict[str, str]:
    """The code of each example.

    Args:
        model: run, or dataset@alias, that predicts in the examples.
    """
    return {
        CURL: _CURL.format(address=address, model=model),
        PYTHON: _PYTHON.format(address=address, model=model),
        MCP: _MCP.format(address=address, model=model),
    }


_CURL = """\
export TOKEN=graft_...
curl -H "Authorization: Bearer $TOKEN" {address}/api/v1/datasets

curl -H "Authorization: Bearer $TOKEN" -F photos=@photo.jpg -F top=3 \\
     {address}/api/v1/models/{model}/predict

curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/zip" --data-binary @photos.zip \\
     "{address}/api/v1/datasets?name=flowers"
"""

_PYTHON = """\
import requests

graft = requests.Session()
graft.headers["Authorization"] = "Bearer graft_..."
address = "{address}/api/v1"

with open("photo.jpg", "rb") as photo:
    answer = graft.post(f"{{address}}/models/{model}/predict", files=[("photos", photo)], data={{"top": 3}})
if not answer.ok:
    raise SystemExit(answer.json()["detail"])
for photo in answer.json()["photos"]:
    best = photo["answers"][0]["predictions"][0]
    print(photo["file"], best["class_name"], best["probability"])
"""

_MCP = """\
import asyncio

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client


async def main():
    async with httpx2.AsyncClient(headers={{"Authorization": "Bearer graft_..."}}) as http:
        async with Client(streamable_http_client("{address}/mcp", http_client=http)) as client:
            found = await client.call_tool("list_datasets", {{}})
            print(found.structured_content)


asyncio.run(main())
"""
