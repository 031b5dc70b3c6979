"""Exercises of sheet 04, targets: by hand, with the expectation over all next actions, and for a new external."""

from __future__ import annotations

import torch

from ..exercise import exercise
from .random_cases import SIZES, averaged, in_a_table, on_paper, one_of, policy, uniform

LESSON = "04_critic"
NEXT = torch.tensor([[6.0, 2.0, 0.0], [1.0, 3.0, 5.0]])  # Q̄(s', ·) of the text
HUNTER, PREY = torch.tensor([0.2, 0.8]), torch.tensor([0.5, 0.25, 0.25])


def both(rewards, first, second, gamma):
    """Two targets, each with a future of its own."""
    return torch.stack([rewards[0] + gamma * first, rewards[1] + gamma * second])


def other_targets(generator):
    """Two rewards, Q̄ (2, 3), both policies, γ."""
    rewards = torch.randint(1, 6, (2,), generator=generator).float()
    return rewards, *on_paper(generator), one_of(generator, 0.5, 0.8, 0.9)


@exercise(
    "number", lesson=LESSON, title="Two targets by hand", difficulty=1, importance=5, minutes=6,
    example=(torch.tensor([1.0, 2.0]), NEXT, HUNTER, PREY, 0.5), expected=[2.35, 2.0],
    vary=other_targets, advice="The future is a sum over six joint actions. Does yours have all six, each with both probabilities?",
    rewordings=[
        ("Two transitions lead to $s'$. γ is 0.5.", lambda rewards, next_q, hunter, prey, gamma:
         "For this exercise alone, $\\bar Q(s', \\cdot)$ and both policies are these:\n\n"
         f"{in_a_table(next_q, hunter, prey, ('go', 'stay'))}\n\nTwo transitions lead to $s'$. γ is {gamma:g}."),
        ("The first paid 1.", lambda rewards, next_q, hunter, prey, gamma: f"The first paid {rewards[0]:g}."),
        ("The second paid 2.", lambda rewards, next_q, hunter, prey, gamma: f"The second paid {rewards[1]:g}."),
    ],
    hints=(
        "Which of the two has a future? Both players will act there, according to their policies.",
        r"$y = r + \gamma \sum_{a, c} \pi(a)\, \delta(c)\, \bar Q(s', a, c)$, and $y = r$ after an end.",
        lambda rewards, next_q, hunter, prey, gamma:
        f"future = {hunter[0]:g} * ({' + '.join(f'{p:g} * {x:g}' for p, x in zip(prey, next_q[0], strict=True))}) + "
        f"{hunter[1]:g} * (...)\ntargets = [{rewards[0]:g} + {gamma:g} * future, ...]",
    ),
    mistakes=[
        ("truncation_taken_for_an_end", lambda r, q, hunter, prey, gamma: r,
         "Your first target has no future. That episode is only truncated: the game goes on, so bootstrap."),
        ("bootstrap_after_the_end", lambda r, q, hunter, prey, gamma: both(r, hunter @ q @ prey, hunter @ q @ prey, gamma),
         "Your second target has a future. But there the game is over: bootstrap only if it goes on."),
        ("end_and_cut_exchanged", lambda r, q, hunter, prey, gamma: both(r, 0 * r[0], hunter @ q @ prey, gamma),
         "You bootstrap after the end and not after the truncation. Do it the other way round."),
        ("max_instead_of_expectation", lambda r, q, hunter, prey, gamma: both(r, q.max(), 0, gamma),
         "You took the largest entry. Nobody chooses it on purpose: take the expectation over both policies."),
        ("team_maximises", lambda r, q, hunter, prey, gamma: both(r, (q @ prey).max(), 0, gamma),
         "You took the hunter's best action, as Q-learning does. The exercise asks for the value of the hunter's *policy*."),
        ("externals_policy_left_out", lambda r, q, hunter, prey, gamma: both(r, hunter @ q.mean(1), 0, gamma),
         "In your answer, the prey plays all moves equally often. Weight them by its policy."),
        ("all_uniform", lambda r, q, hunter, prey, gamma: both(r, q.mean(), 0, gamma),
         "You took the plain mean of the table. Weight each entry by both policies."),
        ("discount_forgotten", lambda r, q, hunter, prey, gamma: both(r, hunter @ q @ prey, 0, 1),
         "The discount is missing: the future counts only γ times as much."),
        ("reward_discounted", lambda r, q, hunter, prey, gamma: gamma * both(r, hunter @ q @ prey, 0, 1),
         "You discounted the reward, too. It is paid at once and counts in full."),
        ("likeliest_action", lambda r, q, hunter, prey, gamma: both(r, q[hunter.argmax(), prey.argmax()], 0, gamma),
         "You used only the likeliest joint action. Take the expectation over all of them."),
        ("reward_missing", lambda r, q, hunter, prey, gamma: both(0 * r, hunter @ q @ prey, 0, gamma),
         "These are only the futures. Add the rewards."),
    ],
)  # fmt: skip
def targets_by_hand(rewards, next_q, hunter, prey, gamma):
    """Two temporal-difference targets, (2,): rewards (2,), Q̄ (2, 3) after the first; the second ends the episode."""
    future = (hunter @ next_q * prey).sum()
    return torch.stack([rewards[0] + gamma * future, rewards[1]])


