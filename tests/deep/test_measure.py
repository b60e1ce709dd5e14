"""Figures of a generated sample against closed forms, and a gate that real images pass and known defects do not."""

import dataclasses

import numpy as np
import pytest
import scipy.linalg

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from deep.classifiers import small_resnet  # noqa: E402
from deep.data import Images, digits  # noqa: E402
from deep.device import seeded_generator  # noqa: E402
from deep.gate import copied, make_gate, mislabelled, narrowed  # noqa: E402
from deep.measure import (  # noqa: E402
    Judge,
    Quality,
    Seen,
    frechet_distance,
    measure,
    nearest,
    neighbour_ratio,
    spreads,
    train_judge,
    worst_share,
)
from deep.runtime import Runtime  # noqa: E402
from deep.subsets import stratified_subset  # noqa: E402

CPU = Runtime(torch.device("cpu"))


@pytest.fixture(scope="module")
def parts():
    return digits()


@pytest.fixture(scope="module")
def judge(parts):
    return train_judge(parts.judge, 0, CPU)


@pytest.fixture(scope="module")
def train(parts):
    return stratified_subset(parts.pool, 200, np.random.default_rng(0))


@pytest.fixture(scope="module")
def gate(parts, judge, train):
    return make_gate(parts, train, judge, np.random.default_rng(1))


@pytest.fixture(scope="module")
def pool(parts, judge):
    return judge.look(parts.pool)


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=seeded_generator(seed), dtype=torch.float64)


def seen(points, label=None, classes=1):
    label = torch.zeros(len(points)).long() if label is None else label
    return Seen(points, points, torch.ones(len(points)).double(), label, classes)


# Figures


def whitened(count, dimension, seed):
    """Points whose sample mean is 0 and whose sample covariance is the identity, up to rounding."""
    x = noise(count, dimension, seed=seed)
    x = x - x.mean(dim=0)
    root = torch.linalg.cholesky(x.T @ x / (count - 1))
    return torch.linalg.solve_triangular(root, x.T, upper=False).T


def test_frechet_distance_of_normals_with_commuting_covariances():
    first, second = torch.tensor([1.0, 2.0, 0.5]).double(), torch.tensor([3.0, 0.5, 0.5]).double()
    shift = torch.tensor([1.0, -1.0, 2.0]).double()
    found = frechet_distance(whitened(50, 3, 0) * first, whitened(40, 3, 1) * second + shift)
    assert found == pytest.approx(6 + (4 + 2.25 + 0), rel=1e-9)


def test_frechet_distance_in_general_by_another_route():
    first, second = noise(60, 4), noise(50, 4, seed=1) @ noise(4, 4, seed=2) + 1
    one, two = np.cov(first.numpy().T), np.cov(second.numpy().T)
    shift = first.mean(dim=0) - second.mean(dim=0)
    root = scipy.linalg.sqrtm(one @ two)
    expected = float(shift @ shift) + np.trace(one + two - 2 * root.real)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)
    assert frechet_distance(second, first) == pytest.approx(expected, rel=1e-9)


def test_frechet_distance_to_itself_is_0_even_of_less_than_full_rank():
    x = noise(5, 9)
    assert 0 <= frechet_distance(x, x) < 1e-6


def test_spreads_are_mean_distances_within_a_class():
    points = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 8.0], [1.0, 1.0], [1.0, 1.0]]).double()
    label = torch.tensor([0, 0, 0, 1, 1])
    np.testing.assert_allclose(spreads(points, label, 2), [(5 + 8 + 5) / 3, 0])
    with pytest.raises(ValueError, match="Found 0 of class 2"):
        spreads(points, label, 3)


def test_shares_and_nearest_by_hand():
    sample = seen(noise(5, 2), torch.tensor([0, 1, 0, 1, 1]), classes=2)
    assert worst_share(dataclasses.replace(sample, right=torch.tensor([1.0, 1.0, 0.0, 1.0, 0.0]))) == 0.5
    there = torch.tensor([[0.0, 0.0], [10.0, 0.0]]).double()
    np.testing.assert_allclose(nearest(torch.tensor([[3.0, 4.0], [10.0, 1.0]]).double(), there), [5, 1])


