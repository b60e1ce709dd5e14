"""Networks have the published sizes; the theorem's own keeps its norms, and its constants are the theory's."""

from fractions import Fraction

import pytest

torch = pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from torch.nn import functional  # noqa: E402

from deep.classifiers import bounded_network, project_slices, resnet18, small_resnet  # noqa: E402
from deep.data import digits, two_classes  # noqa: E402
from deep.device import seeded_generator  # noqa: E402
from deep.fit import FitSettings, apply, classification_loss, evaluate, fit  # noqa: E402
from deep.runtime import Runtime  # noqa: E402

CPU = Runtime(torch.device("cpu"))
SHAPE = (2, 4, 4)


def noise(*shape, seed=0):
    return torch.randn(*shape, generator=seeded_generator(seed))


# Residual networks


def test_resnet18_has_the_parameters_of_the_cifar_version():
    model = resnet18(3, 10, seed=0)
    assert sum(weight.numel() for weight in model.parameters()) == 11_173_962
    assert model(noise(2, 3, 32, 32)).shape == (2, 10)
    assert model.features(noise(2, 3, 32, 32)).shape == (2, 512)


@pytest.mark.parametrize("side", [8, 16])
def test_the_small_resnet_takes_small_images(side):
    model = small_resnet(1, 10, seed=0)
    x = noise(3, 1, side, side)
    assert model(x).shape == (3, 10)
    assert torch.equal(model.eval()(x), model.head(model.features(x)))


def test_weights_depend_on_the_seed_alone():
    before = torch.random.get_rng_state()
    first, again, other = (small_resnet(1, 10, seed).state_dict() for seed in (1, 1, 2))
    assert torch.equal(before, torch.random.get_rng_state())
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["stem.weight"], other["stem.weight"])


# Norms


def is_positive_semidefinite(matrix):
    """Decide by symmetric elimination in rational numbers."""
    rows = [list(row) for row in matrix]
    for k in range(len(rows)):
        pivot = rows[k][k]
        if pivot < 0 or (pivot == 0 and any(rows[k][k:])):
            return False
        for i in range(k + 1, len(rows)) if pivot else ():
            ratio = rows[i][k] / pivot
            rows[i] = [a - ratio * b for a, b in zip(rows[i], rows[k], strict=True)]
    return True


def norm_is_at_most(matrix, bound):
    """Decide exactly whether ``bound^2 I - W^T W`` is positive semidefinite."""
    rows = [[Fraction(value) for value in row] for row in matrix.tolist()]
    columns = list(zip(*rows, strict=True))
    gram = [[sum(a * b for a, b in zip(x, y, strict=True)) for y in columns] for x in columns]
    square = Fraction(bound) ** 2
    return is_positive_semidefinite([[square * (i == j) - g for j, g in enumerate(row)] for i, row in enumerate(gram)])


@pytest.mark.parametrize("bound", [1.0, 0.1, 3.7])
@pytest.mark.parametrize("shape", [(5, 7), (7, 5), (1, 9), (4, 3, 3, 3)])
def test_the_norm_is_within_the_bound_without_any_rounding(shape, bound):
    for seed in range(3):
        weight = noise(*shape, seed=seed) * 10
        project_slices(weight, bound)
        slices = weight.reshape(*shape[:2], -1).permute(2, 0, 1)
        norms = torch.linalg.matrix_norm(slices.double(), 2)
        assert all(norm_is_at_most(one, Fraction(bound) / len(slices)) for one in slices)
        assert (norms > bound / len(slices) * (1 - 1e-5)).all()  # and reaches it


def test_the_exact_decision_sees_one_bit_too_much():
    weight = torch.eye(3)
    assert norm_is_at_most(weight, 1)
    weight[0, 0] = 1 + 2**-23
    assert not norm_is_at_most(weight, 1)


@pytest.mark.parametrize("shape", [(5, 7), (4, 3, 3, 3)])
def test_a_projection_is_the_nearest_point(shape):
    # P is the nearest point of a convex set iff <W - P, V - P> <= 0 for every V in the set.
    weight = noise(*shape) * 2
    nearest = weight.clone()
    project_slices(nearest, 2.0)
    away = (weight - nearest).double()
    for seed in range(20):
        other = noise(*shape, seed=seed + 1)
        project_slices(other, 2.0)
        assert (away * (other - nearest).double()).sum() <= 1e-5 * away.norm()
    assert away.norm() > 1


