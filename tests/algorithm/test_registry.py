"""Games, families, settings and classes by name: all can be had, and what is asked wrongly is named."""

import pytest

from micra_lite.extensions.checkpoint import CLASSES, find_class
from micra_lite.registry import external_family, make, names, settings_for


@pytest.mark.parametrize("name", names())
def test_every_name_has_a_game_a_family_settings_and_an_agent(name):
    game = make(name)
    assert game.name == name
    family = external_family(name, game)
    assert len(family.split("held-out")) == 64
    assert settings_for(name, seed=7).seed == 7


@pytest.mark.parametrize("name", CLASSES)
def test_classes_are_found_by_their_own_names(name):
    assert find_class(name).__name__ == name


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: make("tennis"), "unknown game 'tennis'; the known games are .*'pursuit'"),
        (lambda: make("climbing", size=3), r"climbing takes no options; got \['size'\]"),
        (lambda: make("crossing", size=3), r"crossing has no option \['size'\]; it has \['lanes', .*'view'\]"),
        (lambda: external_family("tennis"), "unknown game 'tennis'"),
        (lambda: external_family("pursuit", make("climbing")), "'pursuit' does not belong to the game 'climbing'"),
        (lambda: find_class("os.system"), "'os.system' is none of the known classes"),
    ],
)  # fmt: skip
def test_mistakes_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()
