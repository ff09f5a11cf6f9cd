"""``orm dumpdata`` and ``orm loaddata``, each call in a process of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import call

MODELS = """
from orm import models

class Topic(models.Model):
    word = models.CharField(max_length=30)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with an app, a table and a fixture."""
    (tmp_path / "shop" / "fixtures").mkdir(parents=True)
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "models.py").write_text(MODELS, encoding="utf-8")
    settings = '[tool.orm]\ndatabases = "sqlite:///shop.db"\ninstalled_apps = ["shop"]\n'
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    rows = [{"model": "shop.topic", "pk": key, "fields": {"word": f"w{key}"}} for key in (1, 2)]
    (tmp_path / "shop" / "fixtures" / "words.json").write_text(json.dumps(rows), encoding="utf-8")
    made = call(tmp_path, "-c", "import shop.models, orm; orm.create_tables()")
    assert made.returncode == 0, made.stderr
    return tmp_path


def test_rows_go_out_and_come_in(project: Path) -> None:
    done = call(project, "-m", "orm", "loaddata", "words")
    assert (done.returncode, done.stdout) == (0, "Installed 2 object(s) from 1 fixture(s)\n"), done.stderr
    out = call(project, "-m", "orm", "dumpdata", "shop.Topic", "--pks", "2")
    assert json.loads(out.stdout) == [{"model": "shop.topic", "pk": 2, "fields": {"word": "w2"}}]
    back = call(project, "-m", "orm", "loaddata", "--format", "json", "--json", "-", stdin=out.stdout)
    assert json.loads(back.stdout) == {"objects": 1, "loaded": 1, "fixtures": 1}
    assert call(project, "-m", "orm", "dumpdata", "-o", "all.jsonl.gz", "--format", "jsonl").returncode == 0
    assert call(project, "-m", "orm", "loaddata", "all.jsonl.gz").returncode == 0


def test_what_is_wrong_is_a_sentence(project: Path) -> None:
    done = call(project, "-m", "orm", "loaddata", "nothing")
    assert (done.returncode, done.stderr) == (2, "Error: No fixture named 'nothing' found.\n")
    done = call(project, "-m", "orm", "dumpdata", "nowhere")
    assert done.returncode == 2
    assert "No installed app with label 'nowhere'. (Installed: shop.)" in done.stderr
