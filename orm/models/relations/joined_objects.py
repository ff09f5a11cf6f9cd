"""The managers of a many-to-many relation whose join model refers to either side by several columns (ForeignObject).

They read. What is refused: relating rows. One column of the join model may belong to both sides, and only the program
knows its value then, so it makes the join model's rows itself.
"""

from __future__ import annotations

from typing import Any, NoReturn

from orm.models.relations.many_blocking import ManyRelatedManager


class JoinedObjectsManager(ManyRelatedManager[Any]):
    """The rows on the other side of a many-to-many relation of one instance, joined by several columns."""

    def _key_of_instance(self, foreign_key: Any) -> Any:
        return foreign_key.target_values_of(self.instance)

    def _narrowed(self, rows: Any = None) -> Any:
        near, back = self.link.near, self.link.far.remote_field.name
        names = [f"{back}__{own.attname}" for own in near.local_related_fields]
        related = self._every_row() if rows is None else rows
        return related.filter(near.condition([self._key_of_instance(near)], names))

    def _refuse(self) -> NoReturn:
        raise NotImplementedError(
            f"{self._name} of {type(self.instance).__name__} goes through {self.through.__name__}, which refers by "
            f"several columns: make and delete rows of {self.through.__name__} itself."
        )

    async def _join(self, objs: object, defaults: object) -> None:
        self._refuse()

    def _joins(self) -> Any:
        self._refuse()

    def _key_of(self, obj: object) -> Any:
        self._refuse()
