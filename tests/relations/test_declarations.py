"""Declaring relations: what they come to, and what is refused. No database."""

from __future__ import annotations

from typing import Any

import pytest

from orm import models
from orm.errors import FieldDoesNotExist, ImproperlyConfigured
from orm.models.apps import Apps
from tests.relations.models import Author, Book, Copy, Profile, Tag, Translation


def meta(**options: object) -> type:
    """A Meta whose model is in a registry of its own, so that tests can reuse names."""
    return type("Meta", (), {"app_label": "scratch", "apps": Apps(), **options})


def shared(registry: Apps) -> type:
    return type("Meta", (), {"app_label": "scratch", "apps": registry})


def hops(relation: object) -> list[tuple[str, str, str, bool, bool]]:
    return [
        (hop.model.__name__, hop.lhs.name, hop.rhs.name, hop.many, hop.optional)
        for hop in relation.hops  # type: ignore[attr-defined]
    ]


def test_a_foreign_key_is_one_hop() -> None:
    assert hops(Book._meta.get_field("author")) == [("Author", "author", "id", False, False)]
    assert hops(Book._meta.get_field("editor")) == [("Author", "editor", "id", False, True)]


def test_to_field_is_where_the_hop_leads() -> None:
    field = Author._meta.get_field("country")
    assert hops(field) == [("Country", "country", "code", False, True)]
    assert field.kind == "char"
    assert field.max_length == 2
    assert field.attname == field.column == "country_id"


def test_the_reverse_of_a_foreign_key_is_one_hop_to_many() -> None:
    assert hops(Author._meta.get_field("books")) == [("Book", "id", "author", True, True)]


def test_the_reverse_of_a_one_to_one_is_one_hop_to_one() -> None:
    assert hops(Author._meta.get_field("profile")) == [("Profile", "id", "author", False, True)]


def test_many_to_many_is_two_hops_either_way() -> None:
    assert hops(Book._meta.get_field("tags")) == [
        ("Book_tags", "id", "book", True, True),
        ("Tag", "tag", "id", False, False),
    ]
    assert hops(Tag._meta.get_field("books")) == [
        ("Book_tags", "id", "tag", True, True),
        ("Book", "book", "id", False, False),
    ]


def test_a_relation_to_self_goes_from_one_key_to_the_other() -> None:
    assert hops(Author._meta.get_field("follows")) == [
        ("Author_follows", "id", "from_author", True, True),
        ("Author", "to_author", "id", False, False),
    ]
    assert hops(Author._meta.get_field("followers"))[0][2] == "to_author"


def test_a_through_model_gives_its_foreign_keys() -> None:
    field = Book._meta.get_field("translators")
    assert field.through is Translation is Book.translators.through
    assert (field.m2m_field_name(), field.m2m_reverse_field_name()) == ("book", "translator")


def test_the_join_model() -> None:
    through = Book.tags.through
    assert through.__name__ == "Book_tags"
    assert through._meta.db_table == "relations_book_tags"
    assert through._meta.auto_created is Book
    assert through._meta.unique_together == (("book", "tag"),)


def test_names_in_queries() -> None:
    assert {"author", "author_id", "editor", "tags", "loan", "translations"} <= set(Book._meta.names)
    assert {"books", "edited", "pupils", "profile", "translated", "followers"} <= set(Author._meta.names)


def test_hidden_relations_have_no_accessor() -> None:
    hidden = Translation._meta.get_field("translator").remote_field
    assert hidden.hidden
    assert hidden.get_accessor_name() is None
    assert hidden.name.endswith("+")
    assert Author._meta.get_field("friends").remote_field.hidden


def test_relations_say_what_the_other_side_is_called() -> None:
    assert Copy._meta.get_field("shelf").remote_field.get_accessor_name() == "copy_set"
    assert Profile._meta.get_field("author").remote_field.get_accessor_name() == "profile"
    assert Author.books.field is Book._meta.get_field("author")


def test_managers_are_not_on_instances() -> None:
    with pytest.raises(AttributeError, match=r"isn't accessible via Author instances: .* Author\.objects"):
        _ = Author(name="x").objects


def test_managers_of_abstract_models_say_what_to_do() -> None:
    class Base(models.Model):
        Meta = meta(abstract=True)
        objects = models.Manager()

    with pytest.raises(AttributeError, match="Base is abstract"):
        _ = Base.objects


def test_abstract_models_hand_relations_down() -> None:
    registry = Apps()

    class Person(models.Model):
        Meta = shared(registry)

    class Owned(models.Model):
        owner = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="%(class)s_owned+")
        peers = models.ManyToManyField("self")

        class Meta:
            abstract = True
            app_label = "scratch"
            apps = registry

    class House(Owned):
        Meta = shared(registry)

    class Boat(Owned):
        Meta = shared(registry)

    assert House._meta.get_field("owner").related_model is Person
    assert House._meta.get_field("owner") is not Boat._meta.get_field("owner")
    assert Boat._meta.get_field("peers").related_model is Boat
    assert Boat.peers.through.__name__ == "Boat_peers"
    assert House._meta.get_field("owner").remote_field.related_name == "house_owned+"


