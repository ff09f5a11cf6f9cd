"""``connection.features``: what a database can do, in Django's words.

Where Duotone asks the same of a database, the dialect's capability answers. Where it does not, the answer is the one
Django documents or gives for any of its databases (``USUAL``), unless the dialect says otherwise (``answers``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from orm.sql.capabilities import Capabilities

CAPABILITIES = {
    "atomic_transactions": "ends_at_errors",
    "allows_group_by_selected_pks": "group_by_primary_key",
    "can_distinct_on_fields": "distinct_on",
    "can_return_columns_from_insert": "returning",
    "can_return_rows_from_bulk_insert": "returning",
    "can_rollback_ddl": "schema_transactions",
    "can_defer_constraint_checks": "deferrable_foreign_keys",
    "closed_cursor_error_class": "closed_cursor",
    "has_select_for_update": "select_for_update",
    "max_query_params": "max_parameters",
    "nulls_order_largest": "nulls_largest",
    "supports_aggregate_filter_clause": "aggregate_filter",
    "supports_covering_indexes": "covering_indexes",
    "supports_deferrable_unique_constraints": "deferrable_unique",
    "supports_foreign_keys": "foreign_keys",
    "supports_forward_references": "forward_references",
    "supports_ignore_conflicts": "ignore_conflicts",
    "supports_nulls_distinct_unique_constraints": "nulls_not_distinct",
    "supports_order_by_nulls_modifier": "nulls_ordering",
    "supports_parentheses_in_compound": "combinator_parentheses",
    "supports_slicing_ordering_in_compound": "combinator_parentheses",
    "supports_tablespaces": "tablespaces",
    "supports_update_conflicts": "upsert",
    "supports_update_conflicts_with_target": "upsert",
    "uses_savepoints": "savepoints",
    "can_release_savepoints": "savepoints",
}
"""Which of the dialect's capabilities answers which of Django's questions."""

_TRUE = """
allow_sliced_subqueries_with_in allows_auto_pk_0 allows_group_by_lob allows_group_by_select_index
allows_multiple_constraints_on_same_fields can_clone_databases can_introspect_check_constraints can_introspect_default
can_introspect_foreign_keys can_introspect_json_field can_use_chunked_reads delete_can_self_reference_subquery
empty_intersection_returns_none has_bulk_insert has_json_object_function has_zoneinfo_database
ignores_unnecessary_order_by_in_subqueries indexes_foreign_keys supports_boolean_expr_in_select_clause
supports_collation_on_charfield supports_collation_on_textfield supports_column_check_constraints
supports_comparing_boolean_expr supports_date_lookup_using_string supports_default_in_lead_lag
supports_explaining_query_execution supports_expression_defaults supports_expression_indexes supports_frame_exclusion
supports_functions_in_partial_indexes supports_index_column_ordering supports_index_on_text_field supports_json_field
supports_non_deterministic_collations supports_nullable_unique_constraints supports_over_clause
supports_paramstyle_pyformat supports_partial_indexes supports_partially_nullable_unique_constraints
supports_primitives_in_json_field supports_regex_backreferencing supports_select_difference supports_select_intersection
supports_select_for_update_with_limit supports_select_union supports_sequence_reset supports_stored_generated_columns
supports_subqueries_in_group_by supports_table_check_constraints supports_temporal_subtraction supports_transactions
supports_unlimited_charfield update_can_self_select
"""
_FALSE = """
can_alter_table_drop_column can_introspect_materialized_views collate_as_index_expression for_update_after_from
gis_enabled has_case_insensitive_like has_select_for_no_key_update has_select_for_update_nowait has_select_for_update_of
has_select_for_update_skip_locked ignores_table_name_case implied_column_null interprets_empty_strings_as_nulls
only_supports_unbounded_with_preceding_and_following order_by_nulls_first related_fields_match_type
requires_casted_case_in_updates requires_compound_order_by_subquery requires_explicit_null_ordering_when_grouping
requires_literal_defaults rounds_to_even schema_editor_uses_clientside_param_binding select_for_update_of_column
supports_callproc_kwargs supports_combined_alters supports_comments supports_comments_inline
supports_default_keyword_in_bulk_insert supports_default_keyword_in_insert supports_logical_xor
supports_unspecified_pk supports_virtual_generated_columns truncates_names uses_server_side_binding
"""

_INTROSPECTED = """
AutoField BigAutoField BigIntegerField BinaryField BooleanField CharField DurationField GenericIPAddressField
IntegerField PositiveBigIntegerField PositiveIntegerField PositiveSmallIntegerField SmallAutoField SmallIntegerField
TimeField
"""

USUAL: dict[str, Any] = {
    **dict.fromkeys(_TRUE.split(), True),
    **dict.fromkeys(_FALSE.split(), False),
    "bare_select_suffix": "",
    "can_create_inline_fk": True,
    "can_rename_index": True,
    "connection_persists_old_columns": False,
    "create_test_procedure_with_int_param_sql": None,
    "create_test_procedure_without_params_sql": None,
    "django_test_expected_failures": set(),
    "django_test_skips": {},
    "greatest_least_ignores_nulls": False,
    "has_json_operators": False,
    "has_native_duration_field": False,
    "has_native_json_field": False,
    "has_native_uuid_field": False,
    "has_real_datatype": False,
    "introspected_field_types": {name: name for name in _INTROSPECTED.split()},
    "json_key_contains_list_matching_requires_list": False,
    "minimum_database_version": None,
    "prohibits_null_characters_in_text_exception": None,
    "supported_explain_formats": set(),
    "supports_cast_with_precision": True,
    "supports_frame_range_fixed_distance": False,
    "supports_json_field_contains": True,
    "supports_timezones": True,
    "supports_tuple_lookups": True,
    "test_collations": {"ci": None, "cs": None, "non_default": None, "swedish_ci": None, "virtual": None},
    "test_db_allows_multiple_connections": True,
    "time_cast_precision": 6,
}


class Features:
    """The answers for one database; a question Django does not have raises AttributeError."""

    def __init__(self, capabilities: Capabilities, answers: Mapping[str, Any]) -> None:
        self._capabilities = capabilities
        self._answers = answers

    def __getattr__(self, name: str) -> Any:
        if name in self._answers:
            answer = self._answers[name]
            return {**USUAL[name], **answer} if name == "introspected_field_types" else answer
        if name in CAPABILITIES:
            return getattr(self._capabilities, CAPABILITIES[name])
        if name in USUAL:
            return USUAL[name]
        raise AttributeError(
            f"There is no feature {name!r}; Django has none of that name, or Duotone does not know it."
        )

    def __dir__(self) -> list[str]:
        return sorted({*USUAL, *CAPABILITIES, *self._answers})
