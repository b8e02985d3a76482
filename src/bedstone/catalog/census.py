# SPDX-License-Identifier: Apache-2.0
"""What is in the database and in no object of the catalog: reported, never passed over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bedstone.catalog.model import Unmodelled

if TYPE_CHECKING:
    from bedstone.catalog.assembly import Assembly
    from bedstone.catalog.dependencies import Edges
    from bedstone.catalog.snapshot import Result, Snapshot

#: Every catalogue of PostgreSQL 15 to 18. Whatever a later release adds is not among them.
KNOWN_CATALOGUES = frozenset(
    """
    pg_aggregate pg_am pg_amop pg_amproc pg_attrdef pg_attribute pg_auth_members pg_authid pg_cast
    pg_class pg_collation pg_constraint pg_conversion pg_database pg_db_role_setting pg_default_acl
    pg_depend pg_description pg_enum pg_event_trigger pg_extension pg_foreign_data_wrapper
    pg_foreign_server pg_foreign_table pg_index pg_inherits pg_init_privs pg_language
    pg_largeobject pg_largeobject_metadata pg_namespace pg_opclass pg_operator pg_opfamily
    pg_parameter_acl pg_partitioned_table pg_policy pg_proc pg_publication
    pg_publication_namespace pg_publication_rel pg_range pg_replication_origin pg_rewrite
    pg_seclabel pg_sequence pg_shdepend pg_shdescription pg_shseclabel pg_statistic
    pg_statistic_ext pg_statistic_ext_data pg_subscription pg_subscription_rel pg_tablespace
    pg_transform pg_trigger pg_ts_config pg_ts_config_map pg_ts_dict pg_ts_parser pg_ts_template
    pg_type pg_user_mapping
    """.split()  # noqa: SIM905  as the server lists them
)
_NEWER = "a kind that this release of bedstone does not know"
_HIDDEN = "only a superuser may read it"


def take_census(assembly: Assembly, snapshot: Snapshot, edges: Edges, unknown: Result) -> None:
    """Add to the assembly's ``unmodelled`` all that was seen and not taken in."""
    found = assembly.unmodelled
    found += [Unmodelled(what, f"{_NEWER} ({kind!r})") for what, kind in unknown.rows]
    catalogues = [name for name in assembly.catalogues if name not in KNOWN_CATALOGUES]
    for catalogue, count in snapshot.count_rows(catalogues).items():
        if count:
            found.append(Unmodelled(f"{count} rows of {catalogue}", _NEWER))
    strangers = edges.strangers()
    if strangers:
        descriptions = snapshot.describe(strangers)
        found += [Unmodelled(text, _NEWER) for text in descriptions]
    for key, attributes in assembly.found.items():
        if key.kind == "subscription" and attributes["connection"] is None:
            found.append(Unmodelled(f"connection of {key}", _HIDDEN))
        unseen = key.kind == "user mapping" and attributes["foreign_options"] is None
        if unseen and not snapshot.superuser:
            found.append(Unmodelled(f"options of {key}", _HIDDEN))