def future(next_q, policies):
    """The expectation of Q̄(s', ·) over all agents' next actions (B,)."""
    return torch.stack([policies[0][b] @ averaged(q, [p[b] for p in policies], 0) for b, q in enumerate(next_q)])


def best_of_team(next_q, policies):
    """Q̄ of the team's best joint action, averaged over the external, which is last (B,)."""
    return torch.stack([(q @ policies[-1][b]).max() for b, q in enumerate(next_q)])


def likeliest(next_q, policies):
    """Q̄ of all agents' likeliest next actions (B,)."""
    return torch.stack([q[tuple(int(p[b].argmax()) for p in policies)] for b, q in enumerate(next_q)])


def single_entries(result, reward, over, next_q, gamma):
    """Whether every future is a single entry of its table."""
    ahead = (torch.from_numpy(result).to(reward.dtype) - reward)[~over] / gamma
    return (abs(next_q[~over].flatten(1) - ahead[:, None]).min(1).values < 1e-4).all()


def some_ends(generator, k):
    """A batch (B,) with terminated transitions, truncated ones, and others."""
    sizes, B = SIZES[k % len(SIZES)], 5 + k % 2
    kind = torch.arange(B).roll(k) % 3
    q = 3 * torch.randn(B, *sizes, generator=generator)
    policies = [policy(generator, B, size) for size in sizes]
    return 2 * torch.randn(B, generator=generator), kind == 0, kind == 1, q, policies, 0.5 + 0.1 * (k % 5)


