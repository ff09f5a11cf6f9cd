"""Dates and times. Datetimes are aware, in UTC, while ``use_tz`` is on."""

from __future__ import annotations

import datetime
import re
import warnings
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from orm.config import settings
from orm.errors import ImproperlyConfigured
from orm.late import late_pattern
from orm.models.checks.late import field_checks
from orm.models.fields.base import Field
from orm.models.fields.not_provided import NOT_PROVIDED
from orm.sql import types, zones
from orm.text.durations import duration_string

if TYPE_CHECKING:
    from typing import Literal, overload

    from typing_extensions import TypeVar, Unpack

    from orm.checks.messages import CheckMessage
    from orm.models.fields.base import FieldOptions
    from orm.structures.deconstruct import DeconstructedField

    DateT = TypeVar("DateT", default=datetime.date)
    TimeT = TypeVar("TimeT", default=datetime.time)
    MomentT = TypeVar("MomentT", default=datetime.datetime)
    SpanT = TypeVar("SpanT", default=datetime.timedelta)

    class MomentOptions(FieldOptions, total=False):
        """Options of the fields that can take the current time by themselves."""

        auto_now: bool
        auto_now_add: bool

else:
    from typing import TypeVar

    DateT = TypeVar("DateT")
    TimeT = TypeVar("TimeT")
    MomentT = TypeVar("MomentT")
    SpanT = TypeVar("SpanT")


DATE_FORM = late_pattern(r"\d{4}-\d{1,2}-\d{1,2}")
TIME_FORM = late_pattern(r"\d{1,2}:\d{1,2}(:\d{1,2}([.,]\d+)?)?")
DATETIME_FORM = late_pattern(rf"{DATE_FORM.pattern}[T ]{TIME_FORM.pattern}\s*(Z|[+-]\d{{2}}(:?\d{{2}})?)?")


class CurrentMixin:
    """The options ``auto_now`` (at every save) and ``auto_now_add`` (when the row is made)."""

    option_defaults: ClassVar[Mapping[str, Any]] = {"auto_now": False, "auto_now_add": False}
    auto_now: bool
    auto_now_add: bool

    def __init__(
        self,
        verbose_name: str | None = None,
        name: str | None = None,
        auto_now: bool = False,
        auto_now_add: bool = False,
        **options: object,
    ) -> None:
        if not settings.strict_models:
            pass  # left to checks
        elif auto_now and auto_now_add:
            raise ImproperlyConfigured(
                "auto_now and auto_now_add exclude each other; auto_now covers the first save too."
            )
        elif (auto_now or auto_now_add) and options.get("default", NOT_PROVIDED) is not NOT_PROVIDED:
            raise ImproperlyConfigured("auto_now and auto_now_add exclude default=: the field sets its own value.")
        if auto_now or auto_now_add:
            options = {"editable": False, "blank": True, **options}
        super().__init__(verbose_name, name, **options)  # type: ignore[call-arg]
        self.auto_now = auto_now
        self.auto_now_add = auto_now_add

    @property
    def has_pre_save(self) -> bool:
        """Whether the field makes the value itself: by its options, or in a class that says so."""
        return self.auto_now or self.auto_now_add or type(self).pre_save is not CurrentMixin.pre_save

    def deconstruct(self) -> DeconstructedField:
        """As any field's, without what follows from ``auto_now`` and ``auto_now_add``."""
        name, path, args, options = super().deconstruct()  # type: ignore[misc]
        if self.auto_now or self.auto_now_add:
            options = {option: value for option, value in options.items() if option not in ("editable", "blank")}
        return name, path, args, options

    def own_checks(self, aliases: Iterable[str], from_model: object) -> Iterable[CheckMessage]:
        """One of the options at most, and no default that is the moment when the program was started."""
        default = self.default if self.has_default() else None  # type: ignore[attr-defined]
        return field_checks.own_clock_checks(self, is_about_now(default))

    def current(self) -> Any:
        """The value for now."""
        raise NotImplementedError(f"{type(self).__name__} does not say what now is.")

    def pre_save(self, instance: Any, add: bool) -> Any:
        """The current time where the options ask for it, set on the instance too."""
        if self.auto_now or (self.auto_now_add and add):
            value = self.current()
            setattr(instance, self.attname, value)  # type: ignore[attr-defined]
            return value
        return super().pre_save(instance, add)  # type: ignore[misc]

    forms: ClassVar[Mapping[str, re.Pattern[str]]] = {}
    """The forms of its texts, by the message for one that has the form and is no value nevertheless."""

    def what_is_invalid(self, value: object) -> tuple[str, str]:
        """The form of a text, or what it says in that form."""
        for key, form in self.forms.items():
            if isinstance(value, str) and form.fullmatch(value.strip()):
                return key, key
        return "invalid", "invalid"

    def value_to_string(self, instance: Any) -> str:
        """The value in ISO 8601."""
        value = self.value_from_object(instance)  # type: ignore[attr-defined]
        return "" if value is None else str(value.isoformat())


