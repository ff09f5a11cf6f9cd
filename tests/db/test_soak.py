"""The soak of ``benchmarks/soak`` keeps working: a short one, with everything in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NO_SERVER = 2


@pytest.mark.slow
def test_a_short_soak() -> None:
    """Cancellations, ended sessions and two restarts; all its claims are checked but that of memory."""
    command = [sys.executable, "-m", "benchmarks.soak", "--seconds=8", "--tasks=60", "--threads=6"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode == NO_SERVER:
        pytest.skip(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✗" not in done.stdout
