"""``NAMES``: the names of Django's web, admin and SQL compiler, module by module. ``web`` says what they do.

They are those that Django's reference names, and those that packages import at the top of modules with models.
"""

from __future__ import annotations

from collections.abc import Mapping

from orm.compat.django.web import Names


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FORM_FIELDS = _words(
    "BooleanField CharField ChoiceField ComboField DateField DateTimeField DecimalField DurationField EmailField "
    "Field FileField FilePathField FloatField GenericIPAddressField ImageField IntegerField JSONField "
    "MultipleChoiceField MultiValueField NullBooleanField RegexField SlugField SplitDateTimeField TimeField "
    "TypedChoiceField TypedMultipleChoiceField URLField UUIDField InvalidJSONInput JSONString"
)
_WIDGETS = _words(
    "CheckboxInput CheckboxSelectMultiple ChoiceWidget ClearableFileInput ColorInput DateInput DateTimeInput "
    "EmailInput FileInput HiddenInput Input Media MediaAsset MultiWidget MultipleHiddenInput NullBooleanSelect "
    "NumberInput PasswordInput RadioSelect Script SearchInput Select SelectDateWidget SelectMultiple "
    "SplitDateTimeWidget SplitHiddenDateTimeWidget TelInput TextInput Textarea TimeInput URLInput Widget"
)
_MODEL_FORMS = _words(
    "BaseInlineFormSet BaseModelForm BaseModelFormSet InlineForeignKeyField ModelChoiceField ModelChoiceIterator "
    "ModelChoiceIteratorValue ModelForm ModelFormMetaclass ModelFormOptions ModelMultipleChoiceField"
)
_MODEL_FORM_FUNCTIONS = _words("apply_limit_choices_to_to_formfield construct_instance fields_for_model")
_MODEL_FORM_FACTORIES = _words("inlineformset_factory modelform_factory modelformset_factory")
_ADMIN = _words(
    "AdminSite AllValuesFieldListFilter BooleanFieldListFilter ChoicesFieldListFilter DateFieldListFilter "
    "EmptyFieldListFilter FieldListFilter ListFilter ModelAdmin RelatedFieldListFilter RelatedOnlyFieldListFilter "
    "SimpleListFilter StackedInline TabularInline ShowFacets"
)
_HTTP = _words(
    "FileResponse HttpRequest HttpResponse HttpResponseBadRequest HttpResponseBase HttpResponseForbidden "
    "HttpResponseGone HttpResponseNotAllowed HttpResponseNotFound HttpResponseNotModified "
    "HttpResponsePermanentRedirect HttpResponseRedirect HttpResponseServerError HttpHeaders JsonResponse QueryDict "
    "SimpleCookie StreamingHttpResponse"
)
_URLS = Names(
    ("LocalePrefixPattern", "ResolverMatch", "URLPattern", "URLResolver"),
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
    "ArchiveIndexView CreateView DateDetailView DayArchiveView DeleteView DetailView FormView GenericViewError "
    "ListView MonthArchiveView RedirectView TemplateView TodayArchiveView UpdateView View WeekArchiveView "
    "YearArchiveView"
)
_TEST = ("AsyncClient", "AsyncRequestFactory", "Client", "LiveServerTestCase", "RequestFactory")
_REQUEST_DECORATORS = Names(
    # decorator_from_middleware_with_args() makes what makes decorators: that is called with options, as they are.
    decorators=_words(
        "async_only_middleware classonlymethod decorator_from_middleware_with_args sync_and_async_middleware "
        "sync_only_middleware"
    ),
    decorator_factories=("decorator_from_middleware", "method_decorator"),
)

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
            "MediaDefiningClass",
        ),
        (*_MODEL_FORM_FUNCTIONS, "all_valid"),
        class_factories=(*_MODEL_FORM_FACTORIES, "formset_factory"),
    ),
    "django.forms.fields": Names((*_FORM_FIELDS, *_WIDGETS)),
    "django.forms.widgets": Names((*_WIDGETS, "MediaDefiningClass")),
    "django.forms.forms": Names(("BaseForm", "DeclarativeFieldsMetaclass", "Form")),
    "django.forms.formsets": Names(
        ("BaseFormSet", "ManagementForm"), ("all_valid",), class_factories=("formset_factory",)
    ),
    "django.forms.models": Names(_MODEL_FORMS, _MODEL_FORM_FUNCTIONS, class_factories=_MODEL_FORM_FACTORIES),
    "django.forms.utils": Names(
        ("ErrorDict", "ErrorList", "RenderableMixin"), ("flatatt", "from_current_timezone", "to_current_timezone")
    ),
    "django.forms.boundfield": Names(("BoundField", "BoundWidget")),
    "django.forms.renderers": Names(
        _words("BaseRenderer DjangoDivFormRenderer DjangoTemplates Jinja2 Jinja2DivFormRenderer TemplatesSetting")
    ),
    "django.urls": _URLS,
    "django.urls.base": _URLS,
    "django.urls.conf": Names(declaring=("include", "path", "re_path")),
    "django.urls.converters": Names(
        _words("IntConverter PathConverter SlugConverter StringConverter UUIDConverter"),
        ("get_converters",),
        declaring=("register_converter",),
    ),
    "django.urls.resolvers": Names(
        _words("LocalePrefixPattern RegexPattern ResolverMatch RoutePattern URLPattern URLResolver"),
        ("get_ns_resolver", "get_resolver"),
        exceptions=("NoReverseMatch", "Resolver404"),
    ),
    "django.urls.exceptions": Names(exceptions=("NoReverseMatch", "Resolver404")),
    "django.conf.urls": Names((), ("handler400", "handler403", "handler404", "handler500"), declaring=("include",)),
    "django.conf.locale": Names((), ("LANG_INFO",)),
    "django.conf.urls.i18n": Names((), ("is_language_prefix_patterns_used",), declaring=("i18n_patterns",)),
    "django.conf.urls.static": Names(declaring=("static",)),
    "django.http": Names(
        _HTTP, ("parse_cookie",), exceptions=("BadHeaderError", "RawPostDataException", "UnreadablePostError")
    ),
    "django.http.request": Names(
        ("HttpHeaders", "HttpRequest", "MediaType", "QueryDict"),
        ("split_domain_port", "validate_host"),
        exceptions=("RawPostDataException", "UnreadablePostError"),
    ),
    "django.http.cookie": Names(("SimpleCookie",), ("parse_cookie",)),
    "django.http.multipartparser": Names(
        ("ChunkIter", "LazyStream", "MultiPartParser"),
        exceptions=_words("InputStreamExhausted MultiPartParserError SkipFile StopFutureHandlers StopUpload"),
    ),
    "django.http.response": Names(tuple(name for name in _HTTP if "Response" in name)),
    "django.shortcuts": Names((), ("aredirect", "redirect", "render", "resolve_url")),
    "django.template": Names(
        _words("Context ContextPopException Engine Library Node NodeList Origin RequestContext Template Variable"),
        ("engines",),
        exceptions=("TemplateDoesNotExist", "TemplateSyntaxError", "VariableDoesNotExist"),
    ),
    "django.core.cache.backends.memcached": Names(("BaseMemcachedCache", "PyLibMCCache", "PyMemcacheCache")),
    "django.core.cache.backends.redis": Names(("RedisCache", "RedisCacheClient", "RedisSerializer")),
    "django.template.backends.base": Names(("BaseEngine",)),
    "django.template.backends.django": Names(("DjangoTemplates", "Template")),
    "django.template.backends.jinja2": Names(("Jinja2", "Origin", "Template")),
    "django.template.backends.utils": Names((), declaring=("csrf_input_lazy", "csrf_token_lazy")),
    "django.template.base": Names(
        _words(
            "FilterExpression Lexer Node NodeList Origin Parser Template TextNode Token TokenType Variable VariableNode"
        ),
        ("token_kwargs",),
        exceptions=("TemplateSyntaxError", "VariableDoesNotExist"),
    ),
    "django.template.context_processors": Names((), _words("csrf debug i18n media request static tz")),
    "django.template.defaulttags": Names((), ("url",)),
    "django.template.engine": Names(("Engine",)),
    "django.template.library": Names(("InclusionNode", "Library", "SimpleNode")),
    "django.template.loaders.app_directories": Names(("Loader",)),
    "django.template.loaders.base": Names(("Loader",)),
    "django.template.loaders.cached": Names(("Loader",)),
    "django.template.loaders.filesystem": Names(("Loader",)),
    "django.template.loaders.locmem": Names(("Loader",)),
    "django.template.loader_tags": Names(("BlockContext", "BlockNode", "ExtendsNode", "IncludeNode")),
    "django.template.context": Names(("BaseContext", "Context", "RenderContext", "RequestContext")),
    "django.template.defaultfilters": Names(
        (),
        _words(
            "dictsort dictsortreversed escape_filter escapejs_filter escapeseq force_escape iriencode json_script "
            "linenumbers pprint random safeseq slice_filter stringformat truncatechars_html truncatewords_html "
            "unordered_list urlize urlizetrunc"
        ),
    ),
    "django.template.exceptions": Names(exceptions=("TemplateDoesNotExist", "TemplateSyntaxError")),
    "django.template.loader": Names((), ("engines", "get_template", "render_to_string", "select_template")),
    "django.template.response": Names(("SimpleTemplateResponse", "TemplateResponse")),
    "django.core.exceptions": Names(
        exceptions=_words("DisallowedHost RequestDataTooBig SuspiciousMultipartForm TooManyFieldsSent TooManyFilesSent")
    ),
    "django.core.mail": _MAIL,
    "django.core.mail.backends.base": Names(("BaseEmailBackend",)),
    **{
        f"django.core.mail.backends.{way}": Names(("EmailBackend",))
        for way in ("console", "dummy", "filebased", "locmem", "smtp")
    },
    "django.core.mail.message": Names(_MAIL.classes, ("make_msgid", "sanitize_address"), exceptions=_MAIL.exceptions),
    "django.core.files.uploadhandler": Names(
        ("FileUploadHandler", "MemoryFileUploadHandler", "TemporaryFileUploadHandler"),
        ("load_handler",),
        exceptions=("SkipFile", "StopFutureHandlers", "StopUpload", "UploadFileException"),
    ),
    "django.core.handlers.base": Names(("BaseHandler",)),
    "django.core.handlers.exception": Names((), ("convert_exception_to_response", "response_for_exception")),
    "django.core.handlers.asgi": Names(("ASGIHandler", "ASGIRequest")),
    "django.core.handlers.wsgi": Names(("WSGIHandler", "WSGIRequest")),
    "django.core.servers.basehttp": Names(
        ("ServerHandler", "WSGIRequestHandler", "WSGIServer"), ("get_internal_wsgi_application", "run")
    ),
    "django.core.asgi": Names((), ("get_asgi_application",)),
    "django.core.wsgi": Names((), ("get_wsgi_application",)),
    "django.contrib.admin": Names(_ADMIN, ("autodiscover",), ("site",)),
    "django.contrib.admin.filters": Names(tuple(name for name in _ADMIN if "Filter" in name)),
    "django.contrib.admin.actions": Names((), ("delete_selected",)),
    "django.contrib.admin.checks": Names(("BaseModelAdminChecks", "InlineModelAdminChecks", "ModelAdminChecks")),
    "django.contrib.admin.exceptions": Names(
        exceptions=_words("AlreadyRegistered DisallowedModelAdminLookup DisallowedModelAdminToField NotRegistered")
    ),
    "django.contrib.admin.forms": Names(("AdminAuthenticationForm", "AdminPasswordChangeForm")),
    "django.contrib.admin.helpers": Names(
        _words(
            "ActionForm AdminErrorList AdminField AdminForm AdminReadonlyField Fieldset InlineAdminForm "
            "InlineAdminFormSet"
        )
    ),
    "django.contrib.admin.options": Names(
        ("BaseModelAdmin", "InlineModelAdmin", "ModelAdmin", "ShowFacets", "StackedInline", "TabularInline"),
        ("flatten_fieldsets", "get_content_type_for_model", "get_ul_class"),
        decorators=("csrf_protect_m",),
        exceptions=("IncorrectLookupParameters",),
    ),
    "django.contrib.admin.sites": Names(
        ("AdminSite",), declaring=("all_sites", "site"), exceptions=("AlreadyRegistered", "NotRegistered")
    ),
    "django.contrib.admin.widgets": Names(
        _words(
            "AdminBigIntegerFieldWidget AdminDateWidget AdminEmailInputWidget AdminFileWidget "
            "AdminIntegerFieldWidget AdminSplitDateTime AdminTextInputWidget AdminRadioSelect AdminTextareaWidget "
            "AdminTimeWidget AdminURLFieldWidget FilteredSelectMultiple ForeignKeyRawIdWidget "
            "RelatedFieldWidgetWrapper"
        )
    ),
    "django.contrib.admin.templatetags.admin_list": Names(
        ("ResultList",),
        _words("_coerce_field_name display_for_field result_headers result_hidden_fields result_list results"),
    ),
    "django.contrib.admin.templatetags.admin_urls": Names((), ("add_preserved_filters", "admin_urlname")),
    "django.contrib.admin.views.autocomplete": Names(("AutocompleteJsonView",)),
    "django.utils.translation.trans_real": Names((), ("catalog", "get_language_from_request", "translation")),
    "django.contrib.admin.utils": Names(
        (),
        _words(
            "display_for_field display_for_value flatten flatten_fieldsets get_deleted_objects "
            "get_fields_from_path get_last_value_from_parameters get_model_from_relation help_text_for_field "
            "label_for_field lookup_field lookup_needs_distinct lookup_spawns_duplicates model_format_dict "
            "model_ngettext prepare_lookup_value quote reverse_field_path unquote"
        ),
        exceptions=("NotRelationField",),
    ),
    "django.contrib.admin.views.main": Names(("ChangeList", "ChangeListSearchForm")),
    "django.contrib.admin.views.decorators": Names(decorators=("staff_member_required",)),
    "django.contrib.contenttypes.admin": Names(
        ("GenericInlineModelAdmin", "GenericStackedInline", "GenericTabularInline")
    ),
    "django.contrib.contenttypes.forms": Names(
        ("BaseGenericInlineFormSet",), class_factories=("generic_inlineformset_factory",)
    ),
    "django.contrib.contenttypes.views": Names((), ("shortcut",)),
    "django.contrib.auth.admin": Names(("GroupAdmin", "UserAdmin")),
    "django.contrib.auth.forms": Names(
        _words(
            "AdminPasswordChangeForm AdminUserCreationForm AuthenticationForm BaseUserCreationForm "
            "PasswordChangeForm PasswordResetForm ReadOnlyPasswordHashField ReadOnlyPasswordHashWidget "
            "SetPasswordForm SetPasswordMixin UserChangeForm UserCreationForm UsernameField"
        )
    ),
    "django.contrib.auth.decorators": Names(
        decorators=("login_not_required", "login_required"),
        decorator_factories=("permission_required", "user_passes_test"),
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
    "django.contrib.auth": Names(
        (),
        _words("aget_user alogin alogout aupdate_session_auth_hash get_user login logout update_session_auth_hash"),
    ),
    "django.contrib.auth.backends": Names(("AllowAllUsersRemoteUserBackend", "RemoteUserBackend")),
    "django.contrib.auth.context_processors": Names(("PermLookupDict", "PermWrapper"), ("auth",)),
    "django.contrib.admindocs.utils": Names((), ("get_view_name", "replace_named_groups")),
    "django.contrib.admindocs.views": Names((), ("simplify_regex",)),
    "django.contrib.auth.handlers.modwsgi": Names((), ("check_password", "groups_for_user")),
    "django.contrib.auth.middleware": Names(
        _words("AuthenticationMiddleware LoginRequiredMiddleware PersistentRemoteUserMiddleware RemoteUserMiddleware"),
        ("auser", "get_user"),
    ),
    "django.contrib.flatpages.admin": Names(("FlatPageAdmin",)),
    "django.contrib.flatpages.forms": Names(("FlatpageForm",)),
    "django.contrib.flatpages.middleware": Names(("FlatpageFallbackMiddleware",)),
    "django.contrib.flatpages.sitemaps": Names(("FlatPageSitemap",)),
    "django.contrib.flatpages.views": Names((), ("flatpage", "render_flatpage")),
    "django.contrib.messages": Names(
        (), ("add_message", "debug", "error", "get_level", "get_messages", "info", "set_level", "success", "warning")
    ),
    "django.contrib.messages.api": Names(
        (),
        ("add_message", "debug", "error", "get_level", "get_messages", "info", "set_level", "success", "warning"),
        exceptions=("MessageFailure",),
    ),
    "django.contrib.messages.context_processors": Names((), ("messages",)),
    "django.contrib.messages.middleware": Names(("MessageMiddleware",)),
    "django.contrib.messages.storage": Names((), ("default_storage",)),
    "django.contrib.messages.storage.base": Names(("BaseStorage", "Message")),
    "django.contrib.messages.storage.cookie": Names(("CookieStorage",)),
    "django.contrib.messages.storage.fallback": Names(("FallbackStorage",)),
    "django.contrib.messages.storage.session": Names(("SessionStorage",)),
    "django.contrib.messages.test": Names(("MessagesTestMixin",)),
    "django.contrib.messages.views": Names(("SuccessMessageMixin",)),
    "django.contrib.redirects.middleware": Names(("RedirectFallbackMiddleware",)),
    "django.contrib.sessions.middleware": Names(("SessionMiddleware",)),
    "django.contrib.sitemaps.views": Names((), ("index", "sitemap")),
    "django.contrib.sites.middleware": Names(("CurrentSiteMiddleware",)),
    "django.contrib.sites.requests": Names(("RequestSite",)),
    "django.contrib.staticfiles.finders": Names(
        ("AppDirectoriesFinder", "BaseFinder", "BaseStorageFinder", "DefaultStorageFinder", "FileSystemFinder"),
        ("find", "get_finder", "get_finders"),
    ),
    "django.contrib.staticfiles.handlers": Names(("StaticFilesHandler",)),
    "django.contrib.staticfiles.testing": Names(("StaticLiveServerTestCase",)),
    "django.contrib.staticfiles.urls": Names(declaring=("staticfiles_urlpatterns",)),
    "django.contrib.staticfiles.views": Names((), ("serve",)),
    "django.contrib.postgres.forms": Names(
        _words(
            "BaseRangeField DateRangeField DateTimeRangeField DecimalRangeField HStoreField IntegerRangeField "
            "RangeWidget SimpleArrayField SplitArrayField SplitArrayWidget"
        )
    ),
    "django.contrib.sitemaps": Names(("GenericSitemap", "Sitemap")),
    "django.contrib.staticfiles.storage": Names(
        ("HashedFilesMixin", "ManifestFilesMixin", "ManifestStaticFilesStorage", "StaticFilesStorage"),
        ("staticfiles_storage",),
    ),
    "django.contrib.syndication.views": Names(("Feed",), ("add_domain",), exceptions=("FeedDoesNotExist",)),
    "django.test": Names(_TEST),
    "django.test.client": Names(
        _words("AsyncClient AsyncClientHandler AsyncRequestFactory Client ClientHandler FakePayload RequestFactory"),
        ("encode_file", "encode_multipart"),
    ),
    "django.test.testcases": Names(("LiveServerTestCase",)),
    "django.templatetags.static": Names((), ("static",)),
    "django.middleware.cache": Names(("CacheMiddleware", "FetchFromCacheMiddleware", "UpdateCacheMiddleware")),
    "django.middleware.clickjacking": Names(("XFrameOptionsMiddleware",)),
    "django.middleware.common": Names(("BrokenLinkEmailsMiddleware", "CommonMiddleware")),
    "django.middleware.csrf": Names(("CsrfViewMiddleware",), ("get_token", "rotate_token")),
    "django.middleware.gzip": Names(("GZipMiddleware",)),
    "django.middleware.http": Names(("ConditionalGetMiddleware",)),
    "django.middleware.locale": Names(("LocaleMiddleware",)),
    "django.middleware.security": Names(("SecurityMiddleware",)),
    "django.utils.autoreload": Names(
        (), ("file_changed", "get_reloader", "raise_last_exception", "restart_with_reloader", "run_with_reloader")
    ),
    "django.utils.cache": Names(
        (),
        _words(
            "add_never_cache_headers get_cache_key get_conditional_response get_max_age has_vary_header "
            "learn_cache_key patch_cache_control patch_response_headers patch_vary_headers set_response_etag"
        ),
    ),
    "django.utils.decorators": _REQUEST_DECORATORS,
    "django.utils.deprecation": Names(("MiddlewareMixin",)),
    "django.utils.feedgenerator": Names(
        _words("Atom1Feed DefaultFeed Enclosure Rss201rev2Feed RssFeed RssUserland091Feed Stylesheet SyndicationFeed"),
        ("get_tag_uri", "rfc2822_date", "rfc3339_date"),
    ),
    "django.utils.html": Names((), ("urlize",)),
    "django.utils.http": Names(
        (), ("url_has_allowed_host_and_scheme", "content_disposition_header", "parse_header_parameters")
    ),
    "django.utils.log": Names((), ("log_response",)),
    "django.utils.translation": Names((), ("get_language_from_path", "get_language_from_request", "templatize")),
    "django.db.models.sql.compiler": Names(
        ("SQLAggregateCompiler", "SQLCompiler", "SQLDeleteCompiler", "SQLInsertCompiler", "SQLUpdateCompiler")
    ),
    "django.db.models.sql.datastructures": Names(("BaseTable", "Empty", "Join", "MultiJoin")),
    "django.views": Names(("View",)),
    "django.views.decorators.cache": Names(
        (), ("patch_cache_control",), decorators=("never_cache",), decorator_factories=("cache_control", "cache_page")
    ),
    "django.views.decorators.clickjacking": Names(
        decorators=("xframe_options_deny", "xframe_options_exempt", "xframe_options_sameorigin")
    ),
    "django.views.decorators.common": Names(decorators=("no_append_slash",)),
    "django.views.decorators.gzip": Names(decorators=("gzip_page",)),
    "django.views.decorators.csrf": Names(
        decorators=("csrf_exempt", "csrf_protect", "ensure_csrf_cookie", "requires_csrf_token")
    ),
    "django.views.decorators.debug": Names(decorator_factories=("sensitive_post_parameters", "sensitive_variables")),
    "django.views.decorators.http": Names(
        decorators=("conditional_page", "require_GET", "require_POST", "require_safe"),
        decorator_factories=("condition", "etag", "last_modified", "require_http_methods"),
    ),
    "django.views.decorators.vary": Names(decorators=("vary_on_cookie",), decorator_factories=("vary_on_headers",)),
    "django.views.csrf": Names((), ("csrf_failure",)),
    "django.views.debug": Names(
        ("ExceptionReporter", "SafeExceptionReporterFilter"),
        ("get_default_exception_reporter_filter", "get_exception_reporter_filter", "technical_500_response"),
    ),
    "django.views.defaults": Names((), ("bad_request", "page_not_found", "permission_denied", "server_error")),
    "django.views.generic": Names(_VIEWS),
    "django.views.generic.dates": Names(
        _words(
            "ArchiveIndexView BaseArchiveIndexView BaseDateDetailView BaseDateListView BaseDayArchiveView "
            "BaseMonthArchiveView BaseTodayArchiveView BaseWeekArchiveView BaseYearArchiveView DateDetailView "
            "DateMixin DayArchiveView DayMixin MonthArchiveView MonthMixin TodayArchiveView WeekArchiveView "
            "WeekMixin YearArchiveView YearMixin"
        )
    ),
    "django.views.i18n": Names(("JSONCatalog", "JavaScriptCatalog"), ("set_language",)),
    "django.views.static": Names((), ("serve",)),
    "django.views.generic.base": Names(
        ("ContextMixin", "RedirectView", "TemplateResponseMixin", "TemplateView", "View")
    ),
    "django.views.generic.detail": Names(
        ("BaseDetailView", "DetailView", "SingleObjectMixin", "SingleObjectTemplateResponseMixin")
    ),
    "django.views.generic.edit": Names(
        _words(
            "BaseCreateView BaseDeleteView BaseFormView BaseUpdateView CreateView DeleteView DeletionMixin "
            "FormMixin FormView ModelFormMixin ProcessFormView UpdateView"
        )
    ),
    "django.views.generic.list": Names(
        ("BaseListView", "ListView", "MultipleObjectMixin", "MultipleObjectTemplateResponseMixin")
    ),
}