def test_copies_have_ratio_0_and_fresh_points_1_whatever_the_sizes():
    rng = np.random.default_rng(0)
    train, held, sample = seen(noise(1000, 4)), seen(noise(200, 4, seed=1)), seen(noise(400, 4, seed=2))
    assert neighbour_ratio(sample, train, held, rng) == pytest.approx(1, abs=0.05)
    assert neighbour_ratio(sample, held, train, rng) == pytest.approx(1, abs=0.05)
    naive = nearest(sample.points, train.points).mean() / nearest(sample.points, held.points).mean()
    assert naive < 0.8  # without equal sizes it would look like memory
    assert neighbour_ratio(held, held, train, rng) < 1e-4


# The judge


def test_the_judge_knows_real_digits_it_has_not_seen(parts, judge, pool):
    assert pool.right.mean() > 0.95
    assert judge.look(parts.test).right.mean() > 0.95


def test_the_judge_s_answers_are_its_network_s(parts, judge, pool):
    logits = judge.model.eval()(parts.pool.pixels())
    disagreements = ((logits.argmax(dim=1) == parts.pool.label).double() != pool.right).sum()
    assert disagreements == 0
    assert torch.equal(pool.points.float(), parts.pool.pixels().flatten(1))


def test_a_judge_depends_on_its_seed_alone(parts):
    few = parts.judge.select(torch.arange(40))
    settings = dataclasses.replace(train_judge.__defaults__[0], steps=3)
    models = [train_judge(few, seed, CPU, settings).model.state_dict() for seed in (1, 1, 2)]
    assert all(torch.equal(models[0][name], models[1][name]) for name in models[0])
    assert not torch.equal(models[0]["head.weight"], models[2]["head.weight"])


# The gate


def failing(gate, sample, rng):
    quality = measure(sample, gate.train, gate.real, rng)
    return {line.split()[0] for line in gate.failures(quality)}


def unseen(parts, train, judge):
    """The pool without the training set, as the judge sees it."""
    known = set(train.digests())
    return judge.look(
        parts.pool.select(torch.tensor([i for i, key in enumerate(parts.pool.digests()) if key not in known]))
    )


def test_real_images_pass(gate, parts, train, judge):
    rng = np.random.default_rng(2)
    fresh = unseen(parts, train, judge)
    for _ in range(10):
        assert failing(gate, fresh.draw(gate.size, rng), rng) == set()


def test_a_collapse_within_classes_is_seen_by_diversity_and_frechet_not_by_accuracy_and_neighbours(
    gate, parts, train, judge
):
    # Five images of a class, the nearest to one: the judge is content, and none is near the training set.
    rng = np.random.default_rng(3)
    fresh = unseen(parts, train, judge)
    for _ in range(5):
        once = narrowed(narrowed(fresh, rng), rng)
        found = failing(gate, once, rng)
        assert {"diversity", "frechet"} <= found
        assert not {"accuracy", "neighbours"} & found


def test_a_collapse_of_one_class_alone_is_seen_by_diversity(gate, parts, train, judge):
    rng = np.random.default_rng(4)
    fresh = unseen(parts, train, judge)
    collapsed = narrowed(narrowed(fresh, rng), rng)
    label = fresh.label.numpy()
    for k in range(10):
        points = fresh.points.clone()
        points[label == k] = collapsed.points[collapsed.label == k][0] + 1e-3 * noise(int((label == k).sum()), 64)
        assert "diversity" in failing(gate, dataclasses.replace(fresh, points=points), rng)


