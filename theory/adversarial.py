"""The general bound for a GAN that augments a deep binary classifier trained by SGD, every constant derived.

Classifier: ``logit(x) = W_L phi(W_(L-1) ... phi(W_1 x))`` without biases, ``||W_l|| <= B_l`` in operator norm (kept by
projection), phi 1-Lipschitz with phi(0) = 0, inputs ``||x|| <= R``, binary cross-entropy on the logit. A convolution is
a linear map, a sum of t_l slices, one for each position in its kernel; a full matrix has t_l = 1. Average pooling, and
max pooling without overlap, are 1-Lipschitz and vanish at 0, so they may stand beside phi; max pooling is not smooth,
and so out of reach for alpha and for SGD's stability, as ReLU is.

With ``P = prod B_l`` and ``Q = sum t_l/B_l^2`` the logit is at most ``R P``, the loss ``M = log(1 + exp(R P))``, its
Lipschitz constant in the weights ``K = R P sqrt(Q)``. `network_constants` and `network_smoothness` prove this by
induction over the layers, for every depth.

Source: Zheng, Wu, Li (2023), their case of GANs, reconstructed; Liang (2021), Theorem 19; Hardt, Recht, Singer (2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import sympy as sp

from theory import learners
from theory.augmentation import Case, verdict
from theory.derivation import CONCLUSION, Derivation, Step
from theory.functions import n_log_en
from theory.generators import find_generator, settings
from theory.learners import a, c_step, loss_range, n_steps
from theory.lemmas import MARKOV, PUBLISHED, Hypothesis, Lemma, p
from theory.lemmas import a as moment
from theory.lemmas import b as threshold
from theory.order import Order, order_of
from theory.stability import Bound, explicit_form, order_form
from theory.stability_proof import AUGMENTED
from theory.symbols import D_TV, M, T, beta, d, delta, m_G, m_S

R = sp.Symbol("R", positive=True)
"""Largest Euclidean norm of an input; sqrt(d) for inputs in [-1, 1]^d."""
kappa = sp.Symbol("kappa", nonnegative=True)
"""The activation's derivative is kappa-Lipschitz: 4/3^(3/2) for tanh; ReLU has no such kappa."""
L = sp.Symbol("L", integer=True, positive=True)
"""Layers of the classifier."""
L_G = sp.Symbol("L_G", integer=True, positive=True)
"""Layers of the GAN's generator; the source writes L for both."""
C = sp.Symbol("C", positive=True)
"""Universal constant of the GAN's divergence, not known."""
B = sp.IndexedBase("B", positive=True)
"""``B[l]``: largest operator norm of the weights of layer l."""
B_equal = sp.Symbol("B", positive=True)
"""The layers' norm where all are equal."""
label = sp.Symbol("y", nonnegative=True)
logit = sp.Symbol("z", real=True)

LIPSCHITZ, AT_ZERO = sp.Integer(1), sp.Integer(0)
"""What is assumed of the activation: its Lipschitz constant, and its value at 0."""
LOSS = sp.log(1 + sp.exp(logit)) - label * logit
"""Binary cross-entropy on the logit, label 0 or 1."""


@dataclass(frozen=True)
class Network:
    """A classifier as the bound sees it.

    Args:
        layers: number of layers.
        product: ``P``, product of the layers' norms.
        inverse_squares: ``Q``, sum of ``t_l/B_l^2``.
        partial_products: sum of ``B_1 ... B_l`` over l < L.
        radius: largest norm of an input.
    """

    layers: sp.Expr
    product: sp.Expr
    inverse_squares: sp.Expr
    partial_products: sp.Expr
    radius: sp.Expr = R

    @property
    def logit_bound(self) -> sp.Expr:
        """Largest absolute logit, ``R P``."""
        return self.radius * self.product

    @property
    def loss_bound(self) -> sp.Expr:
        """``M = log(1 + exp(R P))``."""
        return sp.log(1 + sp.exp(self.logit_bound))

    @property
    def lipschitz(self) -> sp.Expr:
        """``K = R P sqrt(Q)``, of the loss in all weights together."""
        return self.logit_bound * sp.sqrt(self.inverse_squares)

    @property
    def smoothness(self) -> sp.Expr:
        """``alpha``, of the loss in all weights: ``K^2/4``, and from two layers on what the logit's curvature adds."""
        of_loss = self.lipschitz**2 / 4
        if self.layers == 1:
            return of_loss
        deeper = 1 + kappa * self.radius * self.partial_products
        return of_loss + self.logit_bound * self.inverse_squares * deeper


