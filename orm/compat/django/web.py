"""Names of Django's web, admin and SQL compiler: they can be imported, and raise a sentence when they are *used*.

Models import them at their top (``from django.urls import reverse``) for methods that a script never calls. Declaring
is no use: a class may inherit from one of these classes, and ``forms.CharField()`` in its body makes an inert object.
Calling a function, or asking such an object for anything, raises ``NotImplementedError``. ``NAMES`` is the whole list.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NoReturn

from orm.records import NamedTuple

HERE = "orm.compat.django"


def refuse(name: str) -> NoReturn:
    """Raise the sentence for a name that is used."""
    raise NotImplementedError(
        f"{name} is used here, and Duotone ({HERE}) has only its name: it can be imported, so that models that "
        "mention it load. What needs it has to run under Django."
    )


class AbsentType(type):
    """The class of classes that are there to be named and inherited from."""

    _absent: str

    def __getattr__(cls, name: str) -> Any:
        raise AttributeError(f"{cls._absent} has no {name} here: Duotone ({HERE}) has only its name.")


class Absent(metaclass=AbsentType):
    """Base of the classes of this module; an instance can be made and kept, not used."""

    _absent = "django"

    def __init__(self, *args: object, **kwargs: object) -> None:
        self._declared = (args, kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        refuse(f"{self._absent}().{name}")

    def __call__(self, *args: object, **kwargs: object) -> Any:
        refuse(f"{self._absent}()")

    def __str__(self) -> str:
        refuse(f"{self._absent}()")

    def __iter__(self) -> Any:
        refuse(f"{self._absent}()")


class AbsentFunction:
    """A function that is there to be named."""

    def __init__(self, name: str) -> None:
        self.__name__ = name.rpartition(".")[2]
        self.__qualname__ = self.__name__
        self.__doc__ = f"{name}, which Duotone has by name only."
        self._absent = name

    def __call__(self, *args: object, **kwargs: object) -> Any:
        refuse(f"{self._absent}()")

    def __repr__(self) -> str:
        return f"<{self._absent}, by name only>"


class DeclaringFunction(AbsentFunction):
    """A function whose call only declares something (a route, a lazy address): it gives an inert object.

    Or an object of such functions: ``admin.site.register(Author)`` stands in modules that a program only imports.
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return DeclaringFunction(f"{self._absent}.{name}")

    def __call__(self, *args: object, **kwargs: object) -> Any:
        return absent_class(self._absent)(*args, **kwargs)


class AbsentDecorator(AbsentFunction):
    """A decorator that concerns requests only: what it decorates stays as it is."""

    def __call__(self, *args: object, **kwargs: object) -> Any:
        if len(args) == 1 and callable(args[0]) and not kwargs:
            return args[0]
        return _as_it_is


def _as_it_is(decorated: object) -> object:
    return decorated


_classes: dict[str, AbsentType] = {}


def absent_class(name: str) -> AbsentType:
    """Return the class that stands for a dotted name; always the same."""
    if name not in _classes:
        module, _, own = name.rpartition(".")
        body = {"_absent": name, "__module__": module, "__doc__": f"{name}, which Duotone has by name only."}
        _classes[name] = AbsentType(own, (Absent,), body)
    return _classes[name]


_exceptions: dict[str, type[Exception]] = {}


def absent_exception(name: str) -> type[Exception]:
    """Return an exception that nothing here raises, for `except` clauses; the same from every module."""
    return _exceptions.setdefault(name, type(name, (Exception,), {"__module__": HERE}))


