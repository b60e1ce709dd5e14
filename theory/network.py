"""Constants of a deep classifier: loss bound M, Lipschitz constant K and smoothness alpha, derived for every depth.

Classifier: ``logit(x) = W_L phi(W_(L-1) ... phi(W_1 x))`` without biases, ``||W_l|| <= B_l`` in operator norm (kept by
projection), phi 1-Lipschitz with phi(0) = 0, inputs ``||x|| <= R``, binary cross-entropy on the logit. A convolution is
a linear map, a sum of t_l slices, one for each position in its kernel; a full matrix has t_l = 1. Average pooling, and
max pooling without overlap, are 1-Lipschitz and vanish at 0, so they may stand beside phi; max pooling is not smooth,
and so out of reach for alpha and for SGD's stability, as ReLU is.

With ``P = prod B_l`` and ``Q = sum t_l/B_l^2`` the logit is at most ``R P``, the loss ``M = log(1 + exp(R P))``, its
Lipschitz constant in the weights ``K = R P sqrt(Q)``. `network_constants` and `network_smoothness` prove this by
induction over the layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sympy as sp

from theory.arises import Inequality, Outside, Solves, Value, added, times
from theory.derivation import CONCLUSION, Derivation, Step

R = sp.Symbol("R", positive=True)
"""Largest Euclidean norm of an input; sqrt(d) for inputs in [-1, 1]^d."""
kappa = sp.Symbol("kappa", nonnegative=True)
"""The activation's derivative is kappa-Lipschitz: 4/3^(3/2) for tanh; ReLU has no such kappa."""
L = sp.Symbol("L", integer=True, positive=True)
"""Layers of the classifier."""
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
        arises={
            "magnitude": times(_B, added([times(LIPSCHITZ, R * _P), AT_ZERO])),
            "inputs": Value(R * _P, {_P: sp.S.One}),
        },
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
        arises={"A after": times(after, 1 / magnitude_after(_B, _H))},
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
            arises={"ratio": sp.exp(added([values["label 0"], -_Z]), evaluate=False), "largest": Outside("a limit")},
            uses=("loss",),
        ),
        Step(
            name="slope",
            says="The loss changes by less than the logit does.",
            rule="calculus",
            computed={**slopes, "supremum": sp.limit(slopes["label 0"], _Z, sp.oo)},
            stated={**dict.fromkeys(ends, 1 / (1 + sp.exp(-_Z))), "supremum": sp.Integer(1)},
            arises={"supremum": Outside("a limit")},
            uses=("loss",),
        ),
        Step(
            name="curvature",
            says="The loss's curvature in the logit is largest at 0.",
            rule="calculus",
            computed={"at": top[0], "largest": curvature.subs(logit, top[0])},
            stated={"at": sp.Integer(0), "largest": sp.Rational(1, 4)},
            conditions={"it is stationary at 0 only": len(top) == 1},
            arises={
                "at": Solves(sp.diff(curvature.rewrite(sp.exp), logit), logit),
                "largest": Value(curvature.rewrite(sp.exp), {logit: top[0]}),
            },
            claims={"largest at 0": Inequality(sp.together(curvature.rewrite(sp.exp)), sp.Rational(1, 4))},
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
        arises={
            "M": Value(sp.log(loss[0].computed["label 0"]), {_Z: R * _P}),
            CONCLUSION: times(loss[2].computed["supremum"], R * _P, sp.sqrt(_Q)),
        },
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
            arises={"margin": added([claim, times(sp.S.NegativeOne, grown)])},
            claims={"the margin is positive": Inequality(sp.S.Zero, margin, strict=True)},
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
