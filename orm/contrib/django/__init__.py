"""Beside a real Django: mirrors of a running project's models, for its async code.

``mirror(Author)`` is a class of this library on the same table; the project stays as it is.

    from orm.contrib.django import django_instance, mirror

    async def author(request, pk):
        found = await mirror(Author).objects.select_related("publisher").aget(pk=pk)
        return render(request, "author.html", {"author": django_instance(found)})
"""

from orm.contrib.django.comparing import acompare
from orm.contrib.django.comparing_blocking import compare
from orm.contrib.django.databases import TransactionNotShared
from orm.contrib.django.instances import DjangoInstances, django_instance, django_instances
from orm.contrib.django.mirroring import mirror, mirror_all
from orm.contrib.django.sharing import shared_atomic

__all__ = [
    "DjangoInstances",
    "TransactionNotShared",
    "acompare",
    "compare",
    "django_instance",
    "django_instances",
    "mirror",
    "mirror_all",
    "shared_atomic",
]
