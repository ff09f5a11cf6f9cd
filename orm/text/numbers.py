"""Numbers in text, with a separator for thousands and one for decimals."""

from __future__ import annotations

from decimal import Decimal


def format(
    number: object,
    decimal_sep: str,
    decimal_pos: int | None = None,
    grouping: int | tuple[int, ...] = 0,
    thousand_sep: str = "",
    force_grouping: bool = False,
    use_l10n: bool | None = None,
) -> str:
    """Return a number as text.

    Parameters: ``decimal_pos`` is the number of decimals, cut, not rounded; ``grouping`` the size of groups of digits,
    from the right, or a tuple of sizes; groups are made where ``force_grouping`` says so.
    """
    if number is None or number == "":
        return ""
    text = str(number)
    if isinstance(number, (Decimal, float)) and "e" in text.lower():
        text = f"{Decimal(text):f}"
    sign = "-" if text.startswith("-") else ""
    whole, _, decimals = text.removeprefix("-").partition(".")
    if decimal_pos is not None:
        decimals = decimals[:decimal_pos].ljust(decimal_pos, "0")
    if grouping and (force_grouping or use_l10n):
        whole = thousand_sep.join(_groups(whole, (grouping,) if isinstance(grouping, int) else grouping))
    return sign + whole + (decimal_sep + decimals if decimals else "")


def _groups(digits: str, sizes: tuple[int, ...]) -> list[str]:
    parts: list[str] = []
    remaining, position = digits, 0
    while remaining:
        size = sizes[min(position, len(sizes) - 1)]
        if size == 0 and position:
            size = sizes[position - 1]
        parts.insert(0, remaining[-size:] if size > 0 else remaining)
        remaining, position = (remaining[:-size] if size > 0 else ""), position + 1
    return parts