def general_network() -> Network:
    """A network of L layers of norms ``B[1], ..., B[L]``, full matrices; put a number for L and ``doit()``."""
    layer, inner = sp.symbols("l j", integer=True, positive=True)
    return Network(
        layers=L,
        product=sp.Product(B[layer], (layer, 1, L)),
        inverse_squares=sp.Sum(B[layer] ** -2, (layer, 1, L)),
        partial_products=sp.Sum(sp.Product(B[inner], (inner, 1, layer)), (layer, 1, L - 1)),
    )


def network_of(norms: Sequence[sp.Expr], slices: Sequence[int] | None = None, radius: sp.Expr = R) -> Network:
    """Describe a network by the norms of its layers.

    Args:
        norms: operator norm of each layer, first to last; at least one.
        slices: positions in each layer's kernel: 9 for a convolution of 3 x 3, 1 for a matrix.
        radius: largest norm of an input.

    Raises:
        ValueError: no layer, a norm that is not positive, or another number of entries in `slices`.
    """
    counts = tuple(slices or (1,) * len(norms))
    if not norms or len(counts) != len(norms) or any(sp.sympify(x).is_positive is not True for x in (*norms, *counts)):
        raise ValueError(f"each layer needs a positive norm and at least one slice. Found {norms}, {slices}.")
    products = [sp.prod(norms[:depth]) for depth in range(1, len(norms) + 1)]
    squares = sp.Add(*(count / sp.sympify(norm) ** 2 for norm, count in zip(norms, counts, strict=True)))
    return Network(sp.Integer(len(norms)), products[-1], squares, sp.Add(*products[:-1]), radius)


def equal_network(norm: sp.Expr = B_equal, layers: sp.Expr = L, radius: sp.Expr = R) -> Network:
    """Describe a network whose layers all have one norm, in closed form: the partial products are bounded by the last.

    ``B + ... + B^(L-1) <= (L - 1) max(1, B)^(L-1)``, with equality at B = 1 and of the right order for large B.
    """
    last = (layers - 1) * sp.Max(1, norm) ** (layers - 1)
    return Network(sp.sympify(layers), norm**layers, layers / norm**2, last, radius)


def magnitude_after(norm: sp.Expr, before: sp.Expr) -> sp.Expr:
    """Bound a layer's output, weights applied to activated inputs, by its inputs' norm."""
    return norm * (LIPSCHITZ * before + AT_ZERO)


def change_after(norm: sp.Expr, change: sp.Expr, magnitude: sp.Expr, before: sp.Expr) -> sp.Expr:
    """Bound the change of a layer's output when its weights change by `change` and its inputs by `before`."""
    return norm * LIPSCHITZ * before + change * (LIPSCHITZ * magnitude + AT_ZERO)


_P, _Q, _H, _A, _W, _Z = (sp.Symbol(x, positive=True) for x in ("P", "Q", "H", "A", "W", "Z"))
_B, _t, _f, _F = (sp.Symbol(x, positive=True) for x in ("B_next", "t_next", "f", "F"))


