"""The events on which the clipped mixture is the mixture, what each costs, and how far examples reach on them."""

from __future__ import annotations

import sympy as sp

from theory.derivation import Step
from theory.gaussian_forms import expectation, standard_normal
from theory.lemmas import CHI_SQUARE_TAIL, x
from theory.mixture_theorem import LETTERS, Clips, clips, share
from theory.quadratic_tails import CHI_SQUARE_LOWER, NORMAL_TAIL
from theory.symbols import d, m_S


def _failure(count: sp.Expr, level: sp.Expr) -> sp.Expr:
    """Probability that one of `count` events fails, each with exp(-level)."""
    return sp.simplify(count * sp.exp(-level))


def event_steps(at: Clips, size: sp.Expr) -> tuple[Step, ...]:
    """State the events and what they cost; computed from the tails' lemmas, stated as the clips are."""
    total = m_S + size
    every, once = sp.log(total / share), sp.log(1 / share)
    length = d + CHI_SQUARE_TAIL.bound
    lengths = Step(
        name="lengths",
        says="The squared length of each of m_T standard normal vectors is chi-square with d degrees of freedom.",
        rule="lemma",
        computed={"rho^2": length.subs(x, every), "failure": _failure(total, every)},
        stated={"rho^2": sp.expand(at.rho**2), "failure": share},
        axioms=(CHI_SQUARE_TAIL,),
    )
    if size == 0:
        mean = Step(
            name="classifier",
            says="theta_hat is a mean of m_S standard normal vectors.",
            rule="lemma",
            computed={"r_theta^2": _variance_of_mean(m_S) * length.subs(x, once), "failure": _failure(1, once)},
            stated={"r_theta^2": at.r_theta**2, "failure": share},
            axioms=(CHI_SQUARE_TAIL,),
        )
        return lengths, mean
    return lengths, *_generator_events(at, size, every, once)


def _variance_of_mean(count: sp.Expr) -> sp.Expr:
    """Variance of a mean of `count` standard normals, by adding up."""
    z, i = sp.Symbol("z", real=True), sp.Symbol("i", integer=True, positive=True)
    number = sp.Symbol("count", integer=True, positive=True)
    one = expectation(z**2, {z: standard_normal})
    return (sp.summation(one, (i, 1, number)) / number**2).subs(number, count)


def _generator_events(at: Clips, size: sp.Expr, every: sp.Expr, once: sp.Expr) -> tuple[Step, ...]:
    total, degrees = m_S + size, m_S - 2
    of_both, of_each = sp.log(2 / share), sp.log(2 * d / share)
    length = d + CHI_SQUARE_TAIL.bound
    upper, lower = (
        lemma.bound.subs({d: degrees, x: of_each}, simultaneous=True) for lemma in (CHI_SQUARE_TAIL, CHI_SQUARE_LOWER)
    )
    coordinates = Step(
        name="coordinates",
        says="d coordinates of each of m_T vectors.",
        rule="lemma",
        computed={
            "c_0": NORMAL_TAIL.bound.subs(x, every + sp.log(d)),
            "failure": _failure(d * total, every + sp.log(d)),
        },
        stated={"c_0": at.c_0, "failure": share},
        axioms=(NORMAL_TAIL,),
    )
    means = Step(
        name="class means",
        says="Either class mean is a mean of m_S/2 standard normal vectors.",
        rule="lemma",
        computed={
            "r_0^2": _variance_of_mean(m_S / 2) * length.subs(x, of_both),
            "failure": _failure(sp.Integer(2), of_both),
        },
        stated={"r_0^2": at.r_0**2, "failure": share},
        axioms=(CHI_SQUARE_TAIL,),
    )
    variances = Step(
        name="variances",
        says="m_S - 2 times a learned variance is chi-square with m_S - 2 degrees of freedom; d of them, both tails.",
        rule="lemma",
        computed={
            "v_hi": 1 + upper / degrees,
            "v_lo": 1 - lower / degrees,
            "failure": _failure(2 * d, of_each),
        },
        stated={"v_hi": at.v_hi, "v_lo": at.v_lo, "failure": share},
        axioms=(CHI_SQUARE_TAIL, CHI_SQUARE_LOWER),
    )
    noise = Step(
        name="noise",
        says="The sum of m_G standard normal vectors, over the root of m_G, is standard normal.",
        rule="lemma",
        computed={
            "variance": size * _variance_of_mean(size),
            "q^2": length.subs(x, once),
            "failure": _failure(1, once),
        },
        stated={"variance": sp.S.One, "q^2": _noise_length(at, size) ** 2, "failure": share},
        axioms=(CHI_SQUARE_TAIL,),
    )
    return coordinates, means, variances, noise


def _noise_length(at: Clips, size: sp.Expr) -> sp.Expr:
    return (at.r_theta - at.r_0) * (m_S + size) / (sp.sqrt(at.v_hi) * sp.sqrt(size))


def _tail_of_variances() -> sp.Expr:
    return CHI_SQUARE_TAIL.bound.subs({d: m_S - 2, x: sp.log(2 * d / share)}, simultaneous=True)


def reach_step(size: sp.Expr) -> Step:
    """On the events, how far generated examples and theta_hat reach: that the clips do nothing there."""
    at = Clips(**LETTERS)
    n_1, n_2, g_1, g_2 = sp.symbols("n_1 n_2 g_1 g_2", positive=True)
    total = n_1 + n_2 + g_1 + g_2
    q = sp.Symbol("q", positive=True)
    means = sp.simplify(((n_1 + g_1) / total + (n_2 + g_2) / total) * at.r_0)
    noise = sp.sqrt(at.v_hi) * sp.sqrt(size) * q / (m_S + size)
    exact = clips(size)
    values = {at.r_0: exact.r_0, at.v_hi: exact.v_hi, q: _noise_length(exact, size)}
    return Step(
        name="reach",
        says="A generated example is its class mean and its noise, stretched by the learned deviation; theta_hat is a "
        "convex combination of the class means and the stretched mean of the noise.",
        rule="assembly",
        computed={
            "class means in theta_hat": means,
            "r_theta": (means + noise).subs(values),
            "r": (at.r_0 + sp.sqrt(at.v_hi) * at.rho).subs({**values, at.rho: exact.rho}),
            "c": (at.r_0 + sp.sqrt(at.v_hi) * at.c_0).subs({**values, at.c_0: exact.c_0}),
            "r over rho": sp.expand(at.r_0 + sp.sqrt(at.v_hi) * at.rho - at.rho),
            "v_hi": exact.v_hi,
        },
        stated={
            "class means in theta_hat": at.r_0,
            "r_theta": exact.r_theta,
            "r": exact.r,
            "c": exact.c,
            "r over rho": at.r_0 + (sp.sqrt(at.v_hi) - 1) * at.rho,
            "v_hi": 1 + _tail_of_variances() / (m_S - 2),
        },
        conditions={"v_hi is at least 1, real examples in K": CHI_SQUARE_TAIL.bound.is_nonnegative},
        uses=("lengths", "coordinates", "class means", "variances", "noise"),
    )