def test_what_is_inside_stays_as_it_is():
    weight = noise(6, 6) * 0.01
    before = weight.clone()
    project_slices(weight, 1.0)
    assert torch.equal(weight, before)
    outside = noise(6, 6) * 10
    project_slices(outside, 1.0)
    again = outside.clone()
    project_slices(again, 1.0)
    assert torch.equal(outside, again)


def test_a_convolution_s_operator_norm_is_within_the_bound():
    weight = noise(3, 2, 3, 3) * 10
    project_slices(weight, 1.5)
    units = torch.eye(2 * 5 * 5).reshape(-1, 2, 5, 5)
    matrix = functional.conv2d(units, weight, padding=1).flatten(1).T
    assert torch.linalg.matrix_norm(matrix.double(), 2) <= 1.5


NETWORKS = {
    "linear": ((), (0.5,), 0),
    "mlp": ((6, 5), (1.2, 0.8, 1.5), 0),
    "cnn": ((3, 2), (1.1, 0.9, 1.3), 3),
}


def network(name, seed=0, **options):
    widths, norms, kernel = NETWORKS[name]
    return bounded_network(SHAPE, widths, norms, seed, kernel=kernel, **options)


def layer_norms(model):
    """Operator norm of each layer as a linear map of its images, float64."""
    found = []
    for weight in model.weights:
        matrix = weight.detach()
        if weight.ndim == 4:
            units = torch.eye(weight.shape[1] * 16).reshape(-1, weight.shape[1], 4, 4)
            matrix = functional.conv2d(units, matrix, padding=1).flatten(1).T
        found.append(torch.linalg.matrix_norm(matrix.double(), 2).item())
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_norms_hold_after_every_step_of_sgd_which_leaves_them_without_projection(name):
    model = network(name)
    optimiser = torch.optim.SGD(model.parameters(), lr=50.0)
    left = 0
    for step in range(5):
        loss = classification_loss(model(noise(8, *SHAPE, seed=step)), torch.arange(8) % 2)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        left += any(norm > bound for norm, bound in zip(layer_norms(model), model.norms, strict=True))
        model.project()
        assert all(norm <= bound for norm, bound in zip(layer_norms(model), model.norms, strict=True))
    assert left


@pytest.mark.parametrize("smooth", [True, False])
@pytest.mark.parametrize("name", NETWORKS)
def test_logit_loss_and_gradient_obey_the_theory(name, smooth):
    model = network(name, smooth=smooth)
    for weight in model.weights:  # as large as they may be
        weight.data.mul_(100)
    model.project()
    theory = model.constants()
    bounds = [float(x) for x in (theory.logit_bound, theory.loss_bound, theory.lipschitz)]
    for seed in range(10):
        x = noise(1, *SHAPE, seed=seed).sign()  # corners of [-1, 1]^d
        logit = model(x)
        label = (logit < 0).long().flatten()  # the label that the logit denies
        loss = classification_loss(logit, label)
        gradient = torch.autograd.grad(loss, list(model.weights))
        size = sum(part.square().sum() for part in gradient).sqrt().item()
        for found, bound in zip((logit.abs().item(), loss.item(), size), bounds, strict=True):
            assert 0 < found <= bound * (1 + 1e-6)  # computed in float32


def test_the_theory_is_told_of_norms_kernels_and_inputs():
    theory = network("cnn").constants()
    assert float(theory.inverse_squares) == pytest.approx(9 / 1.1**2 + 9 / 0.9**2 + 1 / 1.3**2)
    assert float(theory.product) == pytest.approx(1.1 * 0.9 * 1.3)
    assert float(theory.radius) == pytest.approx(32**0.5)
    assert float(network("mlp").constants().inverse_squares) == pytest.approx(1 / 1.2**2 + 1 / 0.8**2 + 1 / 1.5**2)


def test_the_logit_s_bound_is_reached():
    model = network("linear")
    model.weights[0].data.fill_(1)
    model.project()
    assert model(torch.ones(1, *SHAPE)).item() == pytest.approx(float(model.constants().logit_bound), rel=1e-5)


