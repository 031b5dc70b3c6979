"""The variance study leaves out what memory does not hold, and says so."""

from micra_lite.exact.tabulate import table_entries


def test_tables_that_are_too_large_are_named_and_left_out(benchmark):
    variance = benchmark("variance")
    work, words = variance.within(variance.problems(), most := 5_000_000)
    sizes = [table_entries(games[0][0]) for _, _, _, games in work]
    assert sizes == sorted(sizes)
    assert sizes[-1] <= most
    assert {(task, agents) for task, agents, _, _ in work} >= {("pursuit", 3), ("crossing", 4), ("random payoffs", 6)}
    assert len(work) + len(words) == len(list(variance.problems()))
    assert len(words) == 8  # four grid tasks with four agents, beside two kinds of externals
    assert "pursuit, 4 agents, held-out: a table of 36,905,625 entries" in " ".join(words)
    assert variance.within(variance.problems(), variance.MOST_ENTRIES)[1] == []  # all are measured