def _layer_steps() -> tuple[Step, ...]:
    """Carry magnitude and change of the outputs through one more layer."""
    magnitude = Step(
        name="next layer",
        says="If outputs of l layers are at most R P, those of l + 1 are at most R P B_(l+1); for l = 0, ||x|| <= R.",
        rule="calculus",
        computed={"magnitude": magnitude_after(_B, R * _P), "inputs": (R * _P).subs(_P, 1)},
        stated={"magnitude": R * (_P * _B), "inputs": R},
    )
    shared = sp.sqrt(_t) * _f  # operator norm: at most the sum of the t slices' norms, Cauchy-Schwarz
    after = change_after(_B, shared, _H, _H * _A)
    ratio = sp.expand(after / magnitude_after(_B, _H))
    change = Step(
        name="change",
        says="If weights change by f_j in Frobenius norm, outputs change by at most H A, A = sum sqrt(t_j) f_j/B_j.",
        rule="calculus",
        computed={"A after": ratio},
        stated={"A after": _A + sp.sqrt(_t) * _f / _B},
        uses=("next layer",),
    )
    # If A^2 <= Q F with F the sum of f_j^2, then so it is after the layer: the margin is a square.
    margin = (_Q + _t / _B**2) * (_F + _f**2) - ratio.subs(_A, sp.sqrt(_Q * _F)) ** 2
    cauchy = Step(
        name="Cauchy-Schwarz",
        says="A^2 <= Q F, with F the sum of f_j^2, is kept by one more layer: the margin is a square.",
        rule="elementary inequality",
        computed={"margin": margin},
        stated={"margin": (sp.sqrt(_Q) * _f - sp.sqrt(_t * _F) / _B) ** 2},
        uses=("change",),
    )
    return magnitude, change, cauchy


def _loss_steps() -> tuple[Step, ...]:
    """Bound value, slope and curvature of the loss over logits in [-Z, Z]."""
    slope, curvature = sp.diff(LOSS, logit), sp.simplify(sp.diff(LOSS, logit, 2))
    ends = {"label 0": (LOSS, 0, _Z), "label 1": (LOSS, 1, -_Z)}
    values = {k: f.subs({label: y, logit: z}) for k, (f, y, z) in ends.items()}
    slopes = {k: sp.simplify(sp.Abs(slope.subs({label: y, logit: z}))) for k, (_, y, z) in ends.items()}
    excess = sp.exp(values["label 0"] - _Z)
    top = sp.solve(sp.diff(curvature, logit), logit)
    return (
        Step(
            name="loss",
            says="The loss is convex in the logit and largest at an end, for the label that the logit denies.",
            rule="calculus",
            computed={key: sp.exp(value) for key, value in values.items()},
            stated=dict.fromkeys(ends, 1 + sp.exp(_Z)),
            conditions={"it is convex": curvature.is_positive},
            uses=("next layer",),
        ),
        Step(
            name="order of the loss",
            says="M lies between R P and R P + log 2: exp(M - R P) = 1 + exp(-R P).",
            rule="elementary inequality",
            computed={"ratio": sp.expand(sp.simplify(excess)), "largest": sp.limit(sp.simplify(excess), _Z, 0)},
            stated={"ratio": 1 + sp.exp(-_Z), "largest": sp.Integer(2)},
            uses=("loss",),
        ),
        Step(
            name="slope",
            says="The loss changes by less than the logit does.",
            rule="calculus",
            computed={**slopes, "supremum": sp.limit(slopes["label 0"], _Z, sp.oo)},
            stated={**dict.fromkeys(ends, 1 / (1 + sp.exp(-_Z))), "supremum": sp.Integer(1)},
            uses=("loss",),
        ),
        Step(
            name="curvature",
            says="The loss's curvature in the logit is largest at 0.",
            rule="calculus",
            computed={"at": top[0], "largest": curvature.subs(logit, top[0])},
            stated={"at": sp.Integer(0), "largest": sp.Rational(1, 4)},
            conditions={"it is stationary at 0 only": len(top) == 1},
            uses=("loss",),
        ),
    )


def network_constants() -> Derivation:
    """Derive M and K for every depth; the conclusion is K, in P, Q and R."""
    parameters = R * _P * sp.sqrt(_Q)
    loss = _loss_steps()
    last = Step(
        name="Lipschitz constant",
        says="Of the loss in all weights: the slope's supremum times H A at most R P sqrt(Q) for a unit change.",
        rule="assembly",
        computed={
            "M": sp.log(loss[0].computed["label 0"]).subs(_Z, R * _P),
            CONCLUSION: loss[2].computed["supremum"] * (_H * _A).subs({_H: R * _P, _A: sp.sqrt(_Q)}),
        },
        stated={"M": Network(L, _P, _Q, _W).loss_bound, CONCLUSION: parameters},
        uses=("Cauchy-Schwarz", "loss", "slope"),
    )
    return Derivation(
        name="loss bound and Lipschitz constant of a deep classifier",
        assumes=(
            "no biases; ||W_l|| <= B_l in operator norm, a convex set that SGD is projected on; ||x|| <= R",
            "phi 1-Lipschitz, phi(0) = 0; logit without activation; P = prod B_l, Q = sum t_l/B_l^2",
        ),
        steps=(*_layer_steps(), *loss, last),
        notes=("a convolution's operator norm is at most the sum of its t_l slices' norms",),
    )


