"""The balanced tree of `theory.sharpened_proof` on finite spaces: every step of the proof, by listing outcomes."""

from fractions import Fraction

import numpy as np
import pytest
from flint import arb

from numerics.compile import compile_expression
from numerics.lemma_products import ProductSpace, random_space, random_table
from theory.lemmas import a, b, c, n
from theory.moment_proofs import moment_mcdiarmid, rio
from theory.sharpened_lemmas import TREE_MOMENT
from theory.sharpened_proof import _A, _B, tree_moment
from theory.symbols import M, p

TREE = tree_moment()
ORDERS = (2, 4, 6)


def split(block):
    """Cut a block in two, the larger part first."""
    middle = (len(block) + 1) // 2
    return block[:middle], block[middle:]


def nodes(block, depth=0):
    """List the nodes with two children: their depth, and the children."""
    if len(block) > 1:
        left, right = split(block)
        yield depth, left, right
        yield from nodes(left, depth + 1)
        yield from nodes(right, depth + 1)


class Family:
    """Centred functions on a product space, as fractions of integers over a common scale."""

    def __init__(self, space: ProductSpace, tables) -> None:
        self.space, every = space, list(range(space.size))
        self.total = space.total(every)
        self.g = [np.broadcast_to(space.centre(f, i), space.shape) for i, f in enumerate(tables)]

    def mean(self, f, axes):
        """The mean over some variables, times the total weight of all."""
        rest = self.space.total([k for k in range(self.space.size) if k not in axes])
        return np.broadcast_to(rest * self.space.average(f, axes), self.space.shape)

    def norm(self, f, scale, order):
        return float(self.space.distribution(f, scale).moment(order)) ** (1 / order)

    def difference(self, i, block, sibling):
        """g_i averaged over its block less the same averaged over the sibling besides; scaled by the total twice."""
        mates = [k for k in block if k != i]
        return self.mean(self.g[i], mates) - self.mean(self.g[i], [*mates, *sibling])

    @property
    def change(self):
        scale = self.total
        return max(Fraction(self.space.differences(g, i), scale) for i, g in enumerate(self.g))


def families():
    rng = np.random.default_rng(11)
    for size in (2, 3, 4, 5):
        for _ in range(3):
            space = random_space(rng, size, size)
            yield Family(space, [random_table(rng, space) for _ in range(space.size)])


FAMILIES = list(families())


def evaluate(expression, **values):
    return float(compile_expression(expression)(**values))


@pytest.mark.parametrize("index", range(len(FAMILIES)))
def test_every_step_of_the_tree(index):
    family = FAMILIES[index]
    size, scale, change = family.space.size, family.total**2, float(family.change)
    one, block, node = (TREE.step(name).computed for name in ("one difference", "one block", "one node"))
    added = [family.mean(g, [k for k in range(size) if k != i]) for i, g in enumerate(family.g)]
    for _, left, right in nodes(list(range(size))):
        both = 0
        for part, sibling in ((left, right), (right, left)):
            terms = {i: family.difference(i, part, sibling) for i in part}
            for i, term in terms.items():
                added[i] = added[i] + term
                # It depends on Z_i and what is outside the block only, is centred in Z_i and over the sibling.
                assert all(np.all(term.max(axis=k) == term.min(axis=k)) for k in part if k != i)
                assert not np.any(family.space.average(term, [i]))
                assert not np.any(family.space.average(term, sibling))
                for order in ORDERS:
                    limit = evaluate(one["norm"].subs(_B, len(sibling)), b=change, p=order)
                    assert family.norm(term, scale, order) <= limit * (1 + 1e-12)
            summed = sum(terms.values())
            both = both + summed
            for order in ORDERS:
                limit = evaluate(block["norm"].subs({_A: len(part), _B: len(sibling)}), b=change, p=order)
                assert family.norm(summed, scale, order) <= limit * (1 + 1e-12)
        for order in ORDERS:
            limit = evaluate(node["per variable"], b=change, p=order) * (len(left) + len(right))
            assert family.norm(both, scale, order) <= limit * (1 + 1e-12)
    # The differences on the way from a leaf to the root, and the mean given Z_i, are g_i: exactly.
    assert all(np.all(total == family.total * g) for total, g in zip(added, family.g, strict=True))


@pytest.mark.parametrize("index", range(len(FAMILIES)))
def test_the_conclusion(index):
    family = FAMILIES[index]
    size = family.space.size
    means = [family.mean(g, [k for k in range(size) if k != i]) for i, g in enumerate(family.g)]
    largest = max(Fraction(int(np.max(abs(m))), family.total**2) for m in means)
    bound = compile_expression(TREE_MOMENT.bound, (n, p, M, b))
    for order in ORDERS:
        left = family.space.distribution(sum(family.g), family.total).norm(order)
        right = bound.at_ball(n=size, p=order, M=largest, b=family.change)
        assert left <= right * arb("1.000000000001")


@pytest.mark.parametrize("size", [*range(1, 40), 63, 64, 65, 1000, 1024, 1025])
def test_depth_and_size_of_the_levels(size):
    """There are ceil(log2 n) levels, and the nodes of each have n variables at most."""
    sizes = {}
    for depth, left, right in nodes(list(range(size))):
        sizes[depth] = sizes.get(depth, 0) + len(left) + len(right)
    assert len(sizes) == (size - 1).bit_length()
    assert all(total <= size for total in sizes.values())


def test_one_increment_of_rio_and_moments_of_a_sign():
    """Where they are attained or nearly so: Rademacher sums, p = 2 and 4."""
    gain = rio().step("one increment").computed["gain"]
    for order in (2, 4, 8):
        law = [Fraction(1, 2) * abs(1 + sign) ** order for sign in (1, -1)]
        assert float(sum(law)) ** (2 / order) <= 1 + evaluate(gain, a=1, p=order) + 1e-12
    assert evaluate(moment_mcdiarmid().conclusion, c=2, n=1, p=2) == pytest.approx(2)
    assert {a, c} & gain.free_symbols == {a}
