"""What ``import django`` finds, and what it says where there is nothing. Each case in a process of its own."""

from __future__ import annotations

import importlib
import importlib.util
import subprocess
import sys

import pytest

from orm.compat.django import listing
from orm.compat.django.surface import SURFACES


def python(program: str) -> str:
    """Run a program after ``install()``; return what it printed."""
    program = "from orm.compat.django import install\ninstall()\n" + program
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_every_module_of_the_surface_can_be_imported_whole() -> None:
    program = "import importlib\n" + "\n".join(f"exec('from {name} import *', {{}})" for name in SURFACES)
    program += "\nimport sys\nfor name in sorted(n for n in sys.modules if n.split('.')[0] == 'django'):\n"
    program += "    print(name, sys.modules[name].__spec__.origin)\n"
    lines = python(program).splitlines()
    assert {line.split()[0] for line in lines} == set(SURFACES)
    assert {line.split()[1] for line in lines} == {"orm.compat.django"}


@pytest.mark.parametrize("name", sorted(SURFACES))
def test_names_written_down_exist(name: str) -> None:
    surface = SURFACES[name]
    for each in surface.offered():
        assert surface.find(each)[0], f"{name}.{each}"


def test_models_offers_all_that_orm_models_offers() -> None:
    ours = importlib.import_module("orm.models")
    assert set(ours.__all__) <= set(SURFACES["django.db.models"].offered())


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("from django import gis", "No module named 'django.gis' here"),
        ("import django.contrib.gis.models", "No module named 'django.contrib.gis' here"),
        ("from django.core.management import call_comand", "call_command"),
        ("from django.db.models import CharFeild", "Near it: CharField"),
        ("from django.db.models.functions import Lowre", "Lower"),
        ("from django.utils import htmll", "django.utils.timezone"),
        ("from django.core import telegraphs", "django.core.exceptions"),
    ],
)
def test_what_is_not_offered_is_an_import_error_with_a_sentence(statement: str, says: str) -> None:
    said = python(f"try:\n    {statement}\nexcept ImportError as error:\n    print(error)")
    assert says in said
    assert "Duotone" in said


@pytest.mark.parametrize(
    ("statement", "begins"),
    [
        ("from django.utils.decorators import nothing", "django.utils.decorators has no nothing here"),
        ("import django.contrib.auth.registry_of_mine", "No module named 'django.contrib.auth.registry_of_mine' here"),
    ],
)
def test_what_may_be_a_module_is_called_so(statement: str, begins: str) -> None:
    """Programs that look for a module in every application go by how Python begins."""
    assert python(f"try:\n    {statement}\nexcept ImportError as error:\n    print(error)").startswith(begins)


def test_meta_takes_the_options_that_a_program_adds() -> None:
    said = python(
        "from django.db import models\nimport django.db.models.options as options\n"
        "options.DEFAULT_NAMES = (*options.DEFAULT_NAMES, 'es_index')\n"
        "class A(models.Model):\n    class Meta:\n        app_label, es_index = 'x', 'a'\n"
        "class B(models.Model):\n    class Meta:\n        app_label = 'x'\n"
        "print(A._meta.es_index, hasattr(B._meta, 'es_index'))\n"
        "try:\n    class C(models.Model):\n        class Meta:\n            app_label, es_indx = 'x', 'a'\n"
        "except TypeError as error:\n    print(str(error)[:56])\n"
    )
    assert said == "a False\n'class Meta' got invalid attribute(s): es_indx, in C. Di"


def test_a_missing_attribute_says_the_same() -> None:
    said = python(
        "from django.db import models\ntry:\n    models.CharFeild\nexcept AttributeError as error:\n    print(error)\n"
        "print(hasattr(models, 'Nothing'))"
    )
    assert "Near it: CharField" in said
    assert said.endswith("False")


def test_install_twice_is_once_and_uninstall_undoes_it() -> None:
    said = python(
        "install()\nimport django, sys\nfrom orm.compat.django import uninstall\nuninstall()\n"
        "print([name for name in sys.modules if name.split('.')[0] == 'django'])"
    )
    assert said == "[]"


