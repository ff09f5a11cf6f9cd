"""What programs of Django's world are told of PostgreSQL (``connection.features``), where that is not usual."""

from __future__ import annotations

from typing import Any

ANSWERS: dict[str, Any] = {
    "minimum_database_version": (12,),
    "can_introspect_materialized_views": True,
    "test_now_utc_template": "STATEMENT_TIMESTAMP() AT TIME ZONE 'UTC'",
    "greatest_least_ignores_nulls": True,
    "has_json_operators": True,
    "has_native_duration_field": True,
    "has_native_json_field": True,
    "has_native_uuid_field": True,
    "has_real_datatype": True,
    "has_select_for_no_key_update": True,
    "has_select_for_update_nowait": True,
    "has_select_for_update_of": True,
    "has_select_for_update_skip_locked": True,
    "json_key_contains_list_matching_requires_list": True,
    "max_query_params": None,
    "only_supports_unbounded_with_preceding_and_following": True,
    "requires_casted_case_in_updates": True,
    "schema_editor_uses_clientside_param_binding": True,
    "supported_explain_formats": {"JSON", "TEXT", "XML", "YAML"},
    "supports_combined_alters": True,
    "supports_comments": True,
    "supports_default_keyword_in_bulk_insert": True,
    "supports_default_keyword_in_insert": True,
    "supports_forward_references": True,
    "introspected_field_types": {
        "PositiveBigIntegerField": "BigIntegerField",
        "PositiveIntegerField": "IntegerField",
        "PositiveSmallIntegerField": "SmallIntegerField",
    },
    "test_collations": {
        "deterministic": "C",
        "non_default": "sv-x-icu",
        "swedish_ci": "sv-x-icu",
        "virtual": "sv-x-icu",
    },
}
