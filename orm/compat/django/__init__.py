"""``import django`` without Django: blocking scripts written for its ORM run on Duotone, unchanged.

``install()`` makes the modules such scripts use importable in this process (``orm run`` does it for a script). Only
what belongs to the ORM is there: settings, models, queries, transactions, raw SQL, signals, time zones. The rest raises
ImportError or AttributeError with a sentence.
"""

from __future__ import annotations

from orm.compat.django.importing import install, uninstall

__all__ = ["install", "uninstall"]
