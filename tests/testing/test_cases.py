"""``TestCase`` looks after each test whether keys refer to rows that exist."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import unittest

import orm
from orm import models
from orm.testing.cases import TestCase

orm.configure({"default": "sqlite:///:memory:"})

class Author(models.Model):
    class Meta:
        app_label = "shop"

class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE)

    class Meta:
        app_label = "shop"

orm.create_tables()

class Tests(TestCase):
    def test_a_model_of_a_test(self):
        class WithoutTable(models.Model):
            class Meta:
                app_label = "shop"

    def test_broken_key(self):
        Book.objects.create(author_id=9)

    def test_failed_block(self):
        from orm import atomic
        Book.objects.create(author_id=9)
        with self.assertRaises(ValueError), atomic(savepoint=False):
            raise ValueError

unittest.main(argv=["x", "-v"])
"""


def test_every_table_there_is_is_looked_at_unless_the_transaction_has_failed(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text(PROGRAM, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "program.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert "FAILED (errors=1)" in done.stderr, done.stderr
    assert "ERROR: test_broken_key" in done.stderr
    assert "in table 'shop_book'" in done.stderr
