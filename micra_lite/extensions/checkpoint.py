"""Save, load, resume: the whole `TrainingState` in one file, written atomically, read without running code from it.

A training that is killed at any moment and resumed from its last file ends with the same parameters, bit for bit, as
one never killed (on the same machine, and for a game of ours: environments from elsewhere keep their own hidden state).
"""

from __future__ import annotations

import dataclasses
import os
import zipfile
from pathlib import Path
from typing import Any

import torch

from ..agent import Belief
from ..game import Game
from ..registry import find, make
from ..replay import Play
from ..training_state import TrainingState
from .input_checks import compare, facts_of, plain

FORMAT, VERSION = "micra_lite training state", 9
# The classes that a checkpoint may name, by their names alone.
CLASSES = {
    "Agent": "agent:Agent",
    "IndependentAgent": "baselines.networks:IndependentAgent",
    "CentralValueAgent": "baselines.networks:CentralValueAgent",
    "MaddpgAgent": "baselines.networks:MaddpgAgent",
    "Settings": "settings:Settings",
    "OnPolicySettings": "baselines.on_policy:OnPolicySettings",
}


def save(path: str | Path, state: TrainingState) -> None:
    """Write `state` to `path`. A reader finds the old file or the new one, never half of one."""
    replay, belief = state.replay, state.belief
    content = {
        "format": FORMAT, "version": VERSION,
        "game": {"name": plain(state.game.name), "options": plain(state.game.options)},
        "facts": facts_of(state.game),
        "settings": {"class": type(state.settings).__name__, "values": dataclasses.asdict(state.settings)},
        "agent": {"class": type(state.agent).__name__, "parameters": state.agent.state_dict()},
        "optimisers": {name: optimiser.state_dict() for name, optimiser in state.optimisers.items()},
        "replay": {"next": replay.next, "store": {n: t[: replay.size] for n, t in replay.store.items()}},
        "generator": state.generator.get_state(),
        "updates": state.updates, "environment_steps": state.environment_steps,
        "belief": None if belief is None else vars(belief),
    }  # fmt: skip
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with open(partial, "wb") as file:
            torch.save(content, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _read(path: Path) -> dict[str, Any]:
    """The file's content; ValueError when it is damaged or not ours."""
    if not path.exists():
        raise FileNotFoundError(f"there is no checkpoint at {path}")
    try:
        with zipfile.ZipFile(path) as archive:  # its checksums find a damaged byte anywhere
            if damaged := archive.testzip():
                raise ValueError(f"its part {damaged!r} does not match its checksum; use an older copy")
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"{path} is not a checkpoint of micra_lite, or it is damaged ({error})") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ValueError(f"{path} is not a checkpoint of micra_lite")
    if content["version"] != VERSION:
        by = "an older micra_lite: train anew" if content["version"] < VERSION else "a newer one: update this one"
        raise ValueError(f"{path} has format {content['version']} (this reads {VERSION}); it was written by {by}")
    return content


def find_class(name: str) -> Any:
    """A class of `CLASSES`. Raises ValueError for any other name."""
    if name not in CLASSES:
        raise ValueError(f"{name!r} is none of the known classes, {sorted(CLASSES)}")
    return find(CLASSES[name])


def load(path: str | Path, game: Game | None = None) -> TrainingState:
    """The `TrainingState` saved at `path`; give a `game` that is not ours.

    Raises ValueError for a damaged or foreign file, and for a game that differs from the one trained on.
    """
    content = _read(Path(path))
    name, options = content["game"]["name"], content["game"]["options"]
    if game is None:
        try:
            game = make(name, **options)
        except ValueError as error:
            raise ValueError(
                f"{path} was trained on {name!r}, which is none of ours: load(path, game) takes it"
            ) from error
    elif game.name != name:
        raise ValueError(f"{path} was trained on {name!r}; the game given is {game.name!r}")
    compare(content["facts"], game, f"{path} was trained on another {name!r}")
    settings = find_class(content["settings"]["class"])(**content["settings"]["values"])
    state = TrainingState.initial(game, settings, find_class(content["agent"]["class"]))
    state.agent.load_state_dict(content["agent"]["parameters"])
    for key, optimiser in state.optimisers.items():
        optimiser.load_state_dict(content["optimisers"][key])
    if stored := content["replay"]["store"]:
        state.replay.add(stored.pop("external"), Play(**stored))
        state.replay.next = content["replay"]["next"]
    state.generator.set_state(content["generator"])
    state.updates, state.environment_steps = content["updates"], content["environment_steps"]
    if content["belief"] is not None:
        state.belief = Belief(**content["belief"])
    return state