def is_about_now(value: object) -> bool:
    """Whether a default is a moment so near to now that it was probably computed when the module was imported."""
    now = datetime.datetime.now(datetime.UTC) if getattr(value, "tzinfo", None) is not None else datetime.datetime.now()
    if isinstance(value, datetime.datetime):
        return abs(value - now) <= datetime.timedelta(days=1)
    if isinstance(value, datetime.date):
        return abs(value - now.date()) <= datetime.timedelta(days=1)
    if isinstance(value, datetime.time):
        today = datetime.datetime.combine(now.date(), value.replace(tzinfo=None))
        return abs(today - now.replace(tzinfo=None)) <= datetime.timedelta(seconds=10)
    return False


class DateField(CurrentMixin, Field[DateT]):
    """A day."""

    kind = "date"
    prepares_as_it_reads = True
    description = "Date (without time)"
    exact_type = datetime.date
    default_error_messages = {
        "invalid": "“%(value)s” value has an invalid date format. It must be in YYYY-MM-DD format.",
        "invalid_date": "“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date.",
    }
    forms = {"invalid_date": DATE_FORM}

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DateField[datetime.date],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[MomentOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DateField[datetime.date | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[MomentOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[MomentOptions]) -> None: ...
        def __init__(self, *args: object, **options: object) -> None: ...

    def current(self) -> datetime.date:
        """Today, in the process's zone."""
        return datetime.date.today()


class TimeField(CurrentMixin, Field[TimeT]):
    """A time of day, without a zone."""

    kind = "time"
    prepares_as_it_reads = True
    description = "Time"
    default_error_messages = {
        "invalid": "“%(value)s” value has an invalid format. It must be in HH:MM[:ss[.uuuuuu]] format.",
        "invalid_time": "“%(value)s” value has the correct format (HH:MM[:ss[.uuuuuu]]) but it is an invalid time.",
    }
    forms = {"invalid_time": TIME_FORM}

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: TimeField[datetime.time],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[MomentOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: TimeField[datetime.time | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[MomentOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[MomentOptions]) -> None: ...
        def __init__(self, *args: object, **options: object) -> None: ...

    def current(self) -> datetime.time:
        """Now, in the process's zone."""
        return datetime.datetime.now().time()


class DateTimeField(CurrentMixin, Field[MomentT]):
    """A moment."""

    kind = "datetime"
    prepares_as_it_reads = True
    description = "Date (with time)"
    default_error_messages = {
        "invalid": "“%(value)s” value has an invalid format. It must be in YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ] format.",
        "invalid_date": "“%(value)s” value has the correct format (YYYY-MM-DD) but it is an invalid date.",
        "invalid_datetime": "“%(value)s” value has the correct format (YYYY-MM-DD HH:MM[:ss[.uuuuuu]][TZ]) but it is "
        "an invalid date/time.",
    }
    forms = {"invalid_date": DATE_FORM, "invalid_datetime": DATETIME_FORM}

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DateTimeField[datetime.datetime],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[MomentOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DateTimeField[datetime.datetime | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[MomentOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[MomentOptions]) -> None: ...
        def __init__(self, *args: object, **options: object) -> None: ...

    def to_python(self, value: Any) -> Any:
        """As any field's; without ``same_everywhere`` a naive moment stays naive until it is stored."""
        if not types.same_everywhere:
            if isinstance(value, datetime.datetime):
                return value
            if isinstance(value, str):
                with suppress(ValueError):
                    return types.read_datetime(value)
        return super().to_python(value)

    def get_prep_value(self, value: Any) -> Any:
        """The moment, in UTC while ``use_tz`` is on.

        Without ``same_everywhere`` a naive one brings Django's RuntimeWarning; else it is in the zone that is set.
        """
        zoned = types.default_zone is not None
        if zoned and type(value) is datetime.datetime and value.tzinfo is types.UTC:
            return value
        prepared = super().get_prep_value(value)
        if zoned and not types.same_everywhere:
            self._warn_of_naive(value)
        return prepared

    def _warn_of_naive(self, value: object) -> None:
        if isinstance(value, str):
            value = types.read_datetime(value)
        elif isinstance(value, datetime.date) and not isinstance(value, datetime.datetime):
            value = datetime.datetime(value.year, value.month, value.day)
        if isinstance(value, datetime.datetime) and value.tzinfo is None:
            model: Any = vars(self).get("model")
            name = "(unbound)" if model is None else f"{model.__name__}.{self.name}"
            warnings.warn(
                f"DateTimeField {name} received a naive datetime ({value}) while time zone support is active.",
                RuntimeWarning,
                stacklevel=2,
            )

    def current(self) -> datetime.datetime:
        """Now: aware, in UTC, while ``use_tz`` is on."""
        return zones.clock()


class DurationField(Field[SpanT]):
    """A length of time, to the microsecond."""

    kind = "duration"
    description = "Duration"
    exact_type = datetime.timedelta
    default_error_messages = {
        "invalid": "“%(value)s” value has an invalid format. It must be in [DD] [[HH:]MM:]ss[.uuuuuu] format.",
    }

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: DurationField[datetime.timedelta],
            verbose_name: str | None = ...,
            *,
            null: Literal[False] = ...,
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: DurationField[datetime.timedelta | None],
            verbose_name: str | None = ...,
            *,
            null: Literal[True],
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(self, verbose_name: str | None = ..., *, null: bool, **options: Unpack[FieldOptions]) -> None: ...
        def __init__(self, *args: object, **options: object) -> None: ...

    def value_to_string(self, instance: Any) -> str:
        """The span as days and a time of day."""
        value = self.value_from_object(instance)
        return "" if value is None else duration_string(value)
