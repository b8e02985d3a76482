# SPDX-License-Identifier: Apache-2.0
"""What of a dump means nothing is not compared."""

from __future__ import annotations

from bedstone.prove.observer import parse_dump

FUNCTION = """--
-- Name: f(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.f() RETURNS integer
    LANGUAGE plpgsql
    {settings}
    AS $$ begin set a TO 'x'; set b TO 'y'; end $$;
"""
A = "SET search_path TO ''\n    SET \"TimeZone\" TO 'UTC'\n    SET \"DateStyle\" TO 'ISO, MDY'"
B = "SET \"DateStyle\" TO 'ISO, MDY'\n    SET \"TimeZone\" TO 'UTC'\n    SET search_path TO ''"


def test_the_order_of_a_functions_settings_means_nothing() -> None:
    first, second = (parse_dump(FUNCTION.format(settings=text)) for text in (A, B))
    assert first == second


def test_their_values_and_the_order_in_a_body_do() -> None:
    first = parse_dump(FUNCTION.format(settings=A))
    assert first != parse_dump(FUNCTION.format(settings=A.replace("UTC", "CET")))
    body = FUNCTION.replace("set a TO 'x'; set b TO 'y'", "set b TO 'y'; set a TO 'x'")
    assert first != parse_dump(body.format(settings=A))


TABLE = """--
-- Name: t; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.t (
    a integer,
    s character varying,
    CONSTRAINT t_s_check CHECK (((s)::text = ANY ({})))
);
"""
WHOLE = "(ARRAY['x'::character varying, 'y'::character varying])::text[]"
EACH = "ARRAY[('x'::character varying)::text, ('y'::character varying)::text]"


def test_what_is_printed_otherwise_and_read_as_the_same_is_not_missing() -> None:
    first, second, other = (
        parse_dump(TABLE.format(text)) for text in (WHOLE, EACH, EACH.replace("y", "z"))
    )
    assert first.missing_from(second) == second.missing_from(first) == ()
    assert first.missing_from(other) == ("TABLE public.t",)
