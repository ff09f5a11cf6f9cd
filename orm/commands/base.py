"""``BaseCommand``: what a management command is, how its options are read, and how its errors are shown."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Collection, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, overload

from orm import checks
from orm.commands.output import OutputWrapper, color_style, no_style
from orm.late import late_module
from orm.models.apps import apps

if TYPE_CHECKING:
    from importlib import metadata
else:
    metadata = late_module("importlib.metadata")

ALL_CHECKS = "__all__"
USUAL = ("version", "verbosity", "settings", "pythonpath", "traceback", "no_color", "force_color", "skip_checks")
N = TypeVar("N")


class CommandError(Exception):
    """A command could not do what was asked; shown without a traceback.

    Parameters: ``returncode`` is the exit status.
    """

    def __init__(self, *args: object, returncode: int = 1, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self.returncode = returncode


class SystemCheckError(CommandError):
    """System checks found errors, so the command did not run."""


class OwnOptionsFirst(argparse.HelpFormatter):
    """Shows a command's own options before those every command has."""

    def add_usage(
        self, usage: str | None, actions: Iterable[argparse.Action], groups: Any, prefix: str | None = None
    ) -> None:
        super().add_usage(usage, sorted(actions, key=_is_usual), groups, prefix)

    def add_arguments(self, actions: Iterable[argparse.Action]) -> None:
        super().add_arguments(sorted(actions, key=_is_usual))


class ShowVersion(argparse.Action):
    """Shows a command's version, which is looked for only then, and ends."""

    def __init__(self, *, command: BaseCommand, **options: Any) -> None:
        super().__init__(nargs=0, default=argparse.SUPPRESS, **options)
        self.command = command

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(self.command.get_version())
        parser.exit()


def _is_usual(action: argparse.Action) -> bool:
    return action.dest in USUAL and bool(action.option_strings)


class CommandParser(argparse.ArgumentParser):
    """Reads a command's options; called from code it raises ``CommandError`` instead of ending the process."""

    def __init__(
        self,
        *,
        missing_args_message: str | None = None,
        called_from_command_line: bool | None = None,
        **kwargs: Any,
    ) -> None:
        self.missing_args_message = missing_args_message
        self.called_from_command_line = called_from_command_line
        super().__init__(**kwargs)

    @overload
    def parse_args(self, args: Iterable[str] | None = None, namespace: None = None) -> argparse.Namespace: ...
    @overload
    def parse_args(self, args: Iterable[str] | None, namespace: N) -> N: ...
    @overload
    def parse_args(self, *, namespace: N) -> N: ...
    def parse_args(self, args: Iterable[str] | None = None, namespace: object = None) -> Any:
        """Read the arguments; a command that needs some says so where there are none."""
        if self.missing_args_message and not args:
            self.error(self.missing_args_message)
        return super().parse_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """End the process with usage and message, or raise ``CommandError``."""
        if self.called_from_command_line:
            super().error(message)
        raise CommandError(f"Error: {message}")

    def add_subparsers(self, **kwargs: Any) -> Any:
        """Add commands within the command; they are read as this one is."""
        parser_class = kwargs.get("parser_class", type(self))
        if issubclass(parser_class, CommandParser):

            def make(**options: Any) -> Any:
                return parser_class(called_from_command_line=self.called_from_command_line, **options)

            kwargs["parser_class"] = make
        return super().add_subparsers(**kwargs)


