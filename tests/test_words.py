"""Words in any script: where a rule finds one, and into which a text falls."""

import re
import unicodedata

import pandas as pd
import pytest
from click.testing import CliRunner
from hypothesis import given, settings, strategies as st

import weakhitl as wh
from weakhitl.cli.main import cli
from weakhitl.words import alone_in_python, n_words, name_of, stands_alone, word_pattern, words_of

ALPHABET = "ab_ 1-€.éàß你好很のはカーナกีดีहिंदी한국мирسلا👍❤" + "\u0301\u093f\u094d\ufe0f\u200d\u200c\u3099\u0e49"
"""Latin, signs, Han, hiragana, katakana, Thai, Devanagari, Hangul, Cyrillic, Arabic, and marks by themselves."""

texts = st.text(alphabet=ALPHABET, max_size=12)
sound_texts = st.lists(
    st.sampled_from([*"ab_ 1-€.éàß好のがカガ한국мирسلا👍", "e\u0301", "カ\u3099", "กี", "हि", "दी", "ọ̀", "❤\ufe0f"]),
    max_size=12,
).map("".join)
"""Texts in which marks stand where they belong."""


def says(make, term, text, **settings):
    return make("rule", [term], label="A", **settings)({"text": text}) == "A"


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        ("अच्छा", "यह अच्छा है", True),
        ("अच्छा", "अच्छाई", False),
        ("हिंदी", "हिंदी", True),
        ("ọ̀rọ̀", "ọ̀rọ̀ kan", True),
        ("ọ", "ọ̀rọ̀", False),
        ("好", "很好吃", True),
        ("iphone", "新iPhone很好", True),
        ("食べ", "食べる", True),
        ("パン", "パンを食べる", True),
        ("パン", "パンダが好き", False),
        ("コーヒ", "コーヒー", False),
        ("ดี", "อาหารดีมาก", True),
        ("ที", "ที่นี่", False),
        ("학교", "학교 앞", True),
        ("학교", "학교에서", False),
        ("мир", "миру", False),
        ("café", "un cafe\u0301!", True),
        ("cafe\u0301", "un café!", True),
        ("cafe", "un cafe\u0301!", False),
        ("❤️", "I ❤ it", True),
        ("❤", "I ❤️ it", True),
        ("👍", "good 👍🏽", True),
        ("c++", "c++, java", True),
        ("c++", "c++11", False),
        (" win ", "I win it", True),
        ("می", "می‌خواهم", False),
    ],
)
@pytest.mark.parametrize("make", [wh.keyword, wh.gazetteer])
def test_a_term_is_found_where_readers_of_its_script_see_it(make, term, text, expected):
    assert says(make, term, text) == expected


@settings(max_examples=300, deadline=None)
@given(texts, st.text(alphabet=ALPHABET, min_size=1, max_size=3).filter(str.strip))
def test_keyword_and_gazetteer_find_the_same_in_every_script(text, term):
    assert says(wh.keyword, term, text) == says(wh.gazetteer, term, text)


@settings(max_examples=300, deadline=None)
@given(sound_texts)
def test_a_rule_finds_every_word_that_a_text_falls_into(text):
    for word in words_of(text):
        assert says(wh.keyword, word, text), word


@given(st.text(alphabet="ab_ 1-€.éàßмирسلا한국", max_size=30))
def test_words_of_scripts_with_spaces_and_without_marks_are_those_of_scikit_learn(text):
    assert words_of(text) == re.findall(r"\b\w\w+\b", text) == re.findall(word_pattern(), text)
    assert n_words(text) == len(text.split())


@given(st.text(max_size=20))
def test_no_text_is_too_odd_to_be_read(text):
    assert all(text.count(word) for word in words_of(text))
    assert (n_words(text) == 0) == (not text.split())
    assert all(stands_alone(text, at, at + 1) in (True, False) for at in range(len(text)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("मैं हिंदी बोलता हूँ", ["मैं", "हिंदी", "बोलता", "हूँ"]),
        ("很好吃。iPhone", ["很", "很好", "好", "好吃", "吃", "iPhone"]),
        ("パンを食べる", ["パン", "を", "を食", "食", "食べ", "べ", "べる", "る"]),
        ("ที่นี่", ["ที่", "ที่นี่", "นี่"]),
        ("ọ̀rọ̀ kan", ["ọ̀rọ̀", "kan"]),
        ("a I 好", ["好"]),
    ],
)
def test_marks_stay_with_their_letters_and_scripts_without_spaces_fall_into_characters_and_pairs(text, expected):
    assert words_of(text) == expected


@pytest.mark.parametrize(("text", "expected"), [("很好 吃", 3), ("I ate 寿司", 4), ("ที่นี่", 2), ("हिंदी है", 2)])
def test_words_are_counted_by_characters_where_no_space_parts_them(text, expected):
    assert n_words(text) == expected


def test_composed_and_decomposed_texts_fall_into_as_many_words():
    text = "Đây là quán cà phê ガギグ"
    assert len(words_of(unicodedata.normalize("NFD", text))) == len(words_of(unicodedata.normalize("NFC", text)))


def test_a_character_that_is_only_in_one_pair_is_not_named_beside_it():
    items = pd.DataFrame({"text": ["推荐这家", "推荐你去", "很推荐", "这家", "你去", "很好"] * 4})
    votes = wh.Votes.from_matrix([[-1], [-1], [-1], [0], [0], [0]] * 4, wh.LabelSchema(["NEG", "POS"]))
    assert wh.coverage_gaps(votes, items)["value"].tolist() == ["推荐"]


@pytest.mark.parametrize(
    ("word", "text", "expected"),
    [
        ("win", "I win.", True),
        ("win", "windy", False),
        ("好吃", "很好吃", True),
        ("अच्छा", "यह अच्छा है", True),
        ("мир", "миру", False),
    ],
)
def test_a_pattern_for_people_to_read_finds_words_but_for_marks(word, text, expected):
    assert bool(re.search(alone_in_python(["other", word]), text)) == expected


@given(st.text(min_size=1, max_size=8))
def test_a_name_made_of_a_text_can_be_part_of_a_name_in_python(text):
    assert f"a{name_of(text)}".isidentifier()


@pytest.mark.parametrize("name", ["5 stars", "很好", "अच्छा", "½ off", "_"])
def test_a_new_project_works_with_classes_in_any_script(name, tmp_path):
    (tmp_path / "items.csv").write_text("id,text\n1,a b\n2,c d\n", encoding="utf-8")
    answer = CliRunner().invoke(
        cli, ["init", str(tmp_path / "p"), "--class", name, "--class", "other", "--data", str(tmp_path / "items.csv")]
    )
    assert answer.exit_code == 0, answer.output
    answer = CliRunner().invoke(cli, ["label", "--project", str(tmp_path / "p")])
    assert answer.exit_code == 0, answer.output


def test_a_class_is_the_same_however_its_accents_are_encoded():
    schema = wh.LabelSchema(["caf\u00e9", "th\u00e9"])
    other = "cafe\u0301"
    table = pd.DataFrame({"item": [1, 1], "annotator": ["a", "b"], "label": [other, "caf\u00e9"]})
    texts = pd.DataFrame({"text": ["x"]})
    assert schema.encode(other) == 0
    assert schema.written(other) == "caf\u00e9"
    assert wh.Votes.from_long(table, schema).to_matrix().tolist() == [[0, 0]]
    functions = [wh.labeling_function(name="f")(lambda x: other), wh.keyword("k", ["x"], label=other)]
    assert wh.apply(functions, texts, schema).to_matrix().tolist() == [[0, 0]]
