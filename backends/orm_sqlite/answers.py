"""What programs of Django's world are told of SQLite (``connection.features``), where it is not the usual answer."""

from __future__ import annotations

from typing import Any

ANSWERS: dict[str, Any] = {
    "minimum_database_version": (3, 35),
    "allows_group_by_selected_pks": False,
    "test_now_utc_template": None,
    "can_alter_table_drop_column": True,
    "can_create_inline_fk": False,
    "can_rename_index": False,
    "has_case_insensitive_like": True,
    "ignores_table_name_case": True,
    "introspected_field_types": {
        "BigAutoField": "AutoField",
        "DurationField": "BigIntegerField",
        "GenericIPAddressField": "CharField",
        "SmallAutoField": "AutoField",
    },
    "max_query_params": 999,
    "order_by_nulls_first": True,
    "requires_literal_defaults": True,
    "supports_cast_with_precision": False,
    "supports_default_keyword_in_bulk_insert": True,
    "supports_frame_range_fixed_distance": True,
    "supports_json_field_contains": False,
    "supports_timezones": False,
    "supports_tuple_lookups": False,
    "supports_unspecified_pk": True,
    "supports_virtual_generated_columns": True,
    "test_collations": {"ci": "nocase", "cs": "binary", "non_default": "nocase", "virtual": "nocase"},
    "test_db_allows_multiple_connections": False,
    "time_cast_precision": 3,
}
