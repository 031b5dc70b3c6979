"""The map in the head of every lesson: all its parts, what is lit, and an explanation for each word."""

import re
from html import unescape

import pytest

from micra_lite.widgets import course_map
from micra_lite.widgets.course_map import NAMES, PHASE, PHASES, ROWS, TAUGHT, VERBS
from micra_lite.widgets.drawing import svg


def test_everything_that_can_be_lit_is_on_the_map_with_an_explanation():
    assert {*ROWS, *PHASES} == set(NAMES)
    drawn = unescape(course_map().view.value)
    labels = re.findall(r'class="micra-term" tabindex="0" role="note" aria-label="([^"]+)"', drawn)
    assert len(labels) == len(NAMES)
    for shown, *lines in NAMES.values():
        assert f"{shown}: {' '.join(lines)}" in labels
        assert all(f">{line}</text>" in drawn for line in lines)
    assert drawn.count('class="micra-tip"') == len(NAMES)


@pytest.mark.parametrize("lit", [("critic",), ("imitator", "online adaptation"), ()])
def test_the_lesson_s_part_is_lit_and_said(lit):
    drawn = course_map(*lit)
    boxes = re.findall(r'class="micra-box".*?fill="(#\w+)"', drawn.view.value)
    expected = [(not lit) or name in lit for name in (*ROWS, *PHASES)]
    assert [box == "#0072B2" for box in boxes] == expected
    here = drawn.alt.split("This lesson: ")[1]
    assert here == ("all of it." if not lit else {1: "critic.", 2: "meta-imitator, online adaptation."}[len(lit)])


def test_the_words_of_the_map_say_what_each_network_does_in_each_phase():
    alt = course_map().alt
    for name, (taught, *does) in ROWS.items():
        for phase, words in zip(PHASES, does, strict=True):
            assert f"{phase}: {words}" in alt
        assert f"{NAMES[name][0]}: {VERBS.get(name, 'learns from {}').format(taught)};" in alt


def test_the_words_fit_their_columns_in_full_size():
    for taught, *does in ROWS.values():
        assert svg.fitting(taught, TAUGHT, 12) == 12
        assert [svg.fitting(words, PHASE, 12) for words in does] == [12] * len(PHASES)


def test_online_the_networks_stay_and_a_copy_of_the_imitator_s_parameters_adapts():
    online = {name: does[1] for name, (_, *does) in ROWS.items()}
    assert online["imitator"] == "a copy θ′ adapts"
    assert online["extractor"] == online["critic"] == "stays as it is"
    assert "no network changes" in NAMES["online adaptation"][2]


def test_a_part_that_does_not_exist_is_named():
    with pytest.raises(ValueError, match="no part 'eyes'; it has"):
        course_map("critic", "eyes")


def test_the_static_copy_is_a_picture_with_words():
    twin = course_map("critic").twin()
    assert "data:image/svg" in twin
    assert "<svg" not in twin
    assert 'alt="Map of MICRA' in twin