class Names(NamedTuple):
    """What one module offers by name only: classes, functions, functions that declare, decorators, and exceptions."""

    classes: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    declaring: tuple[str, ...] = ()
    decorators: tuple[str, ...] = ()
    exceptions: tuple[str, ...] = ()

    def all(self) -> tuple[str, ...]:
        """Return every name."""
        return (*self.classes, *self.functions, *self.declaring, *self.decorators, *self.exceptions)

    def make(self, module: str, name: str) -> Any:
        """Return what stands for one of the names."""
        dotted = f"{module}.{name}"
        if name in self.classes:
            return absent_class(dotted)
        if name in self.exceptions:
            return absent_exception(name)
        kind: Callable[[str], Any] = AbsentFunction
        if name in self.declaring:
            kind = DeclaringFunction
        elif name in self.decorators:
            kind = AbsentDecorator
        return kind(dotted)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FORM_FIELDS = _words(
    "BooleanField CharField ChoiceField ComboField DateField DateTimeField DecimalField DurationField EmailField Field "
    "FileField FilePathField FloatField GenericIPAddressField ImageField IntegerField JSONField MultipleChoiceField "
    "MultiValueField NullBooleanField RegexField SlugField SplitDateTimeField TimeField TypedChoiceField "
    "TypedMultipleChoiceField URLField UUIDField InvalidJSONInput JSONString"
)
_WIDGETS = _words(
    "CheckboxInput CheckboxSelectMultiple ChoiceWidget ClearableFileInput ColorInput DateInput DateTimeInput "
    "EmailInput FileInput HiddenInput Input Media MediaAsset MultiWidget MultipleHiddenInput NullBooleanSelect "
    "NumberInput PasswordInput RadioSelect Script SearchInput Select SelectDateWidget SelectMultiple "
    "SplitDateTimeWidget SplitHiddenDateTimeWidget TelInput TextInput Textarea TimeInput URLInput Widget"
)
_MODEL_FORMS = _words(
    "BaseInlineFormSet BaseModelForm BaseModelFormSet InlineForeignKeyField ModelChoiceField ModelChoiceIterator "
    "ModelChoiceIteratorValue ModelForm ModelFormOptions ModelMultipleChoiceField"
)
_MODEL_FORM_FUNCTIONS = _words(
    "apply_limit_choices_to_to_formfield construct_instance fields_for_model inlineformset_factory modelform_factory "
    "modelformset_factory"
)
_ADMIN = _words(
    "AdminSite AllValuesFieldListFilter BooleanFieldListFilter ChoicesFieldListFilter DateFieldListFilter "
    "EmptyFieldListFilter FieldListFilter ListFilter ModelAdmin RelatedFieldListFilter RelatedOnlyFieldListFilter "
    "SimpleListFilter StackedInline TabularInline ShowFacets"
)
_HTTP = _words(
    "FileResponse HttpRequest HttpResponse HttpResponseBadRequest HttpResponseBase HttpResponseForbidden "
    "HttpResponseGone HttpResponseNotAllowed HttpResponseNotFound HttpResponseNotModified "
    "HttpResponsePermanentRedirect "
    "HttpResponseRedirect HttpResponseServerError HttpHeaders JsonResponse QueryDict SimpleCookie StreamingHttpResponse"
)
_URLS = Names(
    ("ResolverMatch", "URLPattern", "URLResolver"),
    _words(
        "clear_script_prefix clear_url_caches get_ns_resolver get_resolver get_script_prefix get_urlconf "
        "is_valid_path resolve reverse set_script_prefix set_urlconf translate_url"
    ),
    ("include", "path", "re_path", "register_converter", "reverse_lazy"),
    exceptions=("NoReverseMatch", "Resolver404"),
)
_MAIL = Names(
    ("EmailAlternative", "EmailAttachment", "EmailMessage", "EmailMultiAlternatives"),
    ("get_connection", "mail_admins", "mail_managers", "send_mail", "send_mass_mail"),
    exceptions=("BadHeaderError",),
)
_VIEWS = _words(
    "ArchiveIndexView CreateView DateDetailView DayArchiveView DeleteView DetailView FormView "
    "GenericViewError ListView "
    "MonthArchiveView RedirectView TemplateView TodayArchiveView UpdateView View WeekArchiveView YearArchiveView"
)
_TEST = ("AsyncClient", "AsyncRequestFactory", "Client", "LiveServerTestCase", "RequestFactory")
_REQUEST_DECORATORS = Names(decorators=("method_decorator", "decorator_from_middleware"))

