"""``django.core.signals``: that a setting changed, and those of requests, which nothing here sends."""

from __future__ import annotations

from orm.models.signals import Signal

__all__ = ["got_request_exception", "request_finished", "request_started", "setting_changed", "template_rendered"]

request_started = Signal(name="request_started")
request_finished = Signal(name="request_finished")
got_request_exception = Signal(name="got_request_exception")
setting_changed = Signal(name="setting_changed")
template_rendered = Signal(name="template_rendered")
