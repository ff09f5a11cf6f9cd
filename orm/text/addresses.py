"""IPv6 addresses in one spelling."""

from __future__ import annotations

import ipaddress

from orm.errors import ValidationError

MAX_IPV6_ADDRESS_LENGTH = 39


def clean_ipv6_address(
    ip_str: str,
    unpack_ipv4: bool = False,
    error_message: object = "This is not a valid IPv6 address.",
    max_length: int = MAX_IPV6_ADDRESS_LENGTH,
) -> str:
    """Return an address in lower case and compressed; one that holds an IPv4 address shows it (``unpack_ipv4``: is it).

    Raises ``ValidationError`` for what is no address.
    """
    try:
        if len(ip_str) > max_length:
            raise ValueError
        address = ipaddress.IPv6Address(ip_str)
    except ValueError as error:
        raise ValidationError(error_message, code="invalid", params={"protocol": "IPv6"}) from error
    if address.ipv4_mapped is None:
        return str(address)
    return str(address.ipv4_mapped) if unpack_ipv4 else f"::ffff:{address.ipv4_mapped}"


def is_valid_ipv6_address(ip_addr: object) -> bool:
    """Return whether a value is an IPv6 address."""
    if isinstance(ip_addr, ipaddress.IPv6Address):
        return True
    try:
        ipaddress.IPv6Address(ip_addr)
    except (ValueError, TypeError):
        return False
    return True
