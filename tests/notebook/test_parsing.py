"""The magic line and the cell body, read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from wan_magic.errors import InputError
from wan_magic.notebook import parsing
from wan_magic.notebook.options import OPTIONS
from wan_magic.notebook.parsing import insert_each, look_up, parse, words


def read(line, **names):
    return parse(line, lambda expression: eval(expression, names))


def options(line, **names):
    return read(line, **names)[1]


def fill(prompt, **names):
    [filled] = insert_each(prompt, lambda expression: eval(expression, names))
    return filled


def refusal(line, **names):
    with pytest.raises(InputError) as caught:
        read(line, **names)
    return caught.value


# -- words ----------------------------------------------------------------------


def test_an_empty_line_gives_nothing():
    assert read("") == (None, {})
    assert read("   \t ") == (None, {})


def test_the_name_may_stand_before_between_or_after_the_options():
    expected = ("clip", {"image": "cat.png", "seed": 7})
    assert read("clip --image cat.png --seed 7") == expected
    assert read("--image cat.png clip --seed 7") == expected
    assert read("--image cat.png --seed 7 clip") == expected


def test_a_switch_does_not_swallow_the_name():
    assert read("--watermark clip --wait") == ("clip", {"watermark": True, "wait": True})


def test_values_may_follow_an_equals_sign():
    assert options("--seed=7 --image=cat.png -r=480P") == {
        "seed": 7,
        "image": "cat.png",
        "resolution": "480P",
    }


def test_only_the_first_equals_sign_divides():
    url = "https://example.com/a.png?x=1&y=2"
    assert options(f"--image={url}")["image"] == url
    assert options(f"--image {url}")["image"] == url


def test_short_flags_do_what_long_ones_do():
    short = options("-i cat.png -m wan2.6-i2v -r 720P -d 5 -n blurry")
    long = options(
        "--image cat.png --model wan2.6-i2v --resolution 720P --duration 5 --negative blurry"
    )
    assert short == long


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ('"a, b"', "a, b"),
        ("'a, b'", "a, b"),
        ("it\\'s", "it's"),
        ('"it\'s"', "it's"),
        ("'say \"hi\"'", 'say "hi"'),
        ('"say \\"hi\\""', 'say "hi"'),
        ("\"a\"'b'c", "abc"),
        ('""', ""),
        ("模糊，文字", "模糊，文字"),
        ("“模糊”", "“模糊”"),
        ("'模糊 文字'", "模糊 文字"),
        ("a;b|c&d", "a;b|c&d"),
        ("#1", "#1"),
        ("$HOME", "$HOME"),
        ("100%", "100%"),
        ("{x}", "{x}"),
        ("~tilde*?", "~tilde*?"),
        ("`date`", "`date`"),
    ],
)
def test_values_are_quoted_as_in_a_shell_and_expanded_by_nothing(typed, value):
    assert options(f"--negative {typed}") == {"negative_prompt": value}
    assert options(f"--negative={typed}") == {"negative_prompt": value}


@pytest.mark.skipif(os.name == "nt", reason="backslashes are paths there")
def test_a_backslash_keeps_a_space():
    assert options(r"--image my\ cat.png") == {"image": "my cat.png"}


def test_on_windows_backslashes_are_paths(monkeypatch):
    monkeypatch.setattr(parsing.os, "name", "nt")
    lexed = words(r'--image C:\new\cat.png --out "C:\my clips"')
    assert lexed == ["--image", r"C:\new\cat.png", "--out", r"C:\my clips"]


@pytest.mark.parametrize("line", ['--negative "a, b', "--negative it's", "clip --image 'cat.png"])
def test_an_unclosed_quote_is_an_error(line):
    assert "quote" in refusal(line).message


def test_a_value_that_begins_with_a_dash_needs_an_equals_sign_and_the_error_says_so():
    error = refusal("--negative -blurry")
    assert error.message == "--negative needs a value"
    assert '--negative="-' in error.hint
    assert options("--negative=-blurry") == {"negative_prompt": "-blurry"}
    assert options('--negative="-x, -y"') == {"negative_prompt": "-x, -y"}


def test_a_negative_number_is_a_value():
    assert options("--seed -5") == {"seed": -5}
    assert options("--seed=-5") == {"seed": -5}


@pytest.mark.parametrize("line", ["--image", "clip --image", "--image --seed 7", "-i"])
def test_an_option_without_its_value_is_an_error(line):
    assert refusal(line).message == "--image needs a value"


@pytest.mark.parametrize("line", ["--wait=yes", "--watermark=maybe", "--dry-run=1", "--no-fit=x"])
def test_a_switch_takes_no_value(line):
    error = refusal(line)
    assert line.partition("=")[0] in error.message


@pytest.mark.parametrize("flag", ["--fresh", "--dry-run", "--wait", "--over-budget", "--yes"])
@pytest.mark.parametrize("word", ["false", "no", "off", "true", "0"])
def test_a_word_of_yes_or_no_behind_a_plain_flag_is_not_the_name_of_the_job(flag, word):
    error = refusal(f"{flag} {word} --seed 7")  # --fresh false would be paid
    assert error.message == f"{flag} takes no value, and {word!r} follows it"
    assert "leave it out" in error.hint


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("seed=7", "--seed 7"),
        ("clip resolution=480P", "--resolution 480P"),
        ("clip negative_prompt=rain", "--negative rain"),
        ("clip —seed 7", "--seed"),
        ("–dry-run", "--dry-run"),
    ],
)
def test_an_option_without_its_two_hyphens_is_told_how_it_is_written(typed, meant):
    assert refusal(typed).hint == f"an option begins with two hyphens: {meant}"


def test_an_option_without_a_value_gets_an_example_of_its_own():
    assert refusal("--image").hint.startswith("such as --image cat.png")
    assert refusal("-r --seed 7").hint.startswith("such as --resolution 480P")


def test_spaces_between_the_values_of_a_list_are_told_of():
    assert "no spaces" in refusal("--seed 1, 2, 3").hint
    assert parse('--seed "1, 2, 3"', eval)[1] == {"seed": [1, 2, 3]}


@pytest.mark.parametrize("word", ["no", "false", "off", "0", "False", "NO"])
def test_a_switch_that_is_said_to_be_off_is_off(word):
    assert options(f"--watermark {word}") == {"watermark": False}
    assert options(f"--prompt-extend={word}") == {"prompt_extend": False}


@pytest.mark.parametrize("word", ["yes", "true", "on", "1"])
def test_a_switch_that_is_said_to_be_on_is_on(word):
    assert options(f"--watermark {word} --seed 1") == {"watermark": True, "seed": 1}


def test_the_word_after_a_switch_is_the_name_of_the_job():
    assert parse("--watermark clip", eval) == ("clip", {"watermark": True})


@pytest.mark.parametrize(
    "line",
    [
        "--seed 1 --seed 2",
        "-i a.png --image b.png",
        "--watermark --no-watermark",
        "--wait --wait",
        "--param a=1 --param a=2",
        "--param a=1 --param a=1",
        "--input a=1 --input b=1 --input a=2",
    ],
)
def test_an_option_given_twice_is_an_error(line):
    error = refusal(line)
    assert "twice" in error.message
    assert error.message.startswith("--")


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("--resolutoin", "--resolution"),
        ("--durations", "--duration"),
        ("--sede", "--seed"),
        ("--IMAGE", "--image"),
        ("--no-watermrk", "--no-watermark"),
        ("--negative_prompt", "--negative"),
        ("--negative-prompt", "--negative"),
        ("--prompt_extend", "--prompt-extend"),
        ("--dry_run", "--dry-run"),
        ("--shot_type", "--shot-type"),
    ],
)
def test_an_unknown_option_names_the_nearest_one(word, meant):
    error = refusal(f"clip {word} 5")
    assert error.message == f"unknown option {word}"
    assert error.hint == f"did you mean {meant}?"
    assert refusal(f"clip {word}=5").message == f"unknown option {word}"


@pytest.mark.parametrize("word", ["--zzzz", "-z", "-q", "--foo"])
def test_an_option_like_no_other_leads_to_the_help(word):
    error = refusal(word)
    assert word in error.message
    assert "%wanvideo help" in error.hint


@pytest.mark.parametrize(
    "abbreviation", ["--neg x", "--res 480P", "--dur 5", "--im cat.png", "--dry", "--no-water"]
)
def test_abbreviations_are_refused(abbreviation):
    assert "unknown option" in refusal(abbreviation).message


@pytest.mark.parametrize(
    ("line", "meant"),
    [
        ("-negative blurry", "--negative"),
        ("-image cat.png", "--image"),
        ("-duration 5", "--duration"),
        ("-resolution=480P", "--resolution"),
        ("-seed 7", "--seed"),
    ],
)
def test_a_long_flag_with_one_dash_is_not_read_as_a_short_one(line, meant):
    assert refusal(line).hint == f"did you mean {meant}?"


def test_a_short_flag_stands_apart_from_its_value():
    error = refusal("-r480P")
    assert (error.message, error.hint) == ("unknown option -r480P", "write -r 480P")


def test_the_prompt_is_no_option_and_a_plain_flag_has_no_opposite():
    assert "below this line" in refusal("--prompt waves").hint
    error = refusal("--no-wait")
    assert (error.message, error.hint) == ("there is no --no-wait", "just leave --wait out")


def test_a_double_dash_alone_is_refused():
    assert refusal("clip -- --seed 7").message == "unknown option --"


def test_an_extra_word_says_where_the_prompt_goes():
    error = refusal("clip a cat runs --image cat.png")
    assert error.message == "unexpected 'a'"
    assert "cell" in error.hint
    assert "quotes" in error.hint


@pytest.mark.parametrize("name", ["my-clip", "1clip", "clip.x", "class", "a,b", "clip!", "-"])
def test_a_name_that_is_no_variable_is_refused(name):
    assert repr(name) in refusal(name).message


@pytest.mark.parametrize("name", ["clip", "_clip2", "片段", "Клип"])
def test_a_name_may_be_any_identifier(name):
    assert read(name)[0] == name


def test_null_characters_are_refused():
    assert "null" in refusal("clip --negative \0000\0").message
    with pytest.raises(InputError, match="null character"):
        insert_each("a cat \0000\0", eval)


# -- values ---------------------------------------------------------------------


@pytest.mark.parametrize("value", ["five", "5.0", "5s", "1e3", "''", "0x10"])
def test_a_whole_number_must_be_one(value):
    for flag in ("--duration", "--seed"):
        assert "whole number" in refusal(f"{flag} {value}").message


def test_whole_numbers_from_python_are_checked_alike():
    assert options("--duration {{n}}", n=5) == {"duration": 5}
    assert "whole number" in refusal("--duration {{n}}", n=5.5).message
    assert "whole number" in refusal("--duration {{n}}", n=True).message


def test_a_timeout_may_have_a_point():
    assert options("--timeout 1.5") == {"timeout": 1.5}
    assert options("--timeout 600") == {"timeout": 600.0}


@pytest.mark.parametrize("value", ["soon", "0", "-3", "nan", "inf", "''"])
def test_a_timeout_that_would_give_up_on_a_paid_task_at_once_or_never_is_refused(value):
    assert "a number above 0" in refusal(f"--timeout={value}").message


def test_a_resolution_may_be_written_small():
    assert options("--resolution 480p") == {"resolution": "480P"}


@pytest.mark.parametrize("option", [o for o in OPTIONS if o.kind == "switch"], ids=lambda o: o.name)
def test_a_switch_goes_both_ways(option):
    assert options(option.flag) == {option.name: True}
    assert options(f"--no-{option.flag[2:]}") == {option.name: False}


def test_what_was_not_given_is_not_there():
    assert options("--seed 7") == {"seed": 7}


# -- {{expressions}} ------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a {cat} and {its: tail}",
        "{'json': [1, {'a': 2}]}",
        "costs $5, $HOME, ${x} and 100%",
        "%s %d %(name)s %%",
        "\"double\" 'single' `back` it's",
        "a } brace } and a { brace",
        "C:\\new\\table \\n \\{",
        "一只猫在草地上奔跑，镜头跟随。“快！”",
        "line one\n\n  line\tthree",
        "{% if x %} {# no #}",
        "}} alone",
        "🐈‍⬛ runs",
    ],
)
def test_a_prompt_without_double_braces_stays_as_it_is(text):
    assert fill(text) == text


def test_double_braces_insert_a_value():
    assert fill("a {{colour}} {{animal.upper()}}", colour="red", animal="cat") == "a red CAT"
    assert fill("{{ a }}{{b}}", a=1, b=None) == "1None"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("{'a': {'b': 1}}['a']['b']", "1"),
        ("{'a': {'b': 1}}", "{'a': {'b': 1}}"),
        ("f'{n}{{}}'", "5{}"),
        ("'}}'", "}}"),
        ("\"}}\" + '{{'", "}}{{"),
        ("[x for x in {1, 1}]", "[1]"),
        ("(lambda: {})()", "{}"),
        ("n if n else {}", "5"),
    ],
)
def test_expressions_may_hold_braces_and_quotes(expression, value):
    assert fill(f"<{{{{{expression}}}}}>", n=5) == f"<{value}>"


def test_an_inserted_value_is_not_read_again():
    assert fill("{{text}}", text="{{1/0}} and \\{{") == "{{1/0}} and \\{{"
    assert options("--negative {{text}}", text='a "b --seed 7') == {
        "negative_prompt": 'a "b --seed 7'
    }
    assert options("--negative {{text}}", text="--seed") == {"negative_prompt": "--seed"}


def test_a_backslash_makes_plain_braces():
    assert fill(r"\{{name}} stays") == "{{name}} stays"
    assert fill(r"\{{ {{1 + 1}} }}") == "{{ 2 }}"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a {{missing}} cat", "NameError"),
        ("a {{1/0}} cat", "ZeroDivisionError"),
        ("{{[][1]}}", "IndexError"),
        ("a {{two words}} cat", "{{two words}} is not a Python expression"),
        ("a {{x = 1}} cat", "{{x = 1}} is not a Python expression"),
        ("a {{}} cat", "{{}} is not a Python expression"),
        ("a {{open and never closed", "is not a Python expression"),
        ("a {{open } closed} once", "is not a Python expression"),
    ],
)
def test_what_can_not_be_inserted_fails_loudly_and_says_how_to_write_braces(text, named):
    with pytest.raises(InputError) as caught:
        fill(text)
    assert named in caught.value.message
    assert r"\{{" in caught.value.hint


def test_one_bad_expression_leaves_nothing_half_done():
    with pytest.raises(InputError, match="missing"):
        fill("{{1}} {{missing}}")
    assert "missing" in refusal("--seed {{1}} --negative {{missing}}").message


def test_a_whole_value_stays_an_object():
    picture = object()
    assert options("--image {{picture}}", picture=picture)["image"] is picture
    assert options("--image={{picture}}", picture=picture)["image"] is picture
    assert options('--image "{{picture}}"', picture=picture)["image"] is picture
    assert options("--out {{here}}", here=Path("clips"))["out"] == Path("clips")


@pytest.mark.parametrize("flag", ["--image", "--ref", "--seed", "--negative", "--out", "-r"])
@pytest.mark.parametrize(
    ("value", "what"), [(None, "None"), ([], "an empty list"), ((), "an empty list")]
)
def test_a_value_that_holds_nothing_is_not_taken_for_an_option_that_is_not_given(flag, value, what):
    error = refusal(f"{flag} {{{{picture}}}}", picture=value)
    assert error.message == f"a {{{{…}}}} on the magic line is {what}"
    assert "leave its option out" in error.hint
    for typed in ("picture", ["a.png", "picture"]):
        with pytest.raises(InputError, match=f"the variable 'picture' on the magic line is {what}"):
            look_up(typed, {"picture": value})


def test_a_part_of_a_value_becomes_text():
    assert options("--image {{name}}.png", name="cat") == {"image": "cat.png"}
    assert options("--negative 'no {{what}}, please'", what="text") == {
        "negative_prompt": "no text, please"
    }


def test_expressions_with_spaces_and_quotes_need_no_quoting_on_the_line():
    assert options("--negative {{\"a\" + ' b'}} --seed {{ 3 + 4 }}") == {
        "negative_prompt": "a b",
        "seed": 7,
    }


def test_a_name_can_be_inserted_too():
    assert read("clip_{{n}}", n=3)[0] == "clip_3"
    assert "'3'" in refusal("{{n}}", n=3).message


# -- inputs ---------------------------------------------------------------------


def test_an_image_that_is_a_variable_means_its_value(folder):
    assert look_up("first", {"first": b"bytes"}) == b"bytes"
    assert look_up("cat.png", {"cat": 1}) == "cat.png"
    assert look_up("auto", {}) == "auto"
    with pytest.raises(InputError, match="no variable and no file called 'unknown'"):
        look_up("unknown", {})
    assert look_up(b"bytes", {}) == b"bytes"


def test_a_file_and_a_variable_of_one_name_must_be_told_apart(folder):
    (folder / "cat").write_bytes(b"")
    with pytest.raises(InputError) as caught:
        look_up("cat", {"cat": 1})
    assert "{{cat}}" in caught.value.hint
    assert "./cat" in caught.value.hint


def test_references_keep_the_order_in_which_they_are_typed():
    line = "--ref anna.png --ref anna.wav --seed 7 --ref street.mp4"
    assert options(line)["ref"] == ["anna.png", "anna.wav", "street.mp4"]


def test_a_list_of_references_may_come_from_a_variable():
    names = {"cast": ["anna.png", b"bytes"], "street": "street.mp4"}
    for line in ("--ref {{cast}} --ref street", "--ref cast --ref {{street}}"):
        typed = options(line, **names)["ref"]
        assert look_up(typed, names) == ["anna.png", b"bytes", "street.mp4"]
    typed = options("--ref pair", **names)["ref"]
    assert look_up(typed, {"pair": ("a.png", "b.png")}) == ["a.png", "b.png"]


def test_the_members_of_a_list_are_not_names_of_variables():
    typed = options("--ref {{cast}}", cast=["anna", "street"])["ref"]
    assert look_up(typed, {"anna": 1, "street": 2}) == ["anna", "street"]


# -- fields that have no option ---------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("strength=0.5", 0.5),
        ("mask_frame_id=1", 1),
        ("flag=true", True),
        ("flag=null", None),
        ('obj_or_bg=\'["obj", "bg"]\'', ["obj", "bg"]),
        ("list=[1,2]", [1, 2]),
        ("size=1280*720", "1280*720"),
        ("text='two words'", "two words"),
        ("'number as text=\"7\"'", "7"),
        ("formula=a=b", "a=b"),
        ("empty=", ""),
        ("no_json=NaN", "NaN"),
        (f"deep={'[' * 5000}", "[" * 5000),
    ],
)
@pytest.mark.parametrize(
    ("flag", "name"), [("--param", "extra_parameters"), ("--input", "extra_inputs")]
)
def test_a_field_is_read_as_json_or_else_as_text(flag, name, typed, value):
    (found,) = options(f"{flag} {typed}")[name].values()
    assert found == value
    assert type(found) is type(value)


def test_several_fields_are_one_dictionary():
    line = "--param a=1 --input b=2 --param c=x --param={{key}}={{n}}"
    assert options(line, key="d", n=4) == {
        "extra_parameters": {"a": 1, "c": "x", "d": 4},
        "extra_inputs": {"b": 2},
    }


@pytest.mark.parametrize("typed", ["strength", "=0.5", "' =0.5'", "''"])
def test_a_field_needs_a_name_and_a_value(typed):
    error = refusal(f"--param {typed}")
    assert "--param takes key=value" in error.message
    assert "--param strength=0.5" in error.hint


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("--size 1280x720", {"size": "1280*720"}),
        ("--size 1280X720", {"size": "1280*720"}),
        ("--size 1280×720", {"size": "1280*720"}),
        ("--size 1280*720", {"size": "1280*720"}),
        ("--mode pro", {"mode": "wan-pro"}),
        ("--mode wan-std", {"mode": "wan-std"}),
        ("-r 1080p", {"resolution": "1080P"}),
    ],
)
def test_values_may_be_written_as_people_write_them(typed, meant):
    assert options(typed) == meant


@pytest.mark.parametrize("name", ["print", "list", "input"])
def test_a_job_takes_no_name_of_pythons_own(name):
    assert "Python's own" in refusal(f"{name} --seed 7").message
