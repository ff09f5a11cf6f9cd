"""django-lifecycle: methods that run when rows are saved and deleted, under the conditions of its README."""

from start import configure, make_tables, show

configure()

from django.db import models, transaction
from django_lifecycle import (
    AFTER_CREATE,
    AFTER_DELETE,
    AFTER_SAVE,
    AFTER_UPDATE,
    BEFORE_CREATE,
    BEFORE_DELETE,
    BEFORE_SAVE,
    BEFORE_UPDATE,
    LifecycleModel,
    LifecycleModelMixin,
    hook,
)
from django_lifecycle.conditions import WhenFieldHasChanged, WhenFieldValueChangesTo, WhenFieldValueIs


class Author(models.Model):
    name = models.CharField(max_length=30)


class Article(LifecycleModelMixin, models.Model):
    contents = models.TextField()
    status = models.CharField(max_length=20, default="draft")
    author = models.ForeignKey(Author, models.CASCADE, null=True)
    saves = models.IntegerField(default=0)
    updated_at = models.CharField(max_length=20, default="never")

    @hook(BEFORE_CREATE)
    def before_create(self):
        print("before create", self.pk)

    @hook(AFTER_CREATE)
    def after_create(self):
        print("after create", self.pk is not None)

    @hook(BEFORE_UPDATE, condition=WhenFieldHasChanged("contents", has_changed=True))
    def on_content_change(self):
        print("contents", self.initial_value("contents"), "->", self.contents)
        self.updated_at = "now"

    @hook(AFTER_UPDATE, when="status", was="draft", is_now="published")
    def on_publish(self):
        print("published")

    @hook(BEFORE_SAVE, priority=1)
    def count(self):
        self.saves += 1

    @hook(AFTER_SAVE, condition=WhenFieldValueIs("status", "archived") & WhenFieldValueChangesTo("status", "archived"))
    def on_archive(self):
        print("archived")

    @hook(AFTER_UPDATE, when="author.name", has_changed=True)
    def on_author_name(self):
        print("author's name changed")

    @hook(AFTER_UPDATE, when_any=["contents", "status"], has_changed=True, on_commit=True)
    def committed(self):
        print("committed")

    @hook(BEFORE_DELETE)
    def before_delete(self):
        print("before delete", self.pk)

    @hook(AFTER_DELETE)
    def after_delete(self):
        print("after delete", self.pk)


class Plain(LifecycleModel):
    n = models.IntegerField()

    @hook(BEFORE_SAVE, when="n", is_not=1)
    def not_one(self):
        print("n is not one:", self.n)


make_tables()

author = Author.objects.create(name="Ada")
article = Article.objects.create(contents="a", author=author)
print(article.has_changed("contents"), article.initial_value("contents"), article.saves)
article.contents = "b"
print(article.has_changed("contents"), article.initial_value("contents"))
article.save()
article.status = "published"
with transaction.atomic():
    article.save()
    print("inside")
article.status = "archived"
article.save(update_fields=["status", "saves"])
article.save(skip_hooks=True)
again = Article.objects.select_related("author").get()
again.author.name = "Grace"
again.save()
print(again.has_changed("author.name"))
again.refresh_from_db()
print(again.contents, again.has_changed("status"))
late = Article.objects.only("pk").get()
late.status = "draft"
late.save()
print(Article.objects.get_or_create(contents="b")[1], Article.objects.update_or_create(pk=1, defaults={"contents": "c"})[1])
Plain.objects.create(n=1)
Plain.objects.create(n=2)
show(Article, Plain)
print(article.delete())
print(Article.objects.all().delete())
