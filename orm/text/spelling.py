"""What may have been meant by a wrong name: the choices that are spelled much like it, and sentences that say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from orm.late import difflib


def similar(name: str, choices: Iterable[str], most: int = 3, cutoff: float = 0.6) -> list[str]:
    """Return the choices that are spelled much like a wrong name, the most similar first.

    Parameters: ``most`` is how many at the most, ``cutoff`` how similar they have to be, from 0 (not at all) to 1.
    """
    found: list[str] = difflib.get_close_matches(name, list(choices), n=most, cutoff=cutoff)
    return found


def did_you_mean(name: str, choices: Iterable[str], most: int = 3) -> str:
    """Return a sentence, with a space before it, that proposes similar names; nothing where there is none."""
    found = similar(name, choices, most)
    return f" Did you mean {' or '.join(map(repr, found))}?" if found else ""


def did_you_mean_of(name: str, choices: Sequence[str]) -> str:
    """Return a sentence that proposes similar names, where there are any, and one with all choices.

    Relations without a name of their own, which end in ``+``, are nobody's choice.
    """
    choices = [choice for choice in choices if not choice.endswith("+")]
    return f"{did_you_mean(name, choices)} Choices are: {', '.join(sorted(choices))}"


def did_you_mean_or_known(name: str, choices: Iterable[str], cutoff: float = 0.5) -> str:
    """Finish a sentence about an unknown setting with the similar names, or with all where there is none."""
    choices = sorted(choices)
    found = similar(name, choices, cutoff=cutoff)
    return f". Did you mean {' or '.join(found)}?" if found else f". Known: {', '.join(choices)}."
