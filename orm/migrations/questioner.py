"""What is asked while changes are detected, and who answers: nobody (defaults), or a person."""

from __future__ import annotations

import datetime
import importlib
import os
import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn, TextIO

from orm.migrations import sources
from orm.migrations.renames import ToldRenames
from orm.models.fields.not_provided import NOT_PROVIDED


class MigrationQuestioner:
    """Answers with defaults: those given, else the careful ones.

    Parameters: ``defaults`` are answers by the question's name; ``specified_apps`` are labels of apps that a first
    migration was asked for.
    """

    def __init__(
        self,
        defaults: Mapping[str, object] | None = None,
        specified_apps: Collection[str] | None = None,
        dry_run: bool | None = None,
    ) -> None:
        self.defaults = dict(defaults or {})
        self.specified_apps = set(specified_apps or ())
        self.dry_run = dry_run
        self.renames = ToldRenames()
        """Renames that are known, and not asked about."""

    def ask_initial(self, app_label: str) -> bool:
        """Whether an app without migrations gets a first one: where it was asked for, or its package waits for it."""
        if app_label in self.specified_apps:
            return True
        otherwise = bool(self.defaults.get("ask_initial", False))
        if app_label not in sources.labels():
            return otherwise
        name, _ = sources.migrations_module(app_label)
        if name is None:
            return otherwise
        try:
            module = importlib.import_module(name)
        except ImportError:
            return otherwise
        folders = list(getattr(module, "__path__", ()))
        if len(folders) != 1:
            return otherwise
        return not any(one.endswith(".py") for one in os.listdir(folders[0]) if one != "__init__.py")

    def ask_not_null_addition(self, field_name: str, model_name: str) -> Any:
        """The value that rows get for a new field that may not be NULL and has no default."""
        return None

    def ask_not_null_alteration(self, field_name: str, model_name: str) -> Any:
        """The value that takes the place of NULL; ``NOT_PROVIDED`` leaves it to a data migration."""
        return None

    def ask_rename(self, model_name: str, old_name: str, new_name: str, field_instance: object) -> bool:
        """Whether a field that is gone and one that came are the same, renamed."""
        return bool(self.defaults.get("ask_rename", False))

    def ask_rename_model(self, old_model_state: object, new_model_state: object) -> bool:
        """Whether a model that is gone and one that came are the same, renamed."""
        return bool(self.defaults.get("ask_rename_model", False))

    def ask_merge(self, app_label: str) -> bool:
        """Whether conflicting migrations of an app may be merged."""
        return bool(self.defaults.get("ask_merge", False))

    def ask_auto_now_add_addition(self, field_name: str, model_name: str) -> Any:
        """The value that rows get for a new field that takes the moment of creation."""
        return None

    def ask_unique_callable_default_addition(self, field_name: str, model_name: str) -> Any:
        """Whether to go on with a unique field whose one default would be the same for all rows."""
        return None


