"""What waits for what: the order of detected operations, and the dependencies of migrations of several apps."""

from __future__ import annotations

from typing import Any

from orm import models
from orm.migrations.autodetector import MigrationAutodetector
from orm.migrations.graph import MigrationGraph
from orm.migrations.model_state import ModelState
from orm.migrations.questioner import MigrationQuestioner
from orm.migrations.state import ProjectState
from orm.models.relations.resolve import SettingsReference

APPS = ("press", "shop", "town")


def model(label: str, options: dict[str, Any] | None = None, **fields: Any) -> ModelState:
    app, name = label.split(".")
    return ModelState(app, name, [("id", models.BigAutoField(primary_key=True)), *fields.items()], options or {})


def key_to(label: str, **options: Any) -> models.ForeignKey:
    return models.ForeignKey(label, models.CASCADE, **options)


def detected(before: list[ModelState], after: list[ModelState]) -> dict[str, list[str]]:
    """The operations of each migration, by app and name, with the migrations of this run that they come after."""
    old, new = ProjectState(), ProjectState()
    for state, many in ((old, before), (new, after)):
        for one in many:
            state.add_model(one)
    graph = MigrationGraph()
    for app in APPS:
        graph.add_node((app, "0001_initial"), None)
    found = MigrationAutodetector(
        old, new, MigrationQuestioner({"ask_rename": True, "ask_rename_model": True})
    ).changes(graph)
    return {
        f"{app}.{one.name}": [f"after {'.'.join(need)}" for need in sorted(one.dependencies) if need[0] != app]
        + [operation.describe() for operation in one.operations]
        for app, many in found.items()
        for one in many
    }


def test_a_renamed_model_waits_for_what_referred_to_it_by_its_old_name() -> None:
    before = [model("shop.Book"), model("press.Page", book=key_to("shop.Book"))]
    after = [model("shop.Title"), model("press.Page", book=key_to("shop.Title"))]
    assert detected(before, after) == {
        "shop.0002_rename_book_title": ["after press.0001_initial", "Rename model Book to Title"]
    }


def test_a_reference_to_a_models_new_name_waits_for_its_rename() -> None:
    before = [model("shop.Book"), model("press.Page", book=key_to("shop.Book"))]
    more = key_to("shop.Title", null=True, related_name="+")
    after = [model("shop.Title"), model("press.Page", book=key_to("shop.Title"), more=more)]
    assert detected(before, after) == {
        "shop.0002_rename_book_title": ["after press.0001_initial", "Rename model Book to Title"],
        "press.0002_page_more": ["after shop.0002_rename_book_title", "Add field more to page"],
    }


def test_a_child_of_a_renamed_model_is_created_after_the_rename() -> None:
    link = models.OneToOneField("shop.Title", models.CASCADE, parent_link=True, primary_key=True)
    child = ModelState("shop", "Comic", [("title_ptr", link)], bases=("shop.title",))
    assert detected([model("shop.Book")], [model("shop.Title"), child]) == {
        "shop.0002_rename_book_title_comic": ["Rename model Book to Title", "Create model Comic"]
    }


def test_models_that_refer_to_each_other_can_both_be_renamed() -> None:
    before = [model("shop.Book", page=key_to("press.Page")), model("press.Page", book=key_to("shop.Book"))]
    after = [model("shop.Title", page=key_to("press.Leaf")), model("press.Leaf", book=key_to("shop.Title"))]
    assert detected(before, after) == {
        "press.0002_rename_page_leaf": ["after shop.0001_initial", "Rename model Page to Leaf"],
        "shop.0002_rename_book_title": ["after press.0002_rename_page_leaf", "Rename model Book to Title"],
    }


def test_a_rule_waits_for_all_models_that_its_model_refers_to() -> None:
    index = {"indexes": [models.Index(fields=["pages"], name="by_pages")]}
    fields = {"pages": models.IntegerField(), "town": key_to("town.Town")}
    before = [model("shop.Book", **fields), model("town.Town")]
    after = [model("shop.Book", index, **fields), model("town.Town", size=models.IntegerField(null=True))]
    assert detected(before, after) == {
        "town.0002_town_size": ["Add field size to town"],
        "shop.0002_book_by_pages": [
            "after town.0002_town_size",
            "Create index by_pages on field(s) pages of model book",
        ],
    }


def test_a_field_goes_right_after_its_index() -> None:
    index = {"indexes": [models.Index(fields=["pages"], name="by_pages")]}
    before = [model("shop.Book", index, pages=models.IntegerField()), model("shop.Shelf")]
    after = [model("shop.Book"), model("shop.Shelf", width=models.IntegerField(null=True))]
    assert detected(before, after) == {
        "shop.0002_remove_book_by_pages_remove_book_pages_shelf_width": [
            "Remove index by_pages from book",
            "Remove field pages from book",
            "Add field width to shelf",
        ]
    }


def test_a_key_that_the_database_makes_needs_no_value_and_comes_after_the_old_key_is_none() -> None:
    before = ModelState("shop", "Book", [("isbn", models.CharField(max_length=9, primary_key=True))])
    after = model("shop.Book", isbn=models.CharField(max_length=9))
    assert detected([before], [after]) == {
        "shop.0002_alter_book_isbn_book_id": ["Alter field isbn on book", "Add field id to book"]
    }


def test_another_field_becomes_the_key_after_the_old_key_is_none() -> None:
    def book(key: str) -> ModelState:
        fields = [(name, models.CharField(max_length=9, primary_key=name == key)) for name in ("code", "isbn")]
        return ModelState("shop", "Book", fields)

    assert detected([book("isbn")], [book("code")]) == {
        "shop.0002_alter_book_isbn_alter_book_code": ["Alter field isbn on book", "Alter field code on book"]
    }


def test_a_key_to_the_user_model_becomes_one_to_a_renamed_model() -> None:
    user = key_to(SettingsReference("auth.User", "AUTH_USER_MODEL"))
    before = [model("auth.User"), model("shop.Shop"), model("shop.Book", owner=user)]
    after = [model("auth.User"), model("shop.Store"), model("shop.Book", owner=key_to("shop.Store"))]
    assert detected(before, after) == {
        "shop.0002_rename_shop_store_alter_book_owner": ["Rename model Shop to Store", "Alter field owner on book"]
    }


def test_the_base_of_a_proxy_that_goes_too_goes_after_it() -> None:
    proxy = ModelState("press", "Ad", [], {"proxy": True}, bases=("shop.book",))
    assert detected([model("shop.Book"), proxy], []) == {
        "press.0002_delete_ad": ["Delete model Ad"],
        "shop.0002_delete_book": ["after press.0002_delete_ad", "Delete model Book"],
    }