def network_smoothness() -> Derivation:
    """Derive alpha for every depth of at least two; the conclusion is alpha, with W the sum of B_1 ... B_l, l < L."""
    layer = _layer_steps()
    change, second = _H * _A, _H * (_A**2 + kappa * _W)
    grown = _B * (kappa * change**2 + second) + 2 * _f * change
    claim = _B * _H * ((_A + _f / _B) ** 2 + kappa * (_W + _H * _A**2))
    margin = sp.expand(claim - grown)
    of_logit = second.subs({_H: R * _P, _A: sp.sqrt(_Q), _W: _Q * R * _W})
    steep = _loss_steps()[2:]
    alpha = steep[1].computed["largest"] * (R * _P) ** 2 * _Q + steep[0].computed["supremum"] * of_logit
    steps = (
        *layer,
        Step(
            name="second change",
            says="The outputs' second derivative is at most H (A^2 + kappa W), W = sum H_j A_j^2: kept by a layer.",
            rule="calculus",
            computed={"margin": margin},
            stated={"margin": _H * _f**2 / _B},
            conditions={"the margin is positive": margin.is_positive},
            uses=("change",),
        ),
        *(Step(**{**vars(step), "uses": ()}) for step in steep),
        Step(
            name="smoothness",
            says="Chain rule: curvature times K^2, and slope times the logit's second derivative.",
            rule="assembly",
            computed={CONCLUSION: sp.expand(alpha)},
            stated={CONCLUSION: Network(L, _P, _Q, _W).smoothness},
            uses=("Cauchy-Schwarz", "second change", "slope", "curvature"),
        ),
    )
    return Derivation(
        name="smoothness of a deep classifier's loss",
        assumes=("as for the Lipschitz constant; phi differentiable with a kappa-Lipschitz derivative, not ReLU",),
        steps=steps,
        notes=("for one layer the logit is linear in the weights: alpha = K^2/4 and the loss is convex",),
    )


LIANG = Lemma(
    key="G1",
    title="divergence of an MLP GAN",
    left="E D_TV(D, D_G(S))^2",
    bound=C * sp.sqrt(d**2 * L_G**2 * sp.log(d * L_G) * sp.log(m_S) / m_S),
    hypotheses=(
        Hypothesis("realisable", "D is the law of a leaky-ReLU generator of width d and depth L_G, invertible weights"),
        Hypothesis("discriminator", "it holds the log density ratios of two such generators"),
        Hypothesis("draws", "the game is solved exactly, with at least m_S draws of the generator; d L_G, m_S >= 2"),
    ),
    source="Liang, JMLR 22(228), 2021 (arXiv 1811.03179), Theorem 19; a survey prints L_G for L_G^2",
    sureness="recalled",
)

SGD_NONCONVEX = Lemma(
    key="H4",
    title="stability of smooth non-convex SGD, in the mean over its randomness",
    left="E_A |loss(A(S), z) - loss(A(S^i), z)|",
    bound=learners.nonconvex_stability(),
    hypotheses=(
        Hypothesis("range", "the loss is in [0, M]", loss_range),
        Hypothesis("Lipschitz", "the loss is K-Lipschitz in the parameters", learners.K),
        Hypothesis("smooth", "the loss is alpha-smooth in the parameters", learners.alpha),
        Hypothesis("steps", "steps of at most c/t", c_step),
    ),
    source=f"{learners.HRS}, Theorem 3.12; theory.learners.nonconvex_derivation",
    sureness="derived",
)

SGD_CONVEX = Lemma(
    key="H5",
    title="stability of smooth convex SGD, in the mean over its randomness",
    left="E_A |loss(A(S), z) - loss(A(S^i), z)|",
    bound=learners.convex_stability(),
    hypotheses=(
        Hypothesis("Lipschitz", "the loss is K-Lipschitz in the parameters", learners.K),
        Hypothesis("convex", "the loss is convex in the parameters"),
        Hypothesis("step", "a constant step of at most 2/alpha", 2 / learners.alpha),
    ),
    source=f"{learners.HRS}, Theorem 3.8; theory.learners.convex_derivation",
    sureness="derived",
)

