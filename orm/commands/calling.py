"""Finding commands in ``management/commands`` of the installed applications, and calling them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from orm.commands.base import BaseCommand, CommandError
from orm.models.apps import apps
from orm.structures.loading import module_has_submodule, plain_modules

CORE = "orm"
"""Where the library's own commands come from, as ``get_commands`` names their application."""

OWN = "orm.commands.own"


def find_commands(management_dir: str) -> list[str]:
    """Return the names of the commands in a ``management`` folder."""
    folder = os.path.join(management_dir, "commands")
    return [name for name in plain_modules([folder]) if name[0] != "_"]


def get_commands() -> dict[str, str]:
    """Return every command and the application it comes from; of two with one name the first application's counts."""
    found: dict[str, str] = {}
    for package in (OWN, *apps.command_packages):
        for name in plain_modules(import_module(package).__path__):
            if name[0] != "_":
                found[name] = CORE
    for config in reversed(list(apps.get_app_configs())):
        for path in _management_folders(config):
            for name in find_commands(path):
                found[name] = config.name
    return found


def _management_folders(config: Any) -> Iterator[str]:
    package = import_module(config.name)
    if module_has_submodule(package, "management"):
        yield from import_module(f"{config.name}.management").__path__


def load_command_class(app_name: str, name: str) -> BaseCommand:
    """Return the command of an application."""
    places = (OWN, *apps.command_packages) if app_name == CORE else (f"{app_name}.management.commands",)
    place = next((one for one in places[:-1] if module_has_submodule(import_module(one), name)), places[-1])
    command: BaseCommand = import_module(f"{place}.{name}").Command()
    return command


def call_command(command_name: str | BaseCommand, *args: object, **options: object) -> Any:
    """Run a command from code; return what its ``handle`` returns.

    Parameters: ``args`` are what the command line would give; ``options`` are options by the name their value has.

    Raises ``CommandError`` for an unknown command or argument, ``TypeError`` for an unknown option.
    """
    if isinstance(command_name, BaseCommand):
        command = command_name
        command_name = type(command).__module__.rpartition(".")[2]
    else:
        known = get_commands()
        if command_name not in known:
            raise CommandError(f"Unknown command: {command_name!r}")
        command = load_command_class(known[command_name], command_name)
    parser = command.create_parser("", command_name)
    actions = list(_all_actions(parser))
    flags = {
        min(action.option_strings).lstrip("-").replace("-", "_"): action.dest
        for action in actions
        if action.option_strings
    }
    given = {flags.get(name, name): value for name, value in options.items()}
    _check_options(command, command_name, actions, flags, given)
    parsed = vars(parser.parse_args([*_as_text(args), *_required(actions, given)]))
    defaults = {**parsed, **given}
    positional = defaults.pop("args", ())
    if "skip_checks" not in options:
        defaults["skip_checks"] = True
    return command.execute(*positional, **defaults)


def _check_options(
    command: BaseCommand, name: str, actions: list[Any], flags: dict[str, str], given: dict[str, Any]
) -> None:
    stealth = {*command.base_stealth_options, *command.stealth_options, "skip_checks"}
    valid = {action.dest for action in actions} | stealth | set(flags)
    unknown = set(given) - valid
    if unknown:
        raise TypeError(
            f"Unknown option(s) for {name} command: {', '.join(sorted(unknown))}. Valid options are: "
            f"{', '.join(sorted(valid))}."
        )


def _as_text(args: Any) -> list[str]:
    flat: list[str] = []
    for each in args:
        flat.extend(map(str, each) if isinstance(each, (list, tuple)) else [str(each)])
    return flat


def _required(actions: list[Any], given: dict[str, Any]) -> list[str]:
    """Return arguments for required options given by name, since the parser asks for them."""
    written = []
    for action in actions:
        needed = action.required and action.option_strings and action.dest in given
        if not needed:
            continue
        value = given[action.dest]
        flag = min(action.option_strings)
        if action.nargs == 0:
            written.append(flag)
        elif isinstance(value, (list, tuple)):
            written.extend([flag, *map(str, value)])
        else:
            written.append(f"{flag}={value}")
    return written


def _all_actions(parser: Any) -> Iterator[Any]:
    for action in parser._actions:
        inner = getattr(action, "_name_parser_map", None)
        if inner is None:
            yield action
            continue
        for sub in inner.values():
            yield from _all_actions(sub)