@pytest.mark.skipif(importlib.util.find_spec("django") is None, reason="Django is not installed")
def test_install_refuses_when_django_is_loaded() -> None:
    program = (
        "import django\nfrom orm.compat.django import install\nfrom orm.errors import ImproperlyConfigured\n"
        "try:\n    install()\nexcept ImproperlyConfigured as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300)
    assert "Django itself is already imported" in done.stdout, done.stderr


def test_installing_costs_nothing_before_something_is_imported() -> None:
    assert python("import sys\nprint([n for n in sys.modules if n.startswith(('orm.models', 'django'))])") == "[]"


def test_the_documentation_promises_no_name_that_is_not_there() -> None:
    for section in listing.PAGE.read_text(encoding="utf-8").split("\n## ")[1:]:
        module, _, text = section.partition("\n")
        listed = {each.strip("`*") for each in text.strip().splitlines()[-1].split(", ")}
        assert listed <= set(SURFACES[module].offered()), module


def test_a_name_of_the_web_can_be_imported_and_not_used() -> None:
    said = python(
        "from django import forms\nfrom django.contrib import admin\n"
        "from django.urls import NoReverseMatch, path, reverse\n"
        "class F(forms.ModelForm):\n    name = forms.CharField(max_length=3)\nurls = [path('a/', F)]\n"
        "@admin.register(F)\nclass A(admin.ModelAdmin):\n    pass\n"
        "for use in (lambda: reverse('x'), lambda: F().is_valid(), lambda: str(urls[0])):\n"
        "    try:\n        use()\n    except NotImplementedError as error:\n        print(error)\n"
        "print(issubclass(NoReverseMatch, Exception))"
    )
    assert said.count("has only its name") == 3
    assert said.endswith("True")


def test_decorators_of_the_web_leave_what_they_stand_above_as_it_is() -> None:
    said = python(
        """
from django import template
from django.contrib.auth.decorators import login_required, permission_required, user_passes_test
from django.utils.decorators import method_decorator
from django.views.decorators.http import etag, require_GET, require_http_methods

def editors(user):
    return user.is_staff

register = template.Library()

@register.filter
@register.filter(name="half")
@register.simple_tag(takes_context=True)
@register.inclusion_tag("half.html")
@login_required
@login_required(login_url="/")
@permission_required("shop.view_order")
@user_passes_test(editors)
@method_decorator(login_required)
@etag(editors)
@require_GET
@require_http_methods(["GET"])
def half(number):
    return number / 2

print(half(4), register.filter("other", half)(6), register.filter("editors")(half)(8))
"""
    )
    assert said == "2.0 3.0 4.0"


def test_what_is_declared_of_views_and_of_users_of_ones_own() -> None:
    """As Django's pages on views and on custom users show it, at the top of modules that are only imported."""
    said = python(
        """
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserCreationForm
from django.contrib.auth.mixins import LoginRequiredMixin
from django.urls import path, reverse_lazy
from django.views.generic import ListView

class Books(LoginRequiredMixin, ListView):
    success_url = reverse_lazy("books")

class MemberForm(UserCreationForm):
    class Meta(UserCreationForm.Meta):
        fields = UserCreationForm.Meta.fields + ("born",)

class MemberAdmin(UserAdmin):
    fieldsets = UserAdmin.fieldsets + (("More", {"fields": ("born",)}),)

urlpatterns = [path("books/", Books.as_view(), name="books")]
print(MemberForm.Meta.fields, len(MemberAdmin.fieldsets))
"""
    )
    assert said == "('born',) 1"


def test_classes_of_forms_are_made_and_named() -> None:
    said = python(
        """
from django.forms import formset_factory, inlineformset_factory, modelform_factory

class OrderForm(modelform_factory(object, fields=["number"])):
    pass

print(isinstance(formset_factory(OrderForm, extra=2), type), isinstance(inlineformset_factory(object, object), type))
try:
    OrderForm().is_valid()
except NotImplementedError as error:
    print(error)
"""
    )
    assert said.startswith("True True")
    assert "has only its name" in said


def test_the_error_of_django_db_is_that_of_databases_only() -> None:
    said = python(
        "from django import db\nfrom django.core.exceptions import ObjectDoesNotExist, ValidationError\n"
        "from django.db.transaction import TransactionManagementError\nfrom django.db.utils import Error\n"
        "print(Error is db.Error)\n"
        "for kind in (db.DatabaseError, db.InterfaceError, ObjectDoesNotExist, ValidationError):\n"
        "    print(kind.__name__, issubclass(kind, db.Error))\n"
        "print(issubclass(TransactionManagementError, db.ProgrammingError))\n"
    )
    assert said.splitlines() == [
        "True",
        "DatabaseError True",
        "InterfaceError True",
        "ObjectDoesNotExist False",
        "ValidationError False",
        "True",
    ]


def test_a_module_that_registers_with_the_admin_is_imported() -> None:
    said = python(
        """
from django.contrib import admin
admin.site.site_header = "Shop"
admin.site.register(object, admin.ModelAdmin)
pages = admin.site.urls
print(pages)
"""
    )
    assert said.splitlines() == ["<django.contrib.admin.site.urls, by name only>"]
