"""``django.conf.global_settings``: each setting's default, as a name of this module."""

from __future__ import annotations

from orm.compat.django.defaults import DEFAULTS

__all__: list[str] = sorted(DEFAULTS)

globals().update(DEFAULTS)
