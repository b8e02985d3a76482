# SPDX-License-Identifier: Apache-2.0
"""SQL files of every shape that Flyway accepts, by the path of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SHAPES: dict[str, str | bytes] = {
    "V1__start.sql": "create table a (id int primary key, note text);",
    "V1.1__without_the_last_semicolon.sql": "create table a1 (id int)",
    "V1.2__body_with_semicolons.sql": """
        create function f1() returns int language plpgsql as $$
        declare n int := 0;
        begin
            select count(*) into n from a; -- a comment; with one
            return n;
        end;
        $$;
        select f1();
    """,
    "V1.3__nested_dollars.sql": """
        create function f2() returns text language plpgsql as $a$
        begin
            execute $b$ create table from_f2 (x text default $$;$$) $b$;
            return 'x;''y';
        end $a$;
        select f2();
    """,
    "V1.4__do.sql": """
        do $do$ begin
            for i in 1..3 loop
                execute format('create table done_%s (id int);', i);
            end loop;
        end $do$;
    """,
    "V1.5__copy.sql": """create table c (id int, t text, u text);
copy c (id, t, u) from stdin;
1\ta;b\t\\N
2\tquote '\t-- no comment
3\t$$\t\\\\.
\\.
insert into c values (4, 'after', null);
copy c from stdin with (format csv, delimiter ';');
5;"with ; inside";x
\\.
""",
    "V1.6__comments.sql": """
        -- it's a comment with a quote; and a semicolon
        /* another's; /* nested; */ still; */
        create table comments_1 (id int /* inside ; */, -- behind ;
            t text);
        -- the last one has no end of line""",
    "V1.7__escape_strings.sql": r"""
        create table strings_1 (t text default E'it\'s; \\', u text default 'back\slash;');
        insert into strings_1 values (E'a\nb;', 'x'), ('''', '"');
        insert into strings_1 values (U&'d\0061t\+000061', B'101'::text);
        comment on table strings_1 is 'a
-- no comment;
';
    """,
    "V1.8__quoted_names.sql": """
        create table "Quoted ; ""name"" x" ("select" int, "a'b" text);
        create table übung (größe int, "日本" text default '日本;');
    """,
    "V1.9__begin_atomic.sql": """
        create function atomic_1(x int) returns int language sql
        begin atomic
            select case when x > 0 then x else 0 end;
            select x + 1;
        end;
        create procedure atomic_2() begin atomic insert into a values (100, 'p;'); end;
        call atomic_2();
    """,
    "V1.10__after_1_9.sql": "alter function atomic_1(int) cost 7;",
    "V1_11__underscores_are_dots.sql": "create table underscored (id int);",
    "V1.12.0__a_zero_at_the_end.sql": "create table zero (id int);",
    "V001.13__leading_zeros.sql": "create table with_zeros (id int);",
    "V1.14__placeholders.sql": """
        create table ${flyway:defaultSchema}.${Name}_1 (id int default ${number});
        comment on table ${name}_1 is '${flyway:filename} ${flyway:table} ${FLYWAY:USER}';
        create function ${name}() returns text language sql as $$ select '${text}' $$;
    """,
    "V1.15__concurrently.sql": "create index concurrently a_note on a (note);",
    "V1.16__unique_concurrently.sql": "create unique index concurrently a_both on a (id, note)",
    "V1.17__drop_concurrently.sql": "drop index concurrently a_both;",
    "V1.18__vacuum.sql": "-- nothing but this\nvacuum analyze a;",
    "V1.19__enum.sql": "create type mood as enum ('sad', 'ok');",
    "V1.20__enum_value.sql": "alter type mood add value 'happy' before 'ok';",
    "V1.21__enum_used.sql": "create table moods (m mood default 'happy');",
    "V1.22__mixed_by_conf.sql": """
        create table by_conf (id int);
        create index concurrently by_conf_id on by_conf (id);
        insert into by_conf values (1);
    """,
    "V1.22__mixed_by_conf.sql.conf": "executeInTransaction=false\n",
    "V1.23__placeholders_off.sql": "create table off_1 (t text default '${nobody}');",
    "V1.23__placeholders_off.sql.conf": "# a comment\nplaceholderReplacement = false\n",
    "V1.24__byte_order_mark.sql": b"\xef\xbb\xbfcreate table with_bom (t text default '\xc3\xa9');",
    "V1.25__crlf.sql": b"create table crlf (\r\n  id int, -- x\r\n  t text default 'a\r\nb'\r\n);"
    b"\r\ncopy crlf (id) from stdin;\r\n1\r\n2\r\n\\.\r\ninsert into crlf values (3);\r\n",
    "V1.26__empty.sql": "",
    "V1.27__only_comments.sql": "-- nothing\n/* at; all */\n",
    "V1.28__semicolons.sql": ";;\n;create table semicolons (id int);;;",
    "V1.29__rule.sql": """
        create rule log_a as on insert to a do also
            (insert into underscored values (1); insert into zero values (2));
        insert into a values (2, 'two');
    """,
    "V1.30__trigger.sql": """
        create function touch() returns trigger language plpgsql as '
        begin new.note := coalesce(new.note, ''none;''); return new; end;
        ';
        create trigger touch before insert on a for each row execute function touch();
        insert into a (id) values (3);
    """,
    "V1.31__case_and_view.sql": """
        create view cases as select case when id > 1 then 'x;' else 'y' end as c from a;
        create materialized view totals as select count(*) as n from a with no data;
        refresh materialized view totals;
    """,
    "V1.32__own_transaction.sql": "begin;\ncreate table own_1 (id int);\ncommit;\n"
    "create table own_2 (id int);",
    "V1.33__search_path.sql": "create schema other; set search_path = other;\n"
    "create table in_other (id int);",
    "V1.34__search_path_is_back.sql": "create table in_public (id int);",
    "V1.35__role.sql": "create table by_role (id int); alter table by_role enable row level "
    "security; create policy p on by_role using (id > 0); grant select on by_role to public;",
    "V1.36__select_and_with.sql": "select 1; with x as (insert into underscored values (3) "
    "returning *) select * from x; values (1);",
    "V1.37__partitions.sql": """
        create table parts (id int, at date) partition by range (at);
        create table parts_1 partition of parts
            for values from ('2020-01-01') to ('2021-01-01');
        insert into parts values (1, '2020-05-05');
    """,
    "V1.38__.sql": "create table without_description (id int);",
    "V2__domain.sql": "create domain email as text check (value like '%@%');",
    "nested/deeper/V3__in_a_folder.sql": "create table nested (e email);",
    "V20260101120000__by_time.sql": "create table by_time (id int);",
    "R__b_views.sql": "create or replace view b_view as select * from a_view;",
    "R__a_views.sql": "create or replace view a_view as select id, note from a;",
    "nested/R__grants.sql": "grant select on a to public; -- ${flyway:defaultSchema}",
    "beforeMigrate.sql": "create table if not exists before_all (id int);",
    "beforeEachMigrate.sql": "insert into public.before_all values (1);",
    "afterEachMigrate__b.sql": "insert into public.before_all values (2);",
    "afterVersioned.sql": "create table after_versioned as select count(*) from before_all;",
    "afterMigrate.sql": "comment on table a is '${name} after';",
    "README.md": "not run",
    "notes.sql": "this is not SQL at all;",
}
PLACEHOLDERS = {"name": "shop", "number": "42", "text": "it''s; -- text"}


def write(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write *files* below *folder*, which is returned."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder
