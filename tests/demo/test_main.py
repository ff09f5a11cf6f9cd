"""The demo from end to end, small: what ``make demo`` prints and how it ends."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path


def run_demo(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the demo as ``make demo`` does."""
    return subprocess.run(
        [sys.executable, "-m", "migrations_demo", *arguments],
        env={**os.environ, "DATABASE_URL": url, "SERVE": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_every_part_succeeds(tmp_path: Path) -> None:
    done = run_demo(f"sqlite:///{tmp_path / 'demo.sqlite3'}", "--budget", "0.5", "--requests", "40", "--at-once", "8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every part succeeded." in done.stdout
    assert done.stderr == ""
    assert "models.svg" in done.stdout
    assert "Unapplying catalogue.0005_split_authors..." in done.stdout
    assert re.search(r"Applying catalogue.0009_fill_lengths...\n +[\d,]+ rows, [\d,]+ in a second", done.stdout)
    for part in ("Migrate", "Load", "Back and forth", "Web, awaitable views", "Web, a blocking view", "Legacy Django"):
        assert part in done.stdout


def test_a_database_that_can_not_be_reached_ends_it_at_once() -> None:
    done = run_demo("postgresql://somebody:secret@127.0.0.1:1/nothing")
    assert done.returncode == 1
    assert "OperationalError" in done.stdout
    assert "secret" not in done.stdout + done.stderr
    assert "Reading" not in done.stdout


def test_memory_is_refused_with_the_reason() -> None:
    done = run_demo("sqlite://:memory:")
    assert done.returncode == 1
    assert "process of its own" in done.stdout