@exercise(
    lesson=LESSON, title="A batch of targets", difficulty=3, importance=5, minutes=14,
    example=(
        torch.tensor([1.0, 2.0, 0.0]), torch.tensor([False, True, False]), torch.tensor([True, False, False]),
        torch.stack([NEXT, NEXT, -NEXT]), [torch.stack([HUNTER, HUNTER, torch.tensor([0.5, 0.5])]), PREY.expand(3, -1)], 0.5,
    ),
    expected=[2.35, 2.0, -1.5], draw=some_ends,
    hints=(
        "Two questions for each transition: is there a future, and what is it worth if all follow their policies?",
        r"$y = r + \gamma\,(1 - \text{terminated}) \sum_{a'} \prod_j \pi_j(a'_j \mid s')\, \bar Q(s', a')$",
        """\
        def expected_target(reward, terminated, truncated, next_q, policies, gamma):
            future = next_q  # (B, A_1, …, A_n)
            for p in reversed(policies):
                future = ...  # average over the last axis, each transition with its own policy
            return torch.where(..., reward, ...)""",
    ),
    mistakes=[
        ("truncation_taken_for_an_end", lambda r, over, cut, q, policies, gamma: r + gamma * ~(over | cut) * future(q, policies),
         "You do not bootstrap if the episode is truncated. That is not an end: the game goes on."),
        ("bootstrap_after_the_end", lambda r, over, cut, q, policies, gamma: r + gamma * future(q, policies),
         "You always bootstrap. After an end (terminated) there is no future: then y = r."),
        ("no_future", lambda r, over, cut, q, policies, gamma: r,
         "Your target is only the reward. If the game goes on, add the discounted value of s'."),
        ("batch_averaged", lambda r, over, cut, q, policies, gamma: (r + gamma * ~over * future(q, policies)).mean(),
         "You averaged over the batch. Each transition has its own target."),
        ("end_and_cut_exchanged", lambda r, over, cut, q, policies, gamma: r + gamma * ~cut * future(q, policies),
         "You bootstrap after an end and not after a truncation. Do it the other way round."),
        ("only_after_the_end", lambda r, over, cut, q, policies, gamma: r + gamma * over * future(q, policies),
         "You bootstrap only if the game is over. Do it in all other cases."),
        ("reward_missing_after_the_end", lambda r, over, cut, q, policies, gamma: ~over * (r + gamma * future(q, policies)),
         "After an end your target is zero. The last reward still counts: only the future is missing."),
        ("discount_forgotten", lambda r, over, cut, q, policies, gamma: r + ~over * future(q, policies),
         "The discount is missing: the future counts only γ times as much."),
        ("reward_discounted", lambda r, over, cut, q, policies, gamma: gamma * (r + ~over * future(q, policies)),
         "You discounted the reward, too. It is paid at once and counts in full."),
        ("max_instead_of_expectation", lambda r, over, cut, q, policies, gamma: r + gamma * ~over * q.flatten(1).max(1).values,
         "You took the largest entry of Q̄(s', ·). Nobody chooses it on purpose: take the expectation over all policies."),
        ("team_maximises", lambda r, over, cut, q, policies, gamma: r + gamma * ~over * best_of_team(q, policies),
         "You took the team's best action, as Q-learning does. The critic evaluates the team's *policies*: average over them."),
        ("externals_policy_left_out",
         lambda r, over, cut, q, policies, gamma: r + gamma * ~over * future(q, [*policies[:-1], *uniform(policies[-1:])]),
         "In your answer, the last agent, the external, plays all moves equally often. Weight them by its policy."),
        ("all_uniform", lambda r, over, cut, q, policies, gamma: r + gamma * ~over * q.flatten(1).mean(1),
         "You took the plain mean of Q̄(s', ·). Weight each joint action by its probability."),
        ("likeliest_action", lambda r, over, cut, q, policies, gamma: r + gamma * ~over * likeliest(q, policies),
         "You used only the likeliest action of each agent. Take the expectation over all joint actions."),
        ("one_policy_for_all_states",
         lambda r, over, cut, q, policies, gamma: r + gamma * ~over * future(q, [p[:1].expand_as(p) for p in policies]),
         "You used the policies of the first transition for all of them. Each has its own s', and its own row."),
    ],
    properties=[
        ("reward_alone_after_the_end",
         lambda result, r, over, cut, q, policies, gamma: abs(result - r.double().numpy())[over.numpy()].max(initial=0) < 1e-3,
         "if the episode has terminated, the target is only the reward. Yours is not."),
        ("drawn_instead_of_expected",
         lambda result, r, over, cut, q, policies, gamma: not single_entries(result, r, over, q, gamma),
         "each of your futures is a single entry of Q̄(s', ·). Did you draw the next action? Take the expectation over all of them."),
    ],
)  # fmt: skip
def expected_target(reward, terminated, truncated, next_q, policies, gamma):
    """y, (B,): reward and flags (B,), next_q (B, A_1, …, A_n), policies n × (B, A_j). Only termination has no future."""
    future = next_q
    for p in reversed(policies):
        future = torch.einsum("b...a,ba->b...", future, p)
    return torch.where(terminated, reward, reward + gamma * future)


def data_of_another(generator, k):
    """Rewards, next states and actions (B, …), Q̄ (S, A_1, A_2), policies of the team, the old and the new external."""
    S, B, sizes = 3 + k % 2, 5, SIZES[k % 3]
    drawn = [torch.randint(size, (B,), generator=generator) for size in (S, *sizes)]
    slow = 3 * torch.randn(S, *sizes, generator=generator)
    policies = [
        policy(generator, S, size) for size in (*sizes, sizes[1])
    ]  # of the team, of the old and the new external
    reward = torch.randn(B, generator=generator)
    return reward, drawn[0], torch.stack(drawn[1:], 1), slow, *policies, 0.5 + 0.1 * (k % 5)


