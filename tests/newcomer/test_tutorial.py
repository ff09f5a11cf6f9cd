"""The tutorial works: a stranger who types what it says ends with a migrated, tested, served application."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

import httpx

from tests.newcomer.pages import blocks, run, write


def test_what_the_tutorial_says_works(folder: Path, environment: dict[str, str]) -> None:
    for block in blocks("tutorial.md"):
        if "title" in block.options:
            write(folder, block)
            continue
        for command, printed in block.commands():
            if "pip install" in command or command.endswith("venv .venv"):
                continue
            if "uvicorn" in command:
                ask(folder, command, environment)
                continue
            assert printed in run(folder, command, environment)
    assert run(folder, ".venv/bin/orm makemigrations --check shop", environment) is not None
    run(folder, ".venv/bin/orm migrate shop 0001 --yes", environment)
    run(folder, ".venv/bin/orm migrate", environment)


def ask(folder: Path, command: str, environment: dict[str, str]) -> None:
    """Serve the application as the page says, on a free port, and order from it over HTTP."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    server = subprocess.Popen(command.replace("8000", str(port)).split(), cwd=folder, env=environment)
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
            wait_for(client)
            names = [one["name"] for one in client.get("/products", params={"category": "tea"}).json()]
            assert names == ["Assam", "Darjeeling"]
            order = {"name": "Ada", "email": "ada@example.org", "items": {"Assam": 2, "Porcelain cup": 1}}
            assert client.post("/orders", json=order).status_code == 201
            assert client.get("/orders").json() == [{"customer": "Ada", "items": 2, "total": "20.00"}]
            refused = client.post("/orders", json={**order, "items": {"Assam": 39}})
            assert refused.json() == {"error": "sold out: Assam"}
            refused = client.post("/orders", json={**order, "items": {"Asam": 1}})
            assert refused.json() == {"error": "sold out: Asam"}
            assert len(client.get("/orders").json()) == 1
            assert client.post("/orders", json={**order, "items": {}}).status_code == 201
            assert client.get("/orders").json()[1] == {"customer": "Ada", "items": 0, "total": "0.00"}
    finally:
        server.terminate()
        server.wait(30)


def wait_for(client: httpx.Client) -> None:
    """Wait until the server answers."""
    limit = time.monotonic() + 60
    while True:
        try:
            client.get("/products")
            return
        except httpx.TransportError:
            if time.monotonic() > limit:
                raise
            time.sleep(0.1)
