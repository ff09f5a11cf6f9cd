"""One thing measured against one limit, and how a process of its own is asked for it."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent
BYTECODE: Final = Path(__file__).parent / "results" / "bytecode"


@dataclass
class Check:
    """One thing measured against one limit; ``value`` is None when the probe failed, and ``detail`` says how."""

    name: str
    title: str
    limit: float
    unit: str
    value: float | None = None
    detail: str = ""

    @property
    def passed(self) -> bool:
        """Whether it is within the limit."""
        return self.value is not None and self.value <= self.limit


def answer_of(command: list[str], folder: Path) -> dict[str, Any]:
    """Run a command in a folder and return the JSON object it printed, or its last line of error under ``error``."""
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment(), check=False)
    if done.returncode:
        return {"error": (done.stderr.strip() or "no output").splitlines()[-1]}
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def environment() -> dict[str, str]:
    """What a process is given: bytecode is kept, wherever the machine forbids it, as a program runs more than once."""
    given = {**os.environ, "PYTHONPYCACHEPREFIX": str(BYTECODE)}
    given.pop("PYTHONDONTWRITEBYTECODE", None)
    return given