Learning = Literal["sgd-nonconvex", "sgd-convex"]
Statement = Literal["mean", "probability"]


def root_mean_square() -> sp.Expr:
    """Root of the bound on the GAN's mean square divergence, ``C^(1/2) (d^2 L_G^2 log(d L_G) log m_S/m_S)^(1/4)``."""
    return sp.powdenest(sp.sqrt(LIANG.bound))


def divergence(statement: Statement = "mean", share: sp.Expr = delta / 2) -> sp.Expr:
    """Bound the GAN's divergence from its mean square.

    Args:
        statement: *mean*, its mean over S by Jensen; *probability*, a bound that fails with probability `share`, by
            Markov at the second moment.
        share: probability of failure.

    Returns:
        At most 1.

    Raises:
        ValueError: a statement that does not exist.
    """
    if statement not in ("mean", "probability"):
        raise ValueError(f"statement must be 'mean' or 'probability'. Found {statement!r}.")
    factor = sp.Integer(1) if statement == "mean" else markov_factor(2, share)
    return sp.Min(1, factor * root_mean_square())


def markov_factor(power: int, share: sp.Expr) -> sp.Expr:
    """Return by what a moment ``||X||_power`` is multiplied to be exceeded with probability at most `share`.

    Source: Markov's inequality, lemma L0, solved for the threshold.
    """
    exceeds = MARKOV.bound.subs({p: power, moment: 1})
    positive = sp.Symbol("threshold", positive=True)
    (factor,) = sp.solve(exceeds.subs(threshold, positive) - share, positive)
    return factor


def stability(network: Network, learning: Learning = "sgd-nonconvex", size: sp.Expr = m_S + m_G) -> sp.Expr:
    """Put a network's constants into the stability of SGD; the steps' constant is ``c = a/alpha``.

    Args:
        network: gives M, K and alpha.
        learning: *sgd-nonconvex* for any depth, *sgd-convex* for one layer: logistic regression, with a constant step
            eta of at most ``2/alpha``, that is 8/R^2.
        size: number of examples it is trained on.

    Raises:
        ValueError: a learner that does not exist, or convexity asked of two layers or more.
    """
    if learning not in ("sgd-nonconvex", "sgd-convex"):
        raise ValueError(f"learning must be 'sgd-nonconvex' or 'sgd-convex'. Found {learning!r}.")
    if learning == "sgd-convex" and network.layers != 1:
        raise ValueError(f"the loss is convex in the weights of one layer only. Found {network.layers} layers.")
    letters = {
        learners.K: network.lipschitz,
        c_step: a / network.smoothness,
        learners.alpha: network.smoothness,
        loss_range: network.loss_bound,
        learners.m: size,
    }
    lemma = SGD_NONCONVEX if learning == "sgd-nonconvex" else SGD_CONVEX
    return lemma.bound.subs(letters, simultaneous=True)


@dataclass(frozen=True)
class Caveat:
    """An input of the bound that holds in the mean only, and what that does to "with probability 1 - delta".

    Args:
        subject: the input.
        holds: over what it is a mean.
        claims: what the bound then says.
        factor: what the input is multiplied by in a statement with probability 1 - `delta`; 1 where nothing changes.
    """

    subject: str
    holds: str
    claims: str
    factor: sp.Expr = sp.S.One

    def __str__(self) -> str:
        return f"{self.subject} holds {self.holds}: {self.claims}"


SGD_MEAN = Caveat(
    "the stability of SGD",
    "in the mean over SGD's randomness",
    "with probability 1 - delta over the data, Gen is |E_A (risk - empirical mean)|, the signed error's mean over runs",
)
SGD_PERMUTATION = Caveat(
    "the same stability, for n_steps = epochs m_T and a constant step on a convex loss,",
    "for every order of visits",
    "nothing is averaged then, Gen is that of each run with a fixed order",
)
GAN_MEAN = Caveat(
    "the divergence",
    "in the mean over S and the training draws",
    "with probability 1 - delta, given the generator's seed, Gen is at most the other terms plus a divergence term, and"
    " it is the mean of that term that is bounded",
)
GAN_PROBABILITY = Caveat(
    "the divergence",
    "with probability 1 - delta/2, by Markov from its mean square",
    "the divergence is multiplied by (delta/2)^(-1/2), and every other term has delta/2 for delta",
    markov_factor(2, delta / 2),
)
FIRST_MOMENT = Caveat(
    "a divergence whose mean alone is bounded",
    "with probability 1 - delta/2, by Markov",
    "the divergence is multiplied by 2/delta, and every other term has delta/2 for delta",
    markov_factor(1, delta / 2),
)