class InteractiveMigrationQuestioner(MigrationQuestioner):
    """Asks a person at the terminal.

    Parameters: ``prompt_output`` is where questions go (standard output), with a ``write`` method.
    """

    def __init__(
        self,
        defaults: Mapping[str, object] | None = None,
        specified_apps: Collection[str] | None = None,
        dry_run: bool | None = None,
        prompt_output: TextIO | Any = None,
    ) -> None:
        super().__init__(defaults, specified_apps, dry_run)
        self.prompt_output = prompt_output if prompt_output is not None else sys.stdout

    def _say(self, text: str, ending: str = "\n") -> None:
        out: Any = self.prompt_output
        if hasattr(out, "ending"):  # a command's stream ends lines itself
            out.write(text, ending=ending)
        else:
            out.write(text + ending)

    def _answer(self) -> str:
        try:
            return input()
        except EOFError:
            self._say("\nNothing was answered, and nothing is done. Where nobody can answer, say --noinput.")
            sys.exit(1)

    def _cancel(self, status: int = 1) -> NoReturn:
        self._say("\nCancelled.")
        sys.exit(status)

    def _boolean_input(self, question: str, default: bool | None = None) -> bool:
        self._say(f"{question} ", "")
        answer = self._answer()
        if not answer and default is not None:
            return default
        while not answer or answer[0].lower() not in "yn":
            self._say("Please answer yes or no: ", "")
            answer = self._answer()
        return answer[0].lower() == "y"

    def _choice_input(self, question: str, choices: Iterable[str]) -> int:
        listed = list(choices)
        self._say(question)
        for number, choice in enumerate(listed, start=1):
            self._say(f" {number}) {choice}")
        self._say("Select an option: ", "")
        while True:
            try:
                chosen = int(self._answer())
            except ValueError:
                chosen = 0  # none of the choices: asked again
            except KeyboardInterrupt:
                self._say("")
                self._cancel()
            if 0 < chosen <= len(listed):
                return chosen
            self._say("Please select a valid option: ", "")

    def _ask_default(self, default: str = "") -> object:
        """Ask for a value, as Python code."""
        self._say("Please enter the default value as valid Python.")
        if default:
            self._say(f"Accept the default '{default}' by pressing 'Enter' or provide another value.")
        self._say(
            "The datetime and django.utils.timezone modules are available, so it is possible to provide e.g. "
            "timezone.now as a value."
        )
        self._say("Type 'exit' to exit this prompt")
        while True:
            self._say(f"[default: {default}] >>> " if default else ">>> ", "")
            try:
                text = self._answer()
            except KeyboardInterrupt:
                self._cancel()
            text = text or default
            if not text:
                self._say("Please enter some code, or 'exit' (without quotes) to exit.")
            elif text == "exit":
                sys.exit(1)
            else:
                try:
                    return eval(compile(text, "<answer>", "eval"), {}, _NAMES)
                except Exception as error:
                    self._say(f"{type(error).__name__}: {_short(error)}")

    def _value_for(self, question: str, choices: list[str], default: str = "") -> object:
        chosen = self._choice_input(question, choices)
        if chosen == len(choices):
            sys.exit(3)
        return NOT_PROVIDED if chosen == 2 else self._ask_default(default)

    def ask_not_null_addition(self, field_name: str, model_name: str) -> Any:
        if self.dry_run:
            return None
        choice = self._choice_input(
            f"It is impossible to add a non-nullable field '{field_name}' to {model_name} without specifying a "
            "default. This is because the database needs something to populate existing rows.\nPlease select a fix:",
            [
                "Provide a one-off default now (will be set on all existing rows with a null value for this column)",
                "Quit and manually define a default value in models.py.",
            ],
        )
        if choice == 2:
            sys.exit(3)
        return self._ask_default()

    def ask_not_null_alteration(self, field_name: str, model_name: str) -> Any:
        if self.dry_run:
            return NOT_PROVIDED
        return self._value_for(
            f"It is impossible to change a nullable field '{field_name}' on {model_name} to non-nullable without "
            "providing a default. This is because the database needs something to populate existing rows.\n"
            "Please select a fix:",
            [
                "Provide a one-off default now (will be set on all existing rows with a null value for this column)",
                "Ignore for now. Existing rows that contain NULL values will have to be handled manually, for example "
                "with a RunPython or RunSQL operation.",
                "Quit and manually define a default value in models.py.",
            ],
        )

    def ask_rename(self, model_name: str, old_name: str, new_name: str, field_instance: object) -> bool:
        kind = type(field_instance).__name__
        return self._boolean_input(
            f"Was {model_name}.{old_name} renamed to {model_name}.{new_name} (a {kind})? [y/N]", False
        )

    def ask_rename_model(self, old_model_state: Any, new_model_state: Any) -> bool:
        label = old_model_state.app_label
        return self._boolean_input(
            f"Was the model {label}.{old_model_state.name} renamed to {new_model_state.name}? [y/N]", False
        )

    def ask_merge(self, app_label: str) -> bool:
        return self._boolean_input(
            "\nMerging will only work if the operations printed above do not conflict\nwith each other (working on "
            "different fields or models)\nShould these migration branches be merged? [y/N]",
            False,
        )

    def ask_auto_now_add_addition(self, field_name: str, model_name: str) -> Any:
        if self.dry_run:
            return None
        choice = self._choice_input(
            f"It is impossible to add the field '{field_name}' with 'auto_now_add=True' to {model_name} without "
            "providing a default. This is because the database needs something to populate existing rows.\n",
            [
                "Provide a one-off default now which will be set on all existing rows",
                "Quit and manually define a default value in models.py.",
            ],
        )
        if choice == 2:
            sys.exit(3)
        return self._ask_default(default="timezone.now")

    def ask_unique_callable_default_addition(self, field_name: str, model_name: str) -> Any:
        if self.dry_run:
            return None
        choice = self._choice_input(
            f"Callable default on unique field {model_name}.{field_name} will not generate unique values upon "
            "migrating.\nPlease choose how to proceed:\n",
            [
                "Continue making this migration as the first step in writing a manual migration to generate unique "
                "values: for each row in a RunPython operation, and the constraint after it.",
                "Quit and edit field options in models.py.",
            ],
        )
        if choice == 2:
            sys.exit(3)
        return None


class NonInteractiveMigrationQuestioner(MigrationQuestioner):
    """Answers for nobody, and says what can't be done without an answer.

    Parameters: ``log`` is called with each sentence.
    """

    def __init__(
        self,
        defaults: Mapping[str, object] | None = None,
        specified_apps: Collection[str] | None = None,
        dry_run: bool | None = None,
        verbosity: int = 1,
        log: Any = None,
    ) -> None:
        super().__init__(defaults, specified_apps, dry_run)
        self.verbosity = verbosity
        self.log = log

    def log_lack_of_migration(self, field_name: str, model_name: str, reason: str) -> None:
        """Say which field there is no migration for, and why."""
        if self.verbosity > 0 and self.log is not None:
            self.log(f"Field '{field_name}' on model '{model_name}' not migrated: {reason}.")

    def ask_not_null_addition(self, field_name: str, model_name: str) -> Any:
        if self.dry_run:
            return None
        self.log_lack_of_migration(field_name, model_name, "it is impossible to add a non-nullable field without "
                                   "specifying a default")  # fmt: skip
        sys.exit(3)

    def ask_not_null_alteration(self, field_name: str, model_name: str) -> Any:
        if self.log is not None:
            self.log(
                f"Field '{field_name}' on model '{model_name}' given a default of NOT PROVIDED and must be corrected."
            )
        return NOT_PROVIDED

    def ask_auto_now_add_addition(self, field_name: str, model_name: str) -> Any:
        if self.dry_run:
            return None
        self.log_lack_of_migration(field_name, model_name, "it is impossible to add a field with 'auto_now_add=True' "
                                   "without specifying a default")  # fmt: skip
        sys.exit(3)


def now() -> datetime.datetime:
    """Return this moment, with its zone."""
    return datetime.datetime.now(datetime.UTC)


class _Timezone:
    """``timezone``, for answers."""

    utc = datetime.UTC
    now = staticmethod(now)


_NAMES = {"datetime": datetime, "timezone": _Timezone}


def _short(error: Exception) -> str:
    return error.msg if isinstance(error, SyntaxError) else str(error)