@pytest.mark.parametrize(
    ("widths", "norms", "kernel"),
    [
        ((4,), (1.0,), 0),
        ((4,), (1.0, 0.0), 0),
        ((4,), (1.0, float("nan")), 0),
        ((0,), (1.0, 1.0), 0),
        ((4,), (1.0, 1.0), 2),
    ],
)
def test_impossible_networks_are_refused(widths, norms, kernel):
    with pytest.raises(ValueError, match="Found"):
        bounded_network(SHAPE, widths, norms, 0, kernel=kernel)


# Fitting and testing


def test_one_logit_and_two_classes_are_the_same_loss():
    logit, label = noise(9, 1), torch.arange(9) % 2
    pair = torch.cat([torch.zeros(9, 1), logit], dim=1)
    assert classification_loss(logit, label) == pytest.approx(classification_loss(pair, label).item(), rel=1e-6)


def test_a_step_is_plain_sgd_with_the_schedule_s_rate():
    images = two_classes(digits().pool, 0, 1)
    settings = FitSettings(steps=2, batch=len(images), rate=0.5, schedule="inverse", momentum=0.0, weight_decay=0.0)
    model, by_hand = (bounded_network(images.shape, (4,), (9.0, 9.0), 0) for _ in range(2))
    fit(model, images, settings, 0, CPU)
    for rate in (0.5, 0.25):
        loss = classification_loss(by_hand(images.pixels()), images.label)
        for weight, slope in zip(by_hand.weights, torch.autograd.grad(loss, list(by_hand.weights)), strict=True):
            weight.data -= rate * slope
    for weight, expected in zip(model.weights, by_hand.weights, strict=True):
        torch.testing.assert_close(weight, expected, atol=1e-5, rtol=1e-5)
    assert settings.rate_at(9) == pytest.approx(0.05)
    with pytest.raises(ValueError, match="Found 'none'"):
        FitSettings(schedule="none")


@pytest.mark.parametrize(("widths", "kernel"), [((16,), 0), ((8,), 3)])
def test_the_theorem_s_classifier_learns_two_digits_within_its_norms(widths, kernel):
    parts = digits()
    train, test = two_classes(parts.pool, 0, 1), two_classes(parts.test, 0, 1)
    norms = (3.0, 3.0)
    model = bounded_network(train.shape, widths, norms, 0, kernel=kernel)
    before = evaluate(model, test, CPU)
    fit(model, train, FitSettings(steps=60, momentum=0.0, weight_decay=0.0, rate=0.3), 0, CPU)
    after = evaluate(model, test, CPU)
    assert after.error < 0.05 < before.error
    assert after.nll < before.nll
    for weight, bound in zip(model.weights, norms, strict=True):
        sums = torch.linalg.matrix_norm(weight.double().reshape(*weight.shape[:2], -1).permute(2, 0, 1), 2).sum()
        assert sums <= bound


def test_an_evaluation_is_error_and_likelihood_by_hand():
    class Fixed(torch.nn.Module):
        def forward(self, x):
            return torch.tensor([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0]])[: len(x)]

    images = two_classes(digits().pool, 0, 1).select(torch.arange(3))
    labelled = type(images)(images.image, torch.tensor([0, 1, 1]), 2, images.top)
    found = evaluate(Fixed(), labelled, CPU)
    assert found.error == pytest.approx(1 / 3)
    assert found.class_errors == pytest.approx((0.0, 0.5))
    logs = [torch.tensor([2.0, 0.0]).softmax(0)[0], torch.tensor([0.0, 1.0]).softmax(0)[1]]
    logs.append(torch.tensor([3.0, 0.0]).softmax(0)[1])
    assert found.nll == pytest.approx(-sum(p.log().item() for p in logs) / 3, rel=1e-6)


def test_images_are_mapped_in_their_order_over_several_batches():
    pool = digits().pool
    both = pool.select(torch.arange(1000).repeat(2)[:1500])
    mean = apply(lambda x: x.mean(dim=(1, 2, 3)), both, CPU)
    torch.testing.assert_close(mean.float(), both.pixels().mean(dim=(1, 2, 3)))
