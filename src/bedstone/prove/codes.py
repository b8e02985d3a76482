# SPDX-License-Identifier: Apache-2.0
"""What each code of a finding means. A code never changes its meaning and is never used again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """The name of a kind of finding, what it says, and what to do.

    *proof* is the one that finds it, where that is not run without being asked for.
    """

    slug: str
    says: str
    do: str
    proof: str = ""


CODES: dict[str, Meaning] = {
    "BED301": Meaning(
        "upgrade-fails",
        "A revision's upgrade fails, on empty tables and in one run with those before it.",
        "Mend `upgrade()`; the finding's evidence has the statement, file and line.",
    ),
    "BED302": Meaning(
        "history-does-not-start",
        "The history does not start from an empty database: its first revision expects tables "
        "that the application makes.",
        "Set `bootstrap` (a command, a .sql file or `models`) and, where the application stamps, "
        "`stamp`.",
    ),
    "BED303": Meaning(
        "downgrade-fails",
        "A revision's downgrade fails right after its own upgrade.",
        "Mend `downgrade()`, or let it raise on purpose where it cannot be undone.",
    ),
    "BED304": Meaning(
        "second-upgrade-fails",
        "Upgrade, downgrade, upgrade of one revision fails, though the downgrade left nothing "
        "that a catalog shows.",
        "Look for what lives outside the schema: settings, roles, large objects, rows.",
    ),
    "BED305": Meaning(
        "not-repeatable",
        "A history that ran once fails when it is run again from the same start.",
        "Look for what lives outside the database or changes with time: roles, files, the clock.",
    ),
    "BED306": Meaning(
        "fails-on-rows",
        "An upgrade passes on empty tables and fails on a table with rows, because a new column "
        "has no value for them.",
        "Give the column a server default; or add it nullable, fill it, then SET NOT NULL.",
    ),
    "BED310": Meaning(
        "downgrade-leaves",
        "A downgrade leaves something behind that its upgrade made.",
        "Drop it in `downgrade()`.",
    ),
    "BED311": Meaning(
        "downgrade-takes",
        "A downgrade drops something that was there before the upgrade.",
        "Drop in `downgrade()` only what `upgrade()` made.",
    ),
    "BED312": Meaning(
        "downgrade-does-not-restore",
        "A downgrade does not bring an object back to what it was before the upgrade.",
        "Undo each change in `downgrade()`: OR REPLACE, GRANT, row security, comments too.",
    ),
    "BED313": Meaning(
        "second-upgrade-differs",
        "The downgrade is exact, and yet the second upgrade gives another schema than the first.",
        "Do not let an upgrade depend on more than the schema before it.",
    ),
    "BED314": Meaning(
        "irreversible",
        "A downgrade refuses on purpose: it raises an exception of its own, or there is none (no "
        "`downgrade()`, no undo file).",
        "Nothing, where that is meant; `bedstone accept` writes it down.",
    ),
    "BED315": Meaning(
        "repeatable-fails-again",
        "A repeatable SQL file runs once and fails when it is run again, as it is whenever it "
        "changes.",
        "Let it replace what is there: `CREATE OR REPLACE`, or `DROP … IF EXISTS` first.",
    ),
    "BED320": Meaning(
        "round-trip-differs",
        "The chain up, down and up again, each in one run, fails or gives another schema.",
        "Follow the cause that it cites.",
    ),
    "BED321": Meaning(
        "way-down-ends",
        "The chain cannot be taken down to where it started.",
        "Follow the cause that it cites.",
    ),
    "BED322": Meaning(
        "left-at-base",
        "After the way down something is there that was not at the start, or the other way round.",
        "Follow the cause that it cites.",
    ),
    "BED323": Meaning(
        "made-at-once",
        "The first revision builds the whole schema of today and the others change nothing.",
        "Write the first revision's tables out as they were when it was written.",
    ),
    "BED330": Meaning(
        "only-in-one-run",
        "A revision upgrades in one run with those before it and fails in a run of its own.",
        "Do not lean on what an earlier revision did in memory; name types with "
        "`create_type=False` or make them explicitly.",
    ),
    "BED331": Meaning(
        "one-by-one-differs",
        "Revision by revision, each in a process of its own, the chain gives another schema than "
        "in one run.",
        "Look at what the named object's revision reads from memory or from the environment.",
    ),
    "BED340": Meaning(
        "drift",
        "Models and history differ in an object that both could describe.",
        "Write the missing revision, or mend the model.",
    ),
    "BED341": Meaning(
        "unknown-to-models",
        "A migration makes a table, type or sequence that no model which env.py imports knows.",
        "Import its model in env.py, drop it in a revision, or accept it.",
    ),
    "BED342": Meaning(
        "models-do-not-build",
        "The models' own `create_all()` fails on an empty database.",
        "Mend the model that the statement in the evidence comes from.",
    ),
    "BED343": Meaning(
        "other-name",
        "A constraint or index is the same in models and history but for its name.",
        "Give the metadata a `naming_convention`.",
    ),
    "BED350": Meaning(
        "observers-disagree",
        "`pg_dump` sees a difference that the catalog does not name, so nothing is called "
        "identical.",
        "Please report it: it is a gap in bedstone's reader.",
    ),
    "BED360": Meaning(
        "long-lock",
        "A statement holds SHARE or a stronger lock on a table that is older than its revision, "
        "and meanwhile does work that grows with the table's rows: reads, rewrites or builds.",
        "Use the safe form that the finding shows; `small_tables` names tables that stay small.",
        "locks",
    ),
    "BED361": Meaning(
        "lock-held-during-work",
        "A statement's lock on an older table is still held while a later statement of the same "
        "transaction does work that grows with a table's rows.",
        "Give each a transaction of its own, as the finding shows.",
        "locks",
    ),
    "BED362": Meaning(
        "rows-in-one-transaction",
        "An UPDATE, DELETE, MERGE or INSERT … SELECT that no index can serve goes through an "
        "older table in one transaction, wherever in a statement it stands.",
        "Do it in batches, each committed by itself.",
        "locks",
    ),
    "BED363": Meaning(
        "brief-lock",
        "A statement holds ACCESS EXCLUSIVE on an older table for a moment: only the catalogue "
        "changes.",
        "Nothing, where a lock_timeout bounds the wait for it.",
        "locks",
    ),
    "BED364": Meaning(
        "no-lock-timeout",
        "A strong lock on an older table is waited for without lock_timeout: while it waits "
        "behind a long query, everybody else waits behind it.",
        "Set lock_timeout, in env.py or before the statement, and run the revision again when it "
        "gives up.",
        "locks",
    ),
    "BED365": Meaning(
        "several-tables-locked",
        "One transaction takes ACCESS EXCLUSIVE on several older tables, one after the other: a "
        "client that uses them in another order deadlocks with it.",
        "Give each table a transaction of its own.",
        "locks",
    ),
    "BED366": Meaning(
        "lock-order",
        "Two transactions of the same run take strong locks on the same two tables in opposite "
        "order.",
        "Take them in the same order everywhere, or in transactions of their own.",
        "locks",
    ),
    "BED367": Meaning(
        "new-enum-value-used",
        "A value of an enum is used in the transaction that adds it, which PostgreSQL refuses.",
        "Add the value in a transaction of its own, before it is used.",
        "locks",
    ),
    "BED368": Meaning(
        "invalid-index",
        "A revision leaves an index behind that PostgreSQL keeps up and never uses.",
        "Drop it and build it again; attach what a partitioned index lacks.",
        "locks",
    ),
    "BED369": Meaning(
        "refused-in-transaction",
        "A statement that cannot run in a transaction block is in one.",
        "Run it in an autocommit block.",
        "locks",
    ),
    "BED370": Meaning(
        "loses-data",
        "A revision that `bedstone revision` wrote loses rows or values, on its way up or down.",
        "Nothing: it stands in `bedstone.lock` for the review, which is where to object.",
        "revision",
    ),
    "BED371": Meaning(
        "not-as-planned",
        "The files that `bedstone revision` wrote lead to another schema than their plan.",
        "Look at `script.py.mako`, the post-write hooks and `process_revision_directives`.",
        "as-planned",
    ),
}