def test_strings_are_resolved_when_the_model_comes() -> None:
    registry = Apps()

    class Early(models.Model):
        Meta = shared(registry)
        late = models.ForeignKey("Late", on_delete=models.CASCADE)
        others = models.ManyToManyField("scratch.Late", related_name="+")

    with pytest.raises(ImproperlyConfigured, match=r"scratch\.Early\.late refers to 'Late'.*Import the module"):
        _ = Early._meta.get_field("late").related_model

    class Late(models.Model):
        Meta = shared(registry)

    assert Early._meta.get_field("late").related_model is Late
    assert Early._meta.get_field("others").related_model is Late
    assert Late._meta.get_field("early").related_model is Early


def test_on_delete_is_asked_for() -> None:
    with pytest.raises(TypeError, match=r"ForeignKey\(relations\.Author\): on_delete is required.*CASCADE"):
        models.ForeignKey(Author)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="on_delete can't be 'CASCADE'"):
        models.ForeignKey(Author, "CASCADE")  # type: ignore[call-overload]


def test_rules_must_fit_their_field() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"scratch\.A\.b has on_delete=SET_NULL, so it needs null=True"):
        type(
            "A",
            (models.Model,),
            {"__module__": __name__, "Meta": meta(), "b": models.ForeignKey(Author, models.SET_NULL)},
        )
    with pytest.raises(ImproperlyConfigured, match="needs a default"):
        type(
            "A",
            (models.Model,),
            {"__module__": __name__, "Meta": meta(), "b": models.ForeignKey(Author, models.SET_DEFAULT, "+")},
        )


def test_to_field_must_be_unique_and_there() -> None:
    with pytest.raises(ImproperlyConfigured, match="must name a unique field"):
        type(
            "A",
            (models.Model,),
            {
                "__module__": __name__,
                "Meta": meta(),
                "b": models.ForeignKey(Author, models.CASCADE, "+", to_field="name"),
            },
        )
    with pytest.raises(ImproperlyConfigured, match=r"to_field='nam'.*name"):
        type(
            "A",
            (models.Model,),
            {
                "__module__": __name__,
                "Meta": meta(),
                "b": models.ForeignKey(Author, models.CASCADE, "+", to_field="nam"),
            },
        )


def test_two_relations_of_one_reverse_name_are_refused() -> None:
    registry = Apps()

    class Person(models.Model):
        Meta = shared(registry)

    with pytest.raises(ImproperlyConfigured, match=r"scratch\.Match\.away would be Person\.match_set.*related_name"):

        class Match(models.Model):
            Meta = shared(registry)
            home = models.ForeignKey(Person, on_delete=models.CASCADE)
            away = models.ForeignKey(Person, on_delete=models.CASCADE)


def test_a_reverse_query_name_may_not_hide_a_field() -> None:
    registry = Apps()

    class Team(models.Model):
        Meta = shared(registry)
        game = models.IntegerField()

    with pytest.raises(ImproperlyConfigured, match="'game' in queries on Team, which has a field of that name"):

        class Game(models.Model):
            Meta = shared(registry)
            team = models.ForeignKey(Team, on_delete=models.CASCADE)


def test_a_through_model_must_be_clear() -> None:
    registry = Apps()

    class Person(models.Model):
        Meta = shared(registry)

    class Club(models.Model):
        Meta = shared(registry)
        members = models.ManyToManyField(Person, through="Membership")
        chosen = models.ManyToManyField(
            Person, through="Membership", through_fields=("club", "inviter"), related_name="+"
        )

    class Membership(models.Model):
        Meta = shared(registry)
        club = models.ForeignKey(Club, on_delete=models.CASCADE)
        person = models.ForeignKey(Person, on_delete=models.CASCADE)
        inviter = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="+")

    with pytest.raises(ImproperlyConfigured, match=r"1 foreign keys to Club and 2 to Person.*through_fields"):
        _ = Club._meta.get_field("members").hops
    assert Club._meta.get_field("chosen").target_foreign_key.name == "inviter"


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda: models.ManyToManyField(Author, through_fields=("a", "b")), "through_fields needs through="),
        (lambda: models.ManyToManyField(Author, through="T", db_table="t"), "Cannot specify a db_table"),
    ],
)
def test_contradicting_options_are_refused(make: object, match: str) -> None:
    with pytest.raises(ValueError, match=match):
        make()  # type: ignore[operator]


def test_a_relation_to_another_model_is_not_symmetrical() -> None:
    with pytest.raises(ImproperlyConfigured, match='only a relation to "self"'):
        models.ManyToManyField(Author, symmetrical=True)


