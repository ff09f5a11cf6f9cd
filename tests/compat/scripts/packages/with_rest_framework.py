"""Rows as what can be sent, and what was sent as rows: serializers of models."""

from start import configure, make_tables

configure(TIME_ZONE="UTC")
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=20, unique=True)
    born = models.DateField(null=True)


class Book(models.Model):
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    title = models.CharField(max_length=30)
    price = models.DecimalField(max_digits=6, decimal_places=2)
    tags = models.JSONField(default=list)
    kind = models.CharField(max_length=1, choices=[("a", "Aa"), ("b", "Bb")], default="a")
    at = models.DateTimeField(null=True)

    class Meta:
        unique_together = [("author", "title")]


make_tables()
from rest_framework import serializers


class BookS(serializers.ModelSerializer):
    author_name = serializers.CharField(source="author.name", read_only=True)

    class Meta:
        model = Book
        fields = ["id", "author", "author_name", "title", "price", "tags", "kind", "at"]


class AuthorS(serializers.ModelSerializer):
    books = BookS(many=True, read_only=True)
    n = serializers.SerializerMethodField()

    class Meta:
        model = Author
        fields = "__all__"

    def get_n(self, o):
        return o.books.count()


s = AuthorS(data={"name": "Ada", "born": "1815-12-10"})
print(s.is_valid(), s.errors)
a = s.save()
print(AuthorS(data={"name": "Ada"}).is_valid())
x = AuthorS(data={"name": "Ada", "born": "nope"})
x.is_valid()
print(x.errors)
b = BookS(data={"author": a.pk, "title": "T", "price": "3.50", "tags": [1], "kind": "b", "at": "2020-01-01T00:00:00Z"})
print(b.is_valid(), b.errors)
b = b.save()
y = BookS(data={"author": a.pk, "title": "T", "price": "3333333.50", "kind": "z"})
y.is_valid()
print(y.errors)
y = BookS(data={"author": 77, "title": "T", "price": "3"})
y.is_valid()
print(y.errors)
print(AuthorS(a).data)
print(BookS(Book.objects.select_related("author"), many=True).data)
u = BookS(b, data={"title": "U"}, partial=True)
print(u.is_valid())
print(u.save().title)
print(repr(BookS()))
print(repr(AuthorS()))
from rest_framework.renderers import JSONRenderer

print(JSONRenderer().render(AuthorS(a).data))


class H(serializers.HyperlinkedModelSerializer):
    class Meta:
        model = Book
        fields = ["title"]


print(H(b).data)
try:
    from rest_framework import viewsets

    class V(viewsets.ModelViewSet):
        queryset = Book.objects.all()
        serializer_class = BookS

    print("viewset ok")
except Exception as e:
    print(type(e), e)
