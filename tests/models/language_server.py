"""Speaks the language server protocol to pyright: opens a program, asks what it would complete.

Messages are JSON after a ``Content-Length`` header (https://microsoft.github.io/language-server-protocol/).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


class LanguageServer:
    """A running pyright, on a project in a folder of its own that uses this run's environment."""

    def __init__(self, folder: Path) -> None:
        settings = {"venvPath": str(Path(sys.prefix).parent), "venv": Path(sys.prefix).name}
        (folder / "pyrightconfig.json").write_text(json.dumps(settings), encoding="utf-8")
        self._file = (folder / "program.py").as_uri()
        self._asked = 0
        self._version = 0
        command = Path(sys.executable).with_name("pyright-langserver")
        self._process = subprocess.Popen([command, "--stdio"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        root = {"uri": folder.as_uri(), "name": "program"}
        self._ask(
            "initialize", {"processId": None, "rootUri": root["uri"], "capabilities": {}, "workspaceFolders": [root]}
        )
        self._tell("initialized", {})

    def completed(self, program: str) -> set[str]:
        """What may stand at the end of a program."""
        self._version += 1
        place = {"uri": self._file, "version": self._version}
        if self._version == 1:
            self._tell("textDocument/didOpen", {"textDocument": {**place, "languageId": "python", "text": program}})
        else:
            self._tell("textDocument/didChange", {"textDocument": place, "contentChanges": [{"text": program}]})
        lines = program.split("\n")
        position = {"line": len(lines) - 1, "character": len(lines[-1])}
        found = self._ask("textDocument/completion", {"textDocument": {"uri": self._file}, "position": position})
        return {one["label"] for one in found["items"]} if found else set()

    def close(self) -> None:
        self._ask("shutdown", None)
        self._tell("exit", None)
        self._process.wait(30)

    def _tell(self, method: str, params: Any, **more: Any) -> None:
        body = json.dumps({"jsonrpc": "2.0", "method": method, "params": params, **more}).encode()
        self._send(body)

    def _send(self, body: bytes) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))
        self._process.stdin.flush()

    def _ask(self, method: str, params: Any) -> Any:
        self._asked += 1
        self._tell(method, params, id=self._asked)
        while True:
            message = self._read()
            if "method" in message and "id" in message:  # the server asks something itself: settings, for the most part
                asked = message.get("params") or {}
                answer = [None for _ in asked.get("items", ())] if "configuration" in message["method"] else None
                self._send(json.dumps({"jsonrpc": "2.0", "id": message["id"], "result": answer}).encode())
            elif message.get("id") == self._asked:
                assert "error" not in message, message["error"]
                return message["result"]

    def _read(self) -> Any:
        assert self._process.stdout is not None
        length = 0
        while (header := self._process.stdout.readline().strip()) != b"":
            name, _, value = header.partition(b": ")
            if name.lower() == b"content-length":
                length = int(value)
        assert length, "the language server ended"
        return json.loads(self._process.stdout.read(length))