def sgd_caveats(learning: Learning) -> tuple[Caveat, ...]:
    """List what holds of SGD in the mean only, and where it needs no mean."""
    return (SGD_MEAN, SGD_PERMUTATION) if learning == "sgd-convex" else (SGD_MEAN,)


def specialize(
    tv: sp.Expr,
    network: Network,
    learning: Learning,
    form: Literal["order", "explicit"],
    caveats: Sequence[Caveat],
    name: str,
) -> Bound:
    """Put a network's M and stability, and a generator's divergence, into the general bound; T stays a symbol.

    Args:
        tv: bound on the divergence.
        network: the classifier.
        learning: how it is trained.
        form: which form of the general bound.
        caveats: what holds in the mean only; one whose factor is not 1 takes half of delta.
        name: of the result.

    Raises:
        ValueError: a form or learner that does not exist, or that does not fit the network.
    """
    if form not in ("order", "explicit"):
        raise ValueError(f"form must be 'order' or 'explicit'. Found {form!r}.")
    general = order_form() if form == "order" else explicit_form(PUBLISHED)
    shared = any(caveat.factor != 1 for caveat in caveats)
    letters = {
        M: network.loss_bound,
        beta: stability(network, learning),
        D_TV: tv,
        delta: delta / 2 if shared else delta,
    }
    said = [general.caveat] * bool(general.caveat) + [str(caveat) for caveat in caveats]
    return general.subs(letters, f"{name}, {general.name}", "; ".join(said))


def adversarial_bound(
    network: Network | None = None,
    learning: Learning = "sgd-nonconvex",
    form: Literal["order", "explicit"] = "explicit",
    statement: Statement = "mean",
) -> Bound:
    """State the bound for an MLP GAN and a deep classifier, in d, L, L_G, B_l, m_S, m_G, n_steps, T and delta.

    Args:
        network: the classifier; the general one of L layers where none is given.
        learning: *sgd-nonconvex*, or *sgd-convex* for one layer.
        form: which form of the general bound.
        statement: *mean* or *probability*, as for `divergence`.

    Returns:
        The bound; its caveat says over what it is a mean.

    Raises:
        ValueError: as for `specialize` and `divergence`.
    """
    caveats = (*sgd_caveats(learning), GAN_MEAN if statement == "mean" else GAN_PROBABILITY)
    return specialize(divergence(statement), network or general_network(), learning, form, caveats, "MLP GAN")


def specialization() -> Derivation:
    """Derive what the general bound needs for an MLP GAN and non-convex SGD, m_G >= 1, in M, K and alpha.

    Returns:
        The derivation; its conclusion is the order form in M, and in the beta and D_TV of its first steps, which
        `adversarial_bound` puts in.
    """
    letters = {c_step: a / learners.alpha, learners.m: m_S + AUGMENTED}
    supplied = {"range": loss_range, "Lipschitz": learners.K, "smooth": learners.alpha, "steps": letters[c_step]}
    applied = SGD_NONCONVEX.apply(letters, supplied)
    root = (2 * a * learners.K**2 / (learners.alpha * loss_range)) ** (1 / (a + 1))
    mean_square = LIANG.apply({}, {"realisable": True, "discriminator": True, "draws": True})
    general = order_form().subs({m_G: AUGMENTED}).total
    steps = (
        Step(
            name="learner",
            says="The stability of SGD at m_T examples with steps of at most a/(alpha t).",
            rule="lemma",
            computed={"beta": applied.conclusion},
            stated={"beta": loss_range * (1 + 1 / a) / (m_S + AUGMENTED - 1) * root * n_steps ** (a / (a + 1))},
            application=applied,
            axioms=(SGD_NONCONVEX, learners.EXPANSIVE),
        ),
        Step(
            name="generator",
            says="The mean divergence is at most the root of its mean square, by Jensen.",
            rule="lemma",
            computed={"D_TV": sp.sqrt(mean_square.conclusion)},
            stated={"D_TV": sp.sqrt(C) * (d**2 * L_G**2 * sp.log(d * L_G) * sp.log(m_S) / m_S) ** sp.Rational(1, 4)},
            application=mean_square,
            axioms=(LIANG,),
        ),
        Step(
            name="bound",
            says="Both go into the order form of the general bound.",
            rule="assembly",
            computed={CONCLUSION: general.replace(n_log_en, lambda size: size * (1 + sp.log(size)))},
            stated={CONCLUSION: _written_out()},
            uses=("learner", "generator"),
        ),
    )
    return Derivation(
        name="order form for an MLP GAN",
        assumes=("as for the general bound; M, K and alpha as derived for the network; lemmas G1 and H4",),
        steps=steps,
        notes=(str(SGD_MEAN), str(GAN_MEAN)),
    )


