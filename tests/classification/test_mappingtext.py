"""The text of a mapping: what GDAL takes, what is taken besides, and what is said where it is wrong."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tsraster.classification.mapping import PASS_THROUGH, Mapping, Rule
from tsraster.classification.mappingtext import parse_mapping
from tsraster.errors import TableError, UsageError

INF = float("inf")
NLCD = {11: "Open Water", 12: "Perennial Ice/Snow", 41: "Forest", 42: "Forest", 95: 'Marsh "wet"; #1', 0: ""}


def rules(text: str) -> list[tuple[str, object]]:
    return [(str(rule), rule.to) for rule in parse_mapping(text, names=NLCD).rules]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("5=1", Rule(low=5, high=5, to=1)),
        ("[1,4]=2", Rule(low=1, high=4, to=2)),
        ("[1,4)=2", Rule(low=1, high=4, closed_high=False, to=2)),
        ("(1,4]=2", Rule(low=1, high=4, closed_low=False, to=2)),
        ("(1,4)=2", Rule(low=1, high=4, closed_low=False, closed_high=False, to=2)),
        ("[-inf,4]=2", Rule(low=-INF, high=4, to=2)),
        ("[ -INF, Inf]=2", Rule(low=-INF, high=INF, to=2)),
        ("  [ 1 , 4 ]\t=  2 ", Rule(low=1, high=4, to=2)),
        ("-0.5=NO_DATA", Rule(low=-0.5, high=-0.5, to=0)),
        (".5 = no_data", Rule(low=0.5, high=0.5, to=0)),
        ("+1e2=1e3", Rule(low=100, high=100, to=1000)),
        ("[1,4]=PASS_THROUGH", Rule(low=1, high=4, to=PASS_THROUGH)),
        ("9007199254740993=1", Rule(low=2**53 + 1, high=2**53 + 1, to=1)),
        ("1=4294967295", Rule(low=1, high=1, to=2**32 - 1)),
    ],
)
def test_a_rule_is_read(text: str, expected: Rule) -> None:
    assert parse_mapping(text) == Mapping(rules=(expected,))


def test_what_is_left_and_what_is_no_data_have_rules_of_their_own() -> None:
    assert parse_mapping("1=2; DEFAULT=9; NO_DATA=8") == Mapping(
        rules=(Rule(low=1, high=1, to=2),), default=9, nodata=8
    )
    assert parse_mapping("default = NO_DATA; no_data = NO_DATA") == Mapping(default=0)
    assert parse_mapping("DEFAULT=PASS_THROUGH; NO_DATA=PASS_THROUGH") == Mapping(default=PASS_THROUGH)
    assert parse_mapping("NO_DATA, DEFAULT=3") == Mapping(default=3, nodata=3)


def test_the_example_of_the_documentation_of_gdal_is_read() -> None:
    text = """\
       # remap land cover types
       0       = 10      # land
       [2,4]   = 20      # freshwater
       1       = 40      # ocean
       NO_DATA = NO_DATA # leave NoData pixels unmodified
    """
    assert rules(text) == [("0", 10), ("[2,4]", 20), ("1", 40)]


@pytest.mark.parametrize("text", ["0=1\n2=3", "0=1\r\n\r\n2=3\r", "\ufeff0=1;;2=3;", "# a\n0=1 # 9=9; 8=8\n#\n2=3#"])
def test_lines_comments_and_empty_rules_are_read(text: str) -> None:
    assert rules(text) == [("0", 1), ("2", 3)]


def test_names_stand_for_the_codes_of_old_classes() -> None:
    assert rules('"Open Water"=1; " Perennial  Ice/Snow"=2; "Marsh ""wet""; #1" = 3') == [
        ("11", 1),
        ("12", 2),
        ("95", 3),
    ]


def test_several_old_values_can_stand_before_one_code() -> None:
    assert rules('"Open Water", 12,[21,24] = 1') == [("11", 1), ("12", 1), ("[21,24]", 1)]


def test_new_classes_can_be_named() -> None:
    text = '[1,4]=2 "Low; #1"\n5=2\n6=2 "Low; #1"\n7=3 "say ""x"""\n8=4 ""\nDEFAULT=9 "Other"\nNO_DATA=10 "Clouds"'
    assert parse_mapping(text).names == {2: "Low; #1", 3: 'say "x"', 9: "Other", 10: "Clouds"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "there is no rule for values; write at least one, such as"),
        ("# nothing\n", "there is no rule for values"),
        ("1", "the rule 1 has no = behind the old value; write OLD=NEW"),
        ("1 2=3", "the rule 1 2=3 has no = behind"),
        ("=3", "the rule =3 is not understood: '=' is no number; write OLD=NEW"),
        ("1=", "the rule 1= is not understood: a number is missing"),
        ("1==2", "'=' is no number"),
        ("1=2 3", "goes on behind its new code; write ; before another rule"),
        ("1=2=3", "goes on behind its new code"),
        ("1=2 water", "goes on behind its new code; write ; before another rule, and names in double quotes"),
        ("x=2", "the rule x=2 is not understood: 'x' is no number"),
        ("1_0=2", "'1_0' is no number"),
        ("0x1=2", "'0x1' is no number"),
        ("٣=2", "'٣' is no number"),
        ("1e999=2", "'1e999' is no number"),
        (f"{'9' * 5000}=2", "is no number"),
        ("nan=2", "asks for NaN, which is no data here; write NO_DATA="),
        ("[1,nan]=2", "'nan' is no number"),
        ("inf=2", "infinite values are no data; write NO_DATA"),
        ("[1=2", "has a range without a comma; write both ends"),
        ("[1,2=2", r"has a range that is not closed; end it with \] or \)"),
        ("[1,2,3]=2", "has a range that is not closed"),
        ("[3,1]=2", r"\[3,1\] holds no value"),
        ("(1,1)=2", r"\(1,1\) holds no value"),
        ("1=-2", "the new code -2 cannot be used"),
        ("1=2.5", "gives the new code 2.5; codes are whole numbers"),
        ("1=inf", "gives the new code inf; codes are whole numbers"),
        ("1=4294967296", "the new code 4294967296 cannot be used"),
        ("DEFAULT=-1", "the new code -1 cannot be used"),
        ("1=2;1=3", "1 is given twice; leave one rule for it"),
        ("DEFAULT=1;default=2", "DEFAULT is given twice"),
        ("NO_DATA=1;NO_DATA=1", "NO_DATA is given twice"),
        ('1="Water"', "has a name instead of a new code; write the code before it"),
        ('1=NO_DATA "x"', "goes on behind its new code"),
        ('1=0 "x"', "gives a name to the code 0, which is no class"),
        ('1=2 "a";3=2 "b"', 'the new code 2 is called "a" and "b"; give it one name'),
        ('"Open Wate"=1', r'no class is called "Open Wate"; did you mean Open Water\?'),
        ('"Forest"=1', '"Forest" is the name of the classes 41, 42; write the codes'),
        ('"Open Water=1', "has a double quote without its end; double those that belong to a name"),
        ('1=2 "', "has a double quote without its end"),
        (f"1={'9' * 90}", "the new code 9{40} cannot"),
        (f"1=2 {'x' * 90}", r"the rule 1=2 x{33}\.\.\. goes on"),
    ],
)
def test_what_is_wrong_is_said(text: str, problem: str) -> None:
    with pytest.raises(UsageError, match=problem) as said:
        parse_mapping(text, names=NLCD)
    assert "\n" not in str(said.value)


