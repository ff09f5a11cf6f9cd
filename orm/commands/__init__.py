"""Management commands: programs of a project that start as ``manage.py name``, or from code with ``call_command``."""

from __future__ import annotations

from orm.commands.base import AppCommand, BaseCommand, CommandError, CommandParser, LabelCommand, SystemCheckError
from orm.commands.calling import call_command, get_commands, load_command_class
from orm.commands.output import OutputWrapper, Style, color_style, no_style

__all__ = [
    "AppCommand",
    "BaseCommand",
    "CommandError",
    "CommandParser",
    "LabelCommand",
    "OutputWrapper",
    "Style",
    "SystemCheckError",
    "call_command",
    "color_style",
    "get_commands",
    "load_command_class",
    "no_style",
]