def _written_out() -> sp.Expr:
    """The order form once more, as a reader expects it."""
    real, made, tail = m_S, AUGMENTED, sp.log(sp.E / delta)
    real_logs, made_logs = (size * (1 + sp.log(size)) for size in (real, made))
    sampling = M * (sp.sqrt(real) + sp.sqrt(made)) + real * sp.sqrt(made) * beta
    rest = beta * (real_logs + made_logs) + real_logs * M * T
    return (made * M * D_TV + sampling * sp.sqrt(tail) + rest * tail) / (real + made)


def large_samples(learner: str = "sgd-nonconvex", generator: str = "gan") -> dict[str, tuple[Case, ...]]:
    """Decide, for m_S -> oo and all else fixed, whether augmentation helps the bound, at both extremes of T.

    Args:
        learner: name in `theory.learners`.
        generator: name in `theory.generators` of one whose dependence is not known.

    Returns:
        The cases by what is assumed of T. What is true lies between.

    Raises:
        ValueError: no such learner or generator.
    """
    named = (find_generator(generator), find_generator(f"{generator}-independent"))
    return {each.assumed_of_T: verdict(settings(learners.find_learner(learner), each)) for each in named}


Growing = Literal["d", "L_G", "L", "B"]


def growth(variable: Growing, capped: bool = True) -> dict[str, Order]:
    """Return the orders, for fixed m_S and m_G, in one of the letters of the specialisation.

    Inputs in [-1, 1]^d, layers of equal norm B, smooth non-convex SGD with steps a/(alpha t), n_steps fixed. In L the
    constants are powers of B^L: exponential, outside the algebra, unless B = 1, which is taken for L.

    Args:
        variable: what grows: *d*, *L_G*, *L* (at B = 1), or *B* (for fixed L).
        capped: whether D_TV is taken to be at most 1, as it is.

    Returns:
        Orders of M, K, alpha, beta, D_TV and of the whole bound, ``total``.

    Raises:
        ValueError: a variable that does not exist.
    """
    letters = {"d": d, "L_G": L_G, "L": L, "B": B_equal}
    if variable not in letters:
        raise ValueError(f"variable must be one of {', '.join(letters)}. Found {variable!r}.")
    network = equal_network(norm=sp.S.One if variable == "L" else B_equal, radius=sp.sqrt(d))
    # M lies between the largest logit and log 2 more (network_constants): that is read, as exp has no order.
    loss = network.logit_bound + sp.log(2)
    put = {network.loss_bound: loss, m_G: AUGMENTED}
    beta_ = stability(network).subs(put)
    tv = divergence() if capped else root_mean_square()
    total = order_form().subs({m_G: AUGMENTED}).subs({M: loss, beta: beta_, D_TV: tv}).total
    found = {"M": loss, "K": network.lipschitz, "alpha": network.smoothness, "beta": beta_, "D_TV": tv, "total": total}
    # L - 1 is of the order of L, and positive after a shift, as the algebra asks.
    shift = {L: L + 1} if variable == "L" else {}
    return {name: order_of(value.subs(shift), letters[variable]) for name, value in found.items()}