NAMES: Mapping[str, Names] = {
    "django.forms": Names(
        (
            *_FORM_FIELDS,
            *_WIDGETS,
            *_MODEL_FORMS,
            "BaseForm",
            "BaseFormSet",
            "BoundField",
            "ErrorDict",
            "ErrorList",
            "Form",
        ),
        (*_MODEL_FORM_FUNCTIONS, "all_valid", "formset_factory"),
    ),
    "django.forms.fields": Names(_FORM_FIELDS),
    "django.forms.widgets": Names(_WIDGETS),
    "django.forms.forms": Names(("BaseForm", "DeclarativeFieldsMetaclass", "Form")),
    "django.forms.formsets": Names(("BaseFormSet", "ManagementForm"), ("all_valid", "formset_factory")),
    "django.forms.models": Names(_MODEL_FORMS, _MODEL_FORM_FUNCTIONS),
    "django.forms.utils": Names(
        ("ErrorDict", "ErrorList", "RenderableMixin"), ("flatatt", "from_current_timezone", "to_current_timezone")
    ),
    "django.forms.renderers": Names(("BaseRenderer", "DjangoTemplates", "Jinja2", "TemplatesSetting")),
    "django.urls": _URLS,
    "django.urls.base": _URLS,
    "django.urls.exceptions": Names(exceptions=("NoReverseMatch", "Resolver404")),
    "django.conf.urls": Names((), ("handler400", "handler403", "handler404", "handler500"), declaring=("include",)),
    "django.conf.urls.i18n": Names(declaring=("i18n_patterns",)),
    "django.conf.urls.static": Names(declaring=("static",)),
    "django.http": Names(
        _HTTP, ("parse_cookie",), exceptions=("BadHeaderError", "RawPostDataException", "UnreadablePostError")
    ),
    "django.http.request": Names(
        ("HttpHeaders", "HttpRequest", "QueryDict"), exceptions=("RawPostDataException", "UnreadablePostError")
    ),
    "django.http.response": Names(tuple(name for name in _HTTP if "Response" in name)),
    "django.shortcuts": Names((), ("aredirect", "redirect", "render", "resolve_url")),
    "django.template": Names(
        _words("Context ContextPopException Engine Library Node NodeList Origin RequestContext Template Variable"),
        ("engines",),
        exceptions=("TemplateDoesNotExist", "TemplateSyntaxError"),
    ),
    "django.template.context": Names(("BaseContext", "Context", "RenderContext", "RequestContext")),
    "django.template.defaultfilters": Names(
        (),
        _words(
            "capfirst date default escape filesizeformat floatformat join length linebreaks linebreaksbr "
            "pluralize safe slugify "
            "striptags stringfilter time timesince timeuntil title truncatechars truncatewords urlencode yesno"
        ),
    ),
    "django.template.exceptions": Names(exceptions=("TemplateDoesNotExist", "TemplateSyntaxError")),
    "django.template.loader": Names((), ("get_template", "render_to_string", "select_template")),
    "django.template.response": Names(("SimpleTemplateResponse", "TemplateResponse")),
    "django.core.mail": _MAIL,
    "django.core.mail.message": Names(_MAIL.classes),
    "django.core.handlers.asgi": Names(("ASGIHandler", "ASGIRequest")),
    "django.core.handlers.wsgi": Names(("WSGIHandler", "WSGIRequest")),
    "django.core.asgi": Names((), ("get_asgi_application",)),
    "django.core.wsgi": Names((), ("get_wsgi_application",)),
    "django.contrib.admin": Names(_ADMIN, ("autodiscover",), ("site",)),
    "django.contrib.admin.filters": Names(tuple(name for name in _ADMIN if "Filter" in name)),
    "django.contrib.admin.helpers": Names(("ActionForm", "AdminForm")),
    "django.contrib.admin.options": Names(
        ("BaseModelAdmin", "InlineModelAdmin", "ModelAdmin", "StackedInline", "TabularInline")
    ),
    "django.contrib.admin.sites": Names(("AdminSite",), ("site",)),
    "django.contrib.admin.widgets": Names(
        _words(
            "AdminDateWidget AdminFileWidget AdminIntegerFieldWidget AdminSplitDateTime AdminTextInputWidget "
            "AdminTextareaWidget "
            "AdminTimeWidget AdminURLFieldWidget FilteredSelectMultiple ForeignKeyRawIdWidget RelatedFieldWidgetWrapper"
        )
    ),
    "django.contrib.admin.templatetags.admin_list": Names((), ("display_for_field",)),
    "django.utils.translation.trans_real": Names((), ("catalog", "get_language_from_request", "translation")),
    "django.contrib.admin.utils": Names(
        (), _words("display_for_field display_for_value get_deleted_objects label_for_field lookup_field quote unquote")
    ),
    "django.contrib.admin.views.decorators": Names(decorators=("staff_member_required",)),
    "django.contrib.contenttypes.admin": Names(
        ("GenericInlineModelAdmin", "GenericStackedInline", "GenericTabularInline")
    ),
    "django.contrib.contenttypes.forms": Names(("BaseGenericInlineFormSet",), ("generic_inlineformset_factory",)),
    "django.contrib.contenttypes.views": Names((), ("shortcut",)),
    "django.contrib.auth.admin": Names(("GroupAdmin", "UserAdmin")),
    "django.contrib.auth.forms": Names(
        _words(
            "AdminPasswordChangeForm AuthenticationForm BaseUserCreationForm PasswordChangeForm PasswordResetForm "
            "ReadOnlyPasswordHashField SetPasswordForm UserChangeForm UserCreationForm UsernameField"
        )
    ),
    "django.contrib.auth.decorators": Names(
        decorators=("login_not_required", "login_required", "permission_required", "user_passes_test")
    ),
    "django.contrib.auth.views": Names(
        _words(
            "LoginView LogoutView PasswordChangeDoneView PasswordChangeView PasswordResetCompleteView "
            "PasswordResetConfirmView PasswordResetDoneView PasswordResetView"
        ),
        ("logout_then_login", "redirect_to_login"),
    ),
    "django.contrib.auth.mixins": Names(
        ("AccessMixin", "LoginRequiredMixin", "PermissionRequiredMixin", "UserPassesTestMixin")
    ),
    "django.contrib.auth.tokens": Names(("PasswordResetTokenGenerator",), ("default_token_generator",)),
    "django.contrib.messages": Names(
        (), ("add_message", "debug", "error", "get_messages", "info", "success", "warning")
    ),
    "django.contrib.postgres.forms": Names(
        _words(
            "BaseRangeField DateRangeField DateTimeRangeField DecimalRangeField HStoreField IntegerRangeField "
            "RangeWidget "
            "SimpleArrayField SplitArrayField SplitArrayWidget"
        )
    ),
    "django.contrib.sitemaps": Names(("GenericSitemap", "Sitemap")),
    "django.contrib.staticfiles.storage": Names(
        ("ManifestStaticFilesStorage", "StaticFilesStorage"), ("staticfiles_storage",)
    ),
    "django.contrib.syndication.views": Names(("Feed",)),
    "django.test": Names(_TEST),
    "django.test.client": Names(("AsyncClient", "AsyncRequestFactory", "Client", "RequestFactory")),
    "django.test.testcases": Names(("LiveServerTestCase",)),
    "django.templatetags.static": Names((), ("static",)),
    "django.middleware.csrf": Names(("CsrfViewMiddleware",), ("get_token",)),
    "django.utils.decorators": _REQUEST_DECORATORS,
    "django.db.models.sql.compiler": Names(
        ("SQLAggregateCompiler", "SQLCompiler", "SQLDeleteCompiler", "SQLInsertCompiler", "SQLUpdateCompiler")
    ),
    "django.db.models.sql.datastructures": Names(("BaseTable", "Empty", "Join", "MultiJoin")),
    "django.views": Names(("View",)),
    "django.views.decorators.cache": Names(decorators=("cache_control", "cache_page", "never_cache")),
    "django.views.decorators.csrf": Names(
        decorators=("csrf_exempt", "csrf_protect", "ensure_csrf_cookie", "requires_csrf_token")
    ),
    "django.views.decorators.debug": Names(decorators=("sensitive_post_parameters", "sensitive_variables")),
    "django.views.decorators.http": Names(
        decorators=(
            "condition",
            "etag",
            "last_modified",
            "require_GET",
            "require_POST",
            "require_http_methods",
            "require_safe",
        )
    ),
    "django.views.decorators.vary": Names(decorators=("vary_on_cookie", "vary_on_headers")),
    "django.views.generic": Names(_VIEWS),
    "django.views.generic.base": Names(
        ("ContextMixin", "RedirectView", "TemplateResponseMixin", "TemplateView", "View")
    ),
    "django.views.generic.detail": Names(("DetailView", "SingleObjectMixin")),
    "django.views.generic.edit": Names(("CreateView", "DeleteView", "FormMixin", "FormView", "UpdateView")),
    "django.views.generic.list": Names(("ListView", "MultipleObjectMixin")),
}