def test_wrong_labels_are_seen_by_the_worst_class(gate, parts, train, judge):
    rng = np.random.default_rng(5)
    fresh = unseen(parts, train, judge)
    for k in range(10):
        right = fresh.right.clone()
        members = np.flatnonzero(fresh.label.numpy() == k)
        right[torch.from_numpy(rng.permutation(members)[: len(members) * 2 // 5])] = 0
        assert failing(gate, dataclasses.replace(fresh, right=right), rng) == {"worst_class"}
    everywhere = mislabelled(fresh, 0.4, rng)
    assert failing(gate, dataclasses.replace(fresh, right=everywhere.right), rng) == {"accuracy", "worst_class"}


def test_copies_of_the_training_set_are_seen_by_neighbours_only(gate):
    rng = np.random.default_rng(6)
    found = failing(gate, gate.train.take(rng.integers(len(gate.train), size=500)), rng)
    assert found == {"neighbours"}


def test_a_memory_of_the_whole_pool_is_seen(parts, judge):
    rng = np.random.default_rng(7)
    whole = make_gate(parts, parts.pool, judge, rng)
    assert failing(whole, whole.train.take(rng.integers(1000, size=500)), rng) == {"neighbours"}
    assert failing(whole, judge.look(parts.judge), rng) == set()


def test_noise_fails(gate):
    x = (noise(500, 1, 8, 8) / 3).clamp(-1, 1).float()
    quality = gate.measure(Images(x, torch.arange(500) % 10, 10), np.random.default_rng(8))
    assert {line.split()[0] for line in gate.failures(quality)} >= {"accuracy", "worst_class", "frechet"}


def test_thresholds_lie_beyond_what_real_images_have(gate):
    assert [threshold.figure for threshold in gate.thresholds] == list(Quality.__dataclass_fields__)
    for threshold in gate.thresholds:
        assert threshold.least <= threshold.most
        assert threshold.passes(threshold.least)
        assert threshold.passes(threshold.most)
        assert not threshold.passes(threshold.value)
        assert not threshold.passes(float("nan"))
        assert f"Found {threshold.value:.3g}" in threshold.complaint(threshold.value)


def test_a_gate_depends_on_its_seed_alone(parts, judge, train, gate):
    again = make_gate(parts, train, judge, np.random.default_rng(1))
    assert again.thresholds == gate.thresholds
    sample = Images(parts.pool.pixels(), parts.pool.label, 10)
    assert gate.measure(sample, np.random.default_rng(2)) == again.measure(sample, np.random.default_rng(2))


def test_a_judge_that_knows_nothing_makes_no_gate(parts, train):
    untrained = Judge(small_resnet(1, 10, 0), CPU)
    with pytest.raises(ValueError, match="the gate would refuse real images: worst_class"):
        make_gate(parts, train, untrained, np.random.default_rng(0), repeats=2)


def test_too_few_images_are_refused(gate, parts):
    with pytest.raises(ValueError, match=r"needs 500 generated images. Found 300"):
        gate.measure(parts.judge, np.random.default_rng(0))
    one_class = Images(parts.pool.pixels(), torch.zeros(1000).long(), 10)
    with pytest.raises(ValueError, match="Found none of class 1"):
        gate.measure(one_class, np.random.default_rng(0))


# Defects are what they say


@pytest.mark.parametrize("share", [0.1, 0.2])
def test_a_share_of_every_class_is_mislabelled(pool, share):
    changed = mislabelled(pool, share, np.random.default_rng(0))
    moved = changed.label != pool.label
    for k in range(10):
        members = pool.label == k
        assert moved[members].sum() == round(int(members.sum()) * share)
    assert torch.equal(changed.label[moved], (pool.label[moved] + 1) % 10)
    assert changed.right[moved].sum() == 0
    assert torch.equal(changed.right[~moved], pool.right[~moved])


def test_a_quarter_of_every_class_is_left_and_it_is_the_nearest(pool):
    left = narrowed(pool, np.random.default_rng(0))
    for k in range(10):
        inside, everything = left.points[left.label == k], pool.points[pool.label == k]
        assert len(inside) == round(len(everything) / 4)
        centre = inside[0]  # sorted by distance from the one that was chosen
        distance = torch.linalg.vector_norm(everything - centre, dim=1).sort().values
        torch.testing.assert_close(torch.linalg.vector_norm(inside - centre, dim=1), distance[: len(inside)])


def test_three_in_four_are_copies(pool, gate):
    sample = copied(pool, gate.train, np.random.default_rng(0))
    assert len(sample) == len(pool)
    known = {row.numpy().tobytes() for row in gate.train.points}
    original = {row.numpy().tobytes() for row in pool.points}
    assert all(row.numpy().tobytes() in original for row in sample.points[:250])
    assert all(row.numpy().tobytes() in known for row in sample.points[250:])
