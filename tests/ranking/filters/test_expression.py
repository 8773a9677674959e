import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.core.errors import ConfigError
from recsys.ranking.filters.expression import (
    KEYWORDS,
    MAX_DEPTH,
    Always,
    And,
    Compare,
    Expression,
    Has,
    In,
    IsNull,
    Not,
    Operator,
    Or,
    parse_expression,
)

OPERATORS: list[Operator] = ["=", "!=", "<", "<=", ">", ">="]
awkward = st.sampled_from(
    [*sorted(KEYWORDS), "AND", "Null", "a b", "it's", 'say "hi"', "\\", "", "("]
)
values = st.text(max_size=6) | awkward | st.sampled_from(["video", "2026-01-31T09:30:00Z", "-3.5"])
columns = st.text(st.characters(exclude_characters="`"), min_size=1, max_size=6) | st.sampled_from(
    ["format", "published_at", "is", "два слова", "=", "'"]
)
leaves: st.SearchStrategy[Expression] = st.one_of(
    st.builds(Compare, columns, st.sampled_from(OPERATORS), values),
    st.builds(In, columns, st.lists(values | st.none(), max_size=3).map(tuple)),
    st.builds(Has, columns, st.lists(values, min_size=1, max_size=3).map(tuple), st.booleans()),
    st.builds(IsNull, columns),
)


def branches(parts: st.SearchStrategy[Expression]) -> st.SearchStrategy[Expression]:
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    return st.builds(Not, parts) | st.builds(And, several) | st.builds(Or, several)


A1, B2 = Compare("a", "=", "1"), Compare("b", "=", "2")
trees = st.recursive(leaves, branches, max_leaves=8) | st.just(Always())


@given(trees)
def test_a_tree_as_text_parses_to_the_same_tree(tree: Expression) -> None:
    assert parse_expression(str(tree)) == tree


@given(st.text(max_size=40) | st.text(alphabet="ab()=,'\" andornt", max_size=40))
def test_any_text_is_parsed_or_refused_in_one_line(text: str) -> None:
    try:
        tree = parse_expression(text)
    except ConfigError as err:
        assert re.search(r"character \d+", str(err))  # noqa: PT017
        assert len(str(err)) < 400  # noqa: PT017
    else:
        assert parse_expression(str(tree)) == tree


def test_the_example_of_the_contract_is_read_as_it_is_meant() -> None:
    tree = parse_expression(
        "format = video and language in (en, zh) and published_at >= 2026-01-01 "
        "and tags has any (a, b) and not author_id = x"
    )
    assert tree == And(
        (
            Compare("format", "=", "video"),
            In("language", ("en", "zh")),
            Compare("published_at", ">=", "2026-01-01"),
            Has("tags", ("a", "b")),
            Not(Compare("author_id", "=", "x")),
        )
    )


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", Always()),
        ("  \n ", Always()),
        ("a = 1 or b = 2 and c = 3", Or((A1, And((B2, Compare("c", "=", "3")))))),
        ("not a = 1 and b = 2", And((Not(A1), B2))),
        ("not (a = 1 or b = 2)", Not(Or((A1, B2)))),
        ("A=1 AND NOT b IN(x,y)", And((Compare("A", "=", "1"), Not(In("b", ("x", "y")))))),
        ("a == 1", Compare("a", "=", "1")),
        ("a <> 1", Compare("a", "!=", "1")),
        ("a not in (x)", Not(In("a", ("x",)))),
        ("a in ()", In("a", ())),
        ("a in (x, null)", In("a", ("x", None))),
        ("a = null", IsNull("a")),
        ("a != null", Not(IsNull("a"))),
        ("a is not null", Not(IsNull("a"))),
        ("a = 'null'", Compare("a", "=", "null")),
        (r"a = 'it\'s \\ \n'", Compare("a", "=", "it's \\ n")),
        ('a = "b c"', Compare("a", "=", "b c")),
        ("`two words` = x", Compare("two words", "=", "x")),
        ("tags has x", Has("tags", ("x",))),
        ("tags has all (x)", Has("tags", ("x",), every=True)),
        ("tags has all (x, y)", Has("tags", ("x", "y"), every=True)),
        ("format = 视频", Compare("format", "=", "视频")),
    ],
)  # fmt: skip
def test_the_grammar_by_example(text: str, tree: Expression) -> None:
    assert parse_expression(text) == tree


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format =", "a value after '=', character 9: the text ends there"),
        ("format = video language = en", "the end after a condition, character 16: got 'language'"),
        ("= video", "the name of a column after 'the start', character 1: got '='"),
        ("format video", "has or is after 'format', character 8: got 'video'"),
        ("a = 1 and", "the name of a column after 'and', character 10"),
        ("(a = 1", "')' after a condition, character 7"),
        ("a in (x y)", "',' or ')' after a value, character 9: got 'y'"),
        ("a in (x,", "a value after ',', character 9"),
        ("a in x", "'(' after in, character 6: got 'x'"),
        ("a = 'open", "must not have \"'\" alone, character 5. Close it"),
        ("a ! b", "must not have '!' alone, character 3"),
        ("a = any", "Quote it ('any')"),
        ("a > null", "a value that has an order after '>', character 5"),
        ("tags has any ()", "at least one tag, and no null, after has, character 14"),
        ("tags has any (null)", "at least one tag"),
        ("tags has null", "a tag after 'has', character 10"),
        ("a is x", "null after is, character 6"),
        ("a = 1)", "'and', 'or' or the end after a condition, character 6"),
        ("__import__('os').system('x')", "in, has or is after '__import__'"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_place_and_a_way_out(text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse_expression(text)


def test_deep_nesting_is_refused_before_the_stack_ends() -> None:
    inside = "a = 1"
    assert parse_expression("(" * (MAX_DEPTH - 1) + inside + ")" * (MAX_DEPTH - 1))
    for opening in ("(", "not "):
        with pytest.raises(ConfigError, match="must not nest deeper than 50"):
            parse_expression(opening * 10_000 + inside)


def test_a_long_chain_is_not_deep() -> None:
    tree = parse_expression(" or ".join(["a = 1"] * 5000))
    assert isinstance(tree, Or)
    assert len(tree.parts) == 5000