@pytest.mark.parametrize("to", [42, int, None])
@pytest.mark.parametrize("field", [models.ForeignKey, models.OneToOneField])
def test_targets_that_are_no_models_are_refused(field: Any, to: object) -> None:
    with pytest.raises(TypeError, match=f"First parameter to {field.__name__} must be either a model, a model name"):
        field(to, on_delete=models.CASCADE)


@pytest.mark.parametrize("to", ["two words", ".X"])
def test_targets_that_name_no_model_are_refused(to: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="refers to"):
        type(
            "A",
            (models.Model,),
            {"__module__": __name__, "Meta": meta(), "b": models.ForeignKey(to, on_delete=models.CASCADE)},
        )


@pytest.mark.parametrize("name", ["two words", "a__b", "tail_"])
def test_reverse_names_must_be_words(name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="related_name"):
        type(
            "A",
            (models.Model,),
            {"__module__": __name__, "Meta": meta(), "b": models.ForeignKey(Author, models.CASCADE, name)},
        )


def test_deconstruct_and_clone() -> None:
    name, path, args, options = Author._meta.get_field("country").deconstruct()
    assert (name, args) == ("country", [])
    assert path.endswith("ForeignKey")
    assert options == {
        "to": "relations.country",
        "on_delete": models.SET_NULL,
        "null": True,
        "to_field": "code",
        "related_name": "authors",
    }
    options = Book._meta.get_field("translators").deconstruct()[3]
    assert options == {"to": "relations.author", "through": "relations.Translation", "related_name": "translated"}


def test_assignment_keeps_key_and_instance_in_step() -> None:
    ada = Author(id=1, name="Ada")
    book = Book(title="Notes", author=ada)
    assert book.author_id == 1
    assert book.author is ada
    book.editor = None
    assert book.editor is None
    assert book.editor_id is None
    with pytest.raises(ValueError, match='Cannot assign "1": "Book.author" must be a "Author" instance. Raw keys'):
        book.author = 1  # type: ignore[assignment]


def test_a_missing_required_relation_says_so() -> None:
    with pytest.raises(Author.DoesNotExist, match="Book has no author"):
        _ = Book().author
    assert not hasattr(Book(), "author")


def test_an_instance_assigned_before_it_was_saved_stays() -> None:
    ada = Author(name="Ada")
    book = Book(author=ada)
    assert book.author is ada
    assert book.author_id is None
    ada.id = 7
    assert book.author is ada
    assert Book._meta.get_field("author").pre_save(book, True) == 7


def test_one_to_one_keeps_both_ends_in_step() -> None:
    ada = Author(id=1, name="Ada")
    profile = Profile(author=ada)
    assert ada.profile is profile
    profile.author = Author(id=2)
    assert "profile" not in ada.__dict__


def test_relations_to_many_can_not_be_assigned() -> None:
    with pytest.raises(TypeError, match=r"reverse side of a related set is prohibited\. Use books\.set"):
        Author(id=1).books = []
    with pytest.raises(TypeError, match="Direct assignment to the forward side of a many-to-many set"):
        Book(id=1).tags = []  # type: ignore[assignment]


def test_relations_of_unsaved_instances_are_refused() -> None:
    with pytest.raises(ValueError, match="has no id yet, so it has no books; save it first"):
        Author(name="x").books.all()


def test_related_managers_have_the_custom_methods() -> None:
    assert "cheap" in dir(Author(id=1).books)
    with pytest.raises(AttributeError, match="Author has no manager 'dead'; it has objects, alive"):
        Author(id=1).pupils(manager="dead")


def test_unknown_names() -> None:
    with pytest.raises(FieldDoesNotExist, match="Did you mean 'author'"):
        Book._meta.get_field("autor")


def test_keys_of_the_wrong_type_name_the_relation() -> None:
    field = Book._meta.get_field("author")
    with pytest.raises(ValueError, match=r"^relations\.Book\.author: .*'x'"):
        field.get_prep_value("x")
    with pytest.raises(ValueError, match=r"relations\.Book\.author compares with Author instances, got"):
        field.get_prep_value(Tag(id=1))
    with pytest.raises(ValueError, match="save it first"):
        field.get_prep_value(Author())
    assert field.get_prep_value("7") == 7
    assert field.get_prep_value(Author(id=8)) == 8


def test_a_join_model_is_there_before_the_other_model_is() -> None:
    registry = Apps()
    poll: Any = type(
        "Poll",
        (models.Model,),
        {"__module__": __name__, "Meta": shared(registry), "places": models.ManyToManyField("Place")},
    )
    through = poll.places.through
    assert [field.name for field in through._meta.local_fields] == ["id", "poll", "place"]
    place: Any = type("Place", (models.Model,), {"__module__": __name__, "Meta": shared(registry)})
    assert poll.places.through is through
    assert through._meta.get_field("place").related_model is place
    assert place.poll_set.through is through
