"""Whole histories, forwards and backwards, as Django writes them: what one operation leaves for a later one to mend."""

from __future__ import annotations

from typing import Any

import orm
from orm import migrations, models
from orm.migrations.migration_blocking import Migration
from orm.migrations.state import ProjectState
from tests.conftest import Run
from tests.migrations.looking import Look


def key() -> tuple[str, Any]:
    return ("id", models.BigAutoField(primary_key=True))


class History:
    """Migrations that are run one after the other, each made of some operations."""

    def __init__(self, *first: Any) -> None:
        self.state = ProjectState()
        self.done: list[tuple[Any, ProjectState]] = []
        self.run(*first)

    def run(self, *operations: Any) -> None:
        migration = type("Migration", (Migration,), {"operations": operations})(f"{len(self.done) + 1:04}", "mt")
        self.done.append((migration, self.state.clone()))
        with orm.schema_editor() as editor:
            self.state = migration.apply(self.state, editor)

    def take_back(self) -> None:
        migration, before = self.done.pop()
        with orm.schema_editor() as editor:
            migration.unapply(before, editor)
        self.state = before

    def model(self, name: str) -> Any:
        return self.state.apps.get_model("mt", name)


def names(database: Run, table: str) -> list[str]:
    return sorted(column.name for column in Look(database).columns(table))


def test_a_join_table_has_its_column_back_when_a_rename_is_taken_back(database: Run) -> None:
    to_author = models.ManyToManyField("mt.Author", related_name="+")
    history = History(
        migrations.CreateModel("Author", [key()]), migrations.CreateModel("Book", [key(), ("authors", to_author)])
    )
    history.model("Book").objects.create().authors.add(history.model("Author").objects.create())
    history.run(migrations.RenameModel("Author", "Writer"))
    assert names(database, "mt_book_authors") == ["book_id", "id", "writer_id"]
    history.take_back()
    assert names(database, "mt_book_authors") == ["author_id", "book_id", "id"]
    assert [book.authors.count() for book in history.model("Book").objects.all()] == [1]


def test_a_column_that_refers_to_its_own_table_follows_the_type_of_the_key(database: Run) -> None:
    parent = models.ForeignKey("self", models.CASCADE, null=True)
    number = models.IntegerField(primary_key=True)
    history = History(migrations.CreateModel("Part", [("id", number), ("parent", parent)]))
    part = history.model("Part")
    part.objects.create(id=2, parent=part.objects.create(id=1))
    history.run(migrations.AlterField("Part", "id", models.CharField(max_length=9, primary_key=True)))
    types = {column.name: column.type for column in Look(database).columns("mt_part")}
    assert types["parent_id"] == types["id"]
    assert list(history.model("Part").objects.order_by("id").values_list("id", "parent")) == [("1", None), ("2", "1")]
    history.take_back()
    assert list(history.model("Part").objects.order_by("id").values_list("id", "parent")) == [(1, None), (2, 1)]


def test_what_refers_to_a_model_may_be_repointed_after_that_is_deleted(database: Run) -> None:
    """Django's detector waits for foreign keys only, so many-to-many fields and bases come later in its files."""
    history = History(
        migrations.CreateModel("Author", [key()]),
        migrations.CreateModel("Book", [key(), ("people", models.ManyToManyField("mt.Author", related_name="+"))]),
        migrations.CreateModel("Star", [], options={"proxy": True}, bases=("mt.author",)),
    )
    book = models.ForeignKey("mt.Book", models.CASCADE, null=True, related_name="+")
    history.run(
        migrations.CreateModel("Writer", [key(), ("book", book)]),
        migrations.DeleteModel("Author"),
        migrations.AddIndex("writer", models.Index(fields=["book"], name="mt_writer_book")),
    )
    history.state.reload_models(list(history.state.models))  # as in a process that begins here
    history.run(migrations.AlterField("Book", "people", models.ManyToManyField("mt.Writer", related_name="+")))
    assert names(database, "mt_book_people") == ["book_id", "id", "writer_id"]
    history.run(migrations.DeleteModel("Star"))
    history.model("Book").objects.create().people.add(history.model("Writer").objects.create())
    assert "author" not in history.state.apps.all_models["mt"]


def test_a_column_that_may_be_null_comes_with_the_moment_it_is_added(database: Run) -> None:
    history = History(migrations.CreateModel("Thing", [key()]))
    history.model("Thing").objects.create()
    made = models.DateTimeField(auto_now_add=True, null=True, db_index=True)
    history.run(migrations.AddField("Thing", "made", made))
    assert history.model("Thing").objects.get().made is not None
    [column] = [column for column in Look(database).columns("mt_thing") if column.name == "made"]
    assert column.default is None


def test_a_link_to_the_parent_goes_and_comes_with_its_model(database: Run) -> None:
    """Django's files remove it by itself before they delete the model, whose bases bring it all the same."""
    link = models.OneToOneField("mt.Place", models.CASCADE, parent_link=True, primary_key=True, auto_created=True)
    history = History(
        migrations.CreateModel("Place", [key()]),
        migrations.CreateModel("Bar", [("place_ptr", link), ("beer", models.TextField())], bases=("mt.place",)),
    )
    history.run(migrations.RemoveField("Bar", "place_ptr"), migrations.DeleteModel("Bar"))
    history.take_back()
    assert names(database, "mt_bar") == ["beer", "place_ptr_id"]
    history.model("Bar").objects.create(beer="pale")


def test_two_constraints_that_say_the_same_are_two(database: Run) -> None:
    """A server makes one of them where they stand in one CREATE TABLE, and the other can't be removed then."""
    named = models.UniqueConstraint(fields=["a", "b"], name="mt_named")
    fields = [key(), ("a", models.IntegerField()), ("b", models.IntegerField(unique=True))]
    single = models.UniqueConstraint(fields=["b"], name="mt_single")
    rules = {"unique_together": {("a", "b")}, "constraints": [named, single]}
    history = History(migrations.CreateModel("Pair", fields, rules))
    history.run(migrations.RemoveConstraint("Pair", "mt_named"), migrations.RemoveConstraint("Pair", "mt_single"))
    history.run(migrations.AddConstraint("Pair", named))
    history.run(migrations.AlterUniqueTogether("Pair", set()))
    assert "mt_named" in Look(database).constraints("mt_pair")
