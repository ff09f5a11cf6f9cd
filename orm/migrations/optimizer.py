"""Makes a list of operations shorter: what two come to takes their place, if all between them let it."""

from __future__ import annotations

from typing import Any


class MigrationOptimizer:
    """Reduces operations until nothing changes any more."""

    def optimize(self, operations: list[Any], app_label: str) -> list[Any]:
        """A list with the same effect, shorter where it can be.

        Raises ``TypeError`` without an app label.
        """
        if app_label is None:
            raise TypeError("app_label must be a str.")
        self._iterations = 0
        while True:
            result = self.optimize_inner(operations, app_label)
            self._iterations += 1
            if result == operations:
                return result
            operations = result

    def optimize_inner(self, operations: list[Any], app_label: str) -> list[Any]:
        """One round."""
        done: list[Any] = []
        for place, operation in enumerate(operations):
            free = True  # whether this one can move right, past all it has been compared with
            for offset, other in enumerate(operations[place + 1 :]):
                result = operation.reduce(other, app_label)
                if isinstance(result, list):
                    between = operations[place + 1 : place + offset + 1]
                    if free:
                        done += [*between, *result]
                    elif all(one.reduce(other, app_label) is True for one in between):
                        done += [*result, *between]  # the other one moves left
                    else:
                        done.append(operation)
                        break
                    done += operations[place + offset + 2 :]
                    return done
                if not result:
                    free = False
            else:
                done.append(operation)
        return done
