"""What a content type can do with the rows of its model. The twin is generated; import it from ``objects_blocking``."""

from __future__ import annotations

from typing import Any


class AwaitableObjectsOfType:
    """The part of ``ContentType`` that reads rows of the model it stands for."""

    def model_class(self) -> Any:
        """Return the model; None when none is declared under its name any more."""
        raise NotImplementedError("ContentType says which model it stands for.")

    def _rows_of_type(self, using: str | None) -> Any:
        model = self.model_class()
        if model is None:
            raise LookupError(f"{self} stands for a model that is not declared; import the module that declares it.")
        return model._base_manager.using(using or self._state.db)  # type: ignore[attr-defined]

    async def aget_object_for_this_type(self, using: str | None = None, **kwargs: object) -> Any:
        """Return the one row of the model that meets the conditions. Raises the model's ``DoesNotExist``."""
        return await self._rows_of_type(using).aget(**kwargs)

    def get_all_objects_for_this_type(self, using: str | None = None, **kwargs: object) -> Any:
        """Return a queryset of the model's rows that meet the conditions."""
        return self._rows_of_type(using).filter(**kwargs)