def valued(slow, team, external):
    """The expectation of Q̄(s, ·) in each state (S,)."""
    return torch.einsum("sac,sa,sc->s", slow, team, external)


@exercise(
    lesson=LESSON, title="Old data, new external", difficulty=3, importance=5, minutes=12,
    example=(
        torch.tensor([1.0, 0.0]), torch.tensor([0, 1]), torch.tensor([[1, 0], [0, 2]]),
        torch.stack([NEXT, torch.tensor([[4.0, 0.0, 2.0], [4.0, 0.0, 2.0]])]), torch.stack([HUNTER, HUNTER]),
        torch.tensor([[0.5, 0.25, 0.25], [0.25, 0.5, 0.25]]), torch.tensor([[0.25, 0.25, 0.5], [0.5, 0.25, 0.25]]), 0.5,
    ),
    expected=[2.6, 1.25], draw=data_of_another,
    hints=(
        "Once the external's move is known, what in a transition still depends on who the external was? And what in the target?",
        r"$y = r + \gamma \sum_{a, c} \pi(a \mid s')\, \pi_{\text{new}}(c \mid s')\, \bar Q(s', a, c)$; not all arguments are needed.",
        """\
        def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
            there = slow[next_state]  # (B, A_1, A_2)
            future = ...
            return reward + gamma * future""",
    ),
    mistakes=[
        ("old_external_kept", lambda r, s, a, slow, team, old, new, gamma: r + gamma * valued(slow, team, old)[s],
         "You averaged over the *old* external's policy. From now on the new one plays: use its policy in the expectation."),
        ("both_externals", lambda r, s, a, slow, team, old, new, gamma: r + gamma * valued(slow, team, (old + new) / 2)[s],
         "You mixed both externals. From now on only the new one plays."),
        ("next_action_from_the_data", lambda r, s, a, slow, team, old, new, gamma: r + gamma * slow[s, a[:, 0], a[:, 1]],
         "You used the next actions of the data. They are the old external's: take the expectation instead."),
        ("externals_move_from_the_data",
         lambda r, s, a, slow, team, old, new, gamma: r + gamma * (team[s] * slow[s, :, a[:, 1]]).sum(1),
         "You kept the old external's move at s'. The new one may move differently: average over its policy."),
        ("own_move_from_the_data", lambda r, s, a, slow, team, old, new, gamma: r + gamma * (new[s] * slow[s, a[:, 0]]).sum(1),
         "You kept the team's next action from the data. Average over the team's policy as well."),
        ("importance_weighted",
         lambda r, s, a, slow, team, old, new, gamma: r + gamma * (new / old)[s, a[:, 1]] * slow[s, a[:, 0], a[:, 1]],
         "You weighted the action of the data by new / old. That is right only on average, and noisy: sum over all actions."),
        ("externals_policy_left_out",
         lambda r, s, a, slow, team, old, new, gamma: r + gamma * valued(slow, team, *uniform([new]))[s],
         "In your answer, the external plays all moves equally often. Use the new external's policy in the expectation."),
        ("max_instead_of_expectation",
         lambda r, s, a, slow, team, old, new, gamma: r + gamma * slow.flatten(1).max(1).values[s],
         "You took the largest entry of Q̄(s', ·). Nobody chooses it on purpose: take the expectation."),
        ("team_maximises",
         lambda r, s, a, slow, team, old, new, gamma: r + gamma * torch.einsum("sac,sc->sa", slow, new).max(1).values[s],
         "You took the team's best action. The critic evaluates the team's *policy*: average over it."),
        ("discount_forgotten", lambda r, s, a, slow, team, old, new, gamma: r + valued(slow, team, new)[s],
         "The discount is missing: the future counts only γ times as much."),
    ],
)  # fmt: skip
def relabelled_target(reward, next_state, next_actions, slow, team, old, new, gamma):
    """y, (B,), of old transitions for a new external: the reward stays, the expectation changes."""
    future = torch.einsum("bac,ba,bc->b", slow[next_state], team[next_state], new[next_state])
    return reward + gamma * future