# -- what the admin's decorators do to models is real ------------------------------------------------------------------


def display(
    function: object = None,
    *,
    boolean: bool | None = None,
    ordering: object = None,
    description: object = None,
    empty_value: object = None,
) -> Any:
    """Note on a model's method how the admin shows it.

    Raises ``ValueError`` for ``boolean`` beside ``empty_value``.
    """

    def decorate(func: object) -> Any:
        if boolean is not None and empty_value is not None:
            raise ValueError("The boolean and empty_value arguments to the @display decorator are mutually exclusive.")
        notes = {
            "boolean": boolean,
            "admin_order_field": ordering,
            "short_description": description,
            "empty_value_display": empty_value,
        }
        for name, value in notes.items():
            if value is not None:
                setattr(func, name, value)
        return func

    return decorate if function is None else decorate(function)


def action(function: object = None, *, permissions: object = None, description: object = None) -> Any:
    """Note on a function how the admin offers it as an action."""

    def decorate(func: object) -> Any:
        for name, value in {"allowed_permissions": permissions, "short_description": description}.items():
            if value is not None:
                setattr(func, name, value)
        return func

    return decorate if function is None else decorate(function)


def register(*models: object, site: object = None) -> Callable[[Any], Any]:
    """Leave an admin class as it is: there is no admin here to know it."""
    return _as_it_is
