"""The models of a point in history as classes."""

from __future__ import annotations

from orm.migrations.state import ProjectState
from tests.query.models import Book


def test_models_of_applications_without_migrations_have_their_relations_in_the_end() -> None:
    state = ProjectState(real_apps={Book._meta.app_label})
    whole = state.whole_apps().get_model(Book._meta.label)
    assert whole is not Book
    assert whole._meta.get_field("author").related_model is whole._meta.apps.get_model("query.Author")
    parts = {field.name for field in state.apps.get_model(Book._meta.label)._meta.fields}
    assert "author" not in parts, "while there may be models that are not there"