def test_a_name_without_names_is_refused() -> None:
    with pytest.raises(UsageError, match="the old classes have no names; write their codes"):
        parse_mapping('"Open Water"=1')


@pytest.mark.parametrize(
    ("text", "place"),
    [("1=2\n# c\n3=4=5", r"^land\.txt, line 3: the rule 3=4=5 goes on"), ("1=2\n1=3", r"^land\.txt: 1 is given twice")],
)
def test_in_a_file_the_path_and_line_are_said(text: str, place: str) -> None:
    with pytest.raises(TableError, match=place):
        parse_mapping(text, path="land.txt")


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(
    text=st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(
                [*'[(,)]=;#" \n', "1", "-2.5", "inf", "1e9", "DEFAULT", "NO_DATA", "NAN", "PASS_THROUGH", "é"]
            )
        ).map("".join),
    )
)
@example(text='""=1')
def test_whatever_the_text_is_nothing_but_our_errors_comes_out(text: str) -> None:
    with contextlib.suppress(UsageError):
        assert parse_mapping(text, names=NLCD) == parse_mapping(text, names=NLCD)


@pytest.mark.parametrize(
    "text",
    [
        "1" * 10**6,
        '"' * 10**6,
        '1=1 "' * 10**5,
        "[" * 10**6,
        "1=2;" * 1,
        "1," * 10**5,
        " " * 10**6,
        ";" * 10**6,
        "=" * 10**6,
    ],
)
def test_a_text_of_a_megabyte_is_read_or_refused_in_a_moment(text: str) -> None:
    begin = time.perf_counter()
    with contextlib.suppress(UsageError):
        parse_mapping(text, names=NLCD)
    assert time.perf_counter() - begin < 10


def test_a_hundred_thousand_rules_are_read_in_a_moment() -> None:
    begin = time.perf_counter()
    mapping = parse_mapping("\n".join(f"[{i},{i + 1})={i % 250}" for i in range(10**5)))
    assert time.perf_counter() - begin < 20
    assert len(mapping.rules) == 10**5