class BaseCommand:
    """One command. A subclass writes ``handle()``, and ``add_arguments()`` where it has options.

    ``requires_system_checks`` is a list of tags, or ``"__all__"``; ``output_transaction`` puts BEGIN and COMMIT around
    printed SQL; ``stealth_options`` are options without a flag, for calls from code.
    """

    help = ""
    output_transaction = False
    requires_migrations_checks = False
    requires_system_checks: Any = ALL_CHECKS
    base_stealth_options = ("stderr", "stdout")
    stealth_options: Sequence[str] = ()
    suppressed_base_arguments: Iterable[str] = frozenset()
    missing_args_message: str | None = None
    _called_from_command_line = False

    def __init__(
        self, stdout: object = None, stderr: object = None, no_color: bool = False, force_color: bool = False
    ) -> None:
        if no_color and force_color:
            raise CommandError("'no_color' and 'force_color' can't be used together.")
        self.stdout = OutputWrapper(stdout or sys.stdout)
        self.stderr = OutputWrapper(stderr or sys.stderr)
        self.style = no_style() if no_color else color_style(force_color)
        if not no_color:
            self.stderr.style_func = self.style.ERROR
        if not isinstance(self.requires_system_checks, (list, tuple)) and self.requires_system_checks != ALL_CHECKS:
            raise TypeError("requires_system_checks must be a list or tuple.")

    def get_version(self) -> str:
        """Return the version ``--version`` shows: Duotone's, or Django's in a program that is written for that.

        A command of another package may give that package's.
        """
        return apps.command_version or metadata.version("duotone")

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: object) -> CommandParser:
        """Return the parser of the command's options and of those every command has."""
        parser = CommandParser(
            prog=f"{os.path.basename(prog_name)} {subcommand}",
            description=self.help or None,
            missing_args_message=self.missing_args_message,
            called_from_command_line=self._called_from_command_line,
            **{"formatter_class": OwnOptionsFirst, **kwargs},
        )
        self._add(parser, "--version", action=ShowVersion, command=self, help="Show the version and exit.")
        self._add(parser, "-v", "--verbosity", default=1, type=int, choices=[0, 1, 2, 3],
                  help="How much is told: 0 nothing, 1 the usual, 2 much, 3 all.")  # fmt: skip
        self._add(parser, "--settings", help="The Python path of a settings module.")
        self._add(parser, "--pythonpath", help="A folder to import from.")
        self._add(parser, "--traceback", action="store_true", help="Show a CommandError's traceback.")
        self._add(parser, "--no-color", action="store_true", help="Don't colour what is written.")
        self._add(parser, "--force-color", action="store_true", help="Colour what is written, on any stream.")
        if self.requires_system_checks:
            self._add(parser, "--skip-checks", action="store_true", help="Skip system checks.")
        self.add_arguments(parser)
        return parser

    def _add(self, parser: CommandParser, *names: str, **options: Any) -> None:
        if set(names) & set(self.suppressed_base_arguments):
            options["help"] = argparse.SUPPRESS
        parser.add_argument(*names, **options)

    def add_base_argument(self, parser: CommandParser, *args: str, **kwargs: object) -> None:
        """Add an option every command has, hidden where ``suppressed_base_arguments`` names it."""
        self._add(parser, *args, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the command's own options; for subclasses."""

    def print_help(self, prog_name: str, subcommand: str) -> None:
        """Print the command's help."""
        self.create_parser(prog_name, subcommand).print_help()

    def run_from_argv(self, argv: Sequence[str]) -> None:
        """Run the command as the command line gives it; ends the process where it fails."""
        self._called_from_command_line = True
        parser = self.create_parser(argv[0], argv[1])
        options = vars(parser.parse_args(list(argv[2:])))
        args = options.pop("args", ())
        try:
            self.execute(*args, **options)
        except CommandError as error:
            if options["traceback"]:
                raise
            if isinstance(error, SystemCheckError):
                self.stderr.write(str(error), plain_text)
            else:
                self.stderr.write(f"{type(error).__name__}: {error}")
            sys.exit(error.returncode)

    def execute(self, *args: object, **options: object) -> Any:
        """Run the system checks the command asks for, then ``handle``, and write what that returns."""
        if options["force_color"] and options["no_color"]:
            raise CommandError("The --no-color and --force-color options can't be used together.")
        if options["force_color"]:
            self.style = color_style(force_color=True)
        elif options["no_color"]:
            self.style = no_style()
            self.stderr.style_func = None
        if options.get("stdout"):
            self.stdout = OutputWrapper(options["stdout"])
        if options.get("stderr"):
            self.stderr = OutputWrapper(options["stderr"])
        if self.requires_system_checks and not options["skip_checks"]:
            tags = None if self.requires_system_checks == ALL_CHECKS else self.requires_system_checks
            self.check(tags=tags)
        if self.requires_migrations_checks:
            self.check_migrations()
        output = self.handle(*args, **options)
        if output:
            if self.output_transaction:
                begin, end = self.style.SQL_KEYWORD("BEGIN;"), self.style.SQL_KEYWORD("COMMIT;")
                output = f"{begin}\n{output}\n{end}"
            self.stdout.write(output)
        return output

    def check(
        self,
        app_configs: Any = None,
        tags: Iterable[str] | None = None,
        display_num_errors: bool = False,
        include_deployment_checks: bool = False,
        fail_level: int = checks.ERROR,
        databases: Iterable[str] | None = None,
    ) -> None:
        """Run system checks, and write what they find to stderr.

        Raises ``SystemCheckError`` where a finding that is not silenced has at least ``fail_level``.
        """
        found = checks.run_checks(app_configs, tags, include_deployment_checks, databases)
        shown = [each for each in found if not each.is_silenced()]
        groups = [
            ("CRITICALS", [each for each in shown if each.level >= checks.CRITICAL]),
            ("ERRORS", [each for each in shown if checks.ERROR <= each.level < checks.CRITICAL]),
            ("WARNINGS", [each for each in shown if checks.WARNING <= each.level < checks.ERROR]),
            ("INFOS", [each for each in shown if checks.INFO <= each.level < checks.WARNING]),
            ("DEBUGS", [each for each in shown if each.level < checks.INFO]),
        ]
        body = "".join(
            f"\n{title}:\n" + "\n".join(str(each) for each in sorted(group, key=str)) + "\n"
            for title, group in groups
            if group
        )
        count = {0: "no issues", 1: "1 issue"}.get(len(shown), f"{len(shown)} issues")
        footer = f"System check identified {count} ({len(found) - len(shown)} silenced)."
        if any(each.is_serious(fail_level) and not each.is_silenced() for each in found):
            end = f"\n{footer}" if display_num_errors else ""
            raise SystemCheckError(f"SystemCheckError: System check identified some issues:\n{body}{end}")
        if body:
            self.stderr.write(
                f"System check identified some issues:\n{body}" + (f"\n{footer}" if display_num_errors else ""),
                plain_text,
            )
        elif display_num_errors:
            self.stdout.write(footer)

    def refuse_conflicts(self, loader: Any, labels: Collection[str] = ()) -> None:
        """Raise ``CommandError`` where an application (one of ``labels``, where there are any) has several last
        migrations.
        """
        found = {label: names for label, names in loader.detect_conflicts().items() if not labels or label in labels}
        if found:
            told = "; ".join(f"{', '.join(names)} in {label}" for label, names in found.items())
            raise CommandError(
                f"Conflicting migrations detected; multiple leaf nodes in the migration graph: ({told}).\n"
                "To fix them run 'python manage.py makemigrations --merge'"
            )

    def tell_of_porting(self, kind: str) -> None:
        """Say that functions have to be copied by hand into a written migration, which is squashed or optimized."""
        self.stdout.write(
            "Manual porting required\n  Your migrations contained functions that must be manually copied over,\n"
            "  as we could not safely copy their implementation.\n"
            f"  See the comment at the top of the {kind} migration for details.",
            self.style.WARNING,
        )

    def check_migrations(self) -> None:
        """Say on stdout which applications have migrations that are not applied."""
        missing = import_module("orm.commands.unapplied").unapplied()  # few commands ask for it
        if missing:
            labels = ", ".join(sorted({label for label, _ in missing}))
            self.stdout.write(
                f"\nYou have {len(missing)} unapplied migration(s). Your project may not work properly until you apply "
                f"the migrations for app(s): {labels}.",
                self.style.NOTICE,
            )
            self.stdout.write("Run 'python manage.py migrate' to apply them.", self.style.NOTICE)

    def handle(self, *args: Any, **options: Any) -> Any:
        """Do the command's work; for subclasses."""
        raise NotImplementedError("subclasses of BaseCommand must provide a handle() method")


def plain_text(text: str) -> str:
    """Return the text without a style."""
    return text


class AppCommand(BaseCommand):
    """A command over applications, named by their labels."""

    missing_args_message = "Enter at least one application label."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one label or more."""
        parser.add_argument("args", metavar="app_label", nargs="+", help="One or more application label.")

    def handle(self, *app_labels: str, **options: Any) -> str:
        """Call ``handle_app_config`` for each application; return what they give, in lines."""
        try:
            found = [apps.get_app_config(label) for label in app_labels]
        except (LookupError, ImportError) as error:
            raise CommandError(f"{error}. Are you sure your INSTALLED_APPS setting is correct?") from error
        return "\n".join(out for each in found if (out := self.handle_app_config(each, **options)))

    def handle_app_config(self, app_config: object, **options: object) -> Any:
        """Do the work for one application; for subclasses."""
        raise NotImplementedError("Subclasses of AppCommand must provide a handle_app_config() method.")


class LabelCommand(BaseCommand):
    """A command over any labels."""

    label = "label"
    missing_args_message = "Enter at least one label."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take one label or more."""
        parser.add_argument("args", metavar=self.label, nargs="+")

    def handle(self, *labels: str, **options: Any) -> str:
        """Call ``handle_label`` for each label; return what they give, in lines."""
        return "\n".join(out for label in labels if (out := self.handle_label(label, **options)))

    def handle_label(self, label: str, **options: object) -> Any:
        """Do the work for one label; for subclasses."""
        raise NotImplementedError("subclasses of LabelCommand must provide a handle_label() method")
