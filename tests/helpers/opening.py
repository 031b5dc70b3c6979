"""The opening game's rules once more, from its data alone: for tests of the page and of what Python computes."""

STEPS = {"stay": (0, 0), "north": (-1, 0), "south": (1, 0), "west": (0, -1), "east": (0, 1)}
NAMES = list(STEPS)


def landed(cell, name):
    """Where a move ends on 3 × 3 cells; a wall stops it."""
    row, column = divmod(cell, 3)
    down, right = STEPS[name]
    row, column = row + down, column + right
    return 3 * row + column if row in range(3) and column in range(3) else cell


def replay(prey, own, mate=None):
    """All three's cells after each move of a round, and whether the prey was caught in it.

    Args: prey, an entry of the data; own, a function from the step and the state's number to hunter 1's move; mate, the same
    for hunter 2 (None: as the data says).
    """
    h1, h2, p = prey["start"]
    record = []
    for t, moves in enumerate(prey["moves"]):
        state = 81 * h1 + 9 * h2 + p
        first = NAMES[own(t, state)]
        second = NAMES[mate(t, state) if mate else int(prey["mate"][state])]
        h1, h2, p = landed(h1, first), landed(h2, second), landed(p, NAMES[int(moves[state])])
        caught = p in {h1, h2}
        if caught:
            free = sorted(set(range(9)) - {h1, h2})
            p = free[int(prey["again"][t] * len(free))]
        record.append(((h1, h2, p), caught))
    return record


def catches(record):
    return sum(caught for _, caught in record)
