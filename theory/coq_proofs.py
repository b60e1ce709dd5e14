"""Scripts that prove printed equations: roots, logarithms and exponentials brought to a few, then `field`.

The few, *atoms*, are those that no law takes apart. Every other root, logarithm, exponential or symbolic power of the
equation is first proved equal to a rational expression in atoms, innermost first. Then, outermost first, these
equations are put into the goal and the atoms become variables, of which only their signs are known and that the square
of a root is what is under it. `field` decides what is left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import sympy as sp

from theory.arises import evaluated
from theory.coq import Names, Printer
from theory.functions import n_ceil_log2, n_log_en

_OPAQUE = (sp.Min, sp.Max, sp.Abs, n_ceil_log2, n_log_en)


@dataclass
class Atom:
    """A function value that is taken as a number: the letter for it, its text, and what tells it from others."""

    letter: sp.Symbol
    text: str
    kind: object
    inner: tuple[sp.Expr, ...]

    @property
    def value(self) -> sp.Expr:
        """The function's value where that is a number or its sign is known; of other kinds a letter of no sign."""
        functions = {"sqrt": sp.sqrt, sp.log: sp.log, sp.exp: sp.exp}
        return functions[self.kind](*self.inner) if self.kind in functions else sp.Dummy()


@dataclass
class Equation:
    """Builds the script that proves a printed equation.

    Args:
        names: those that the goal was printed with.
    """

    names: Names
    values: dict[sp.Expr, sp.Expr] = field(default_factory=dict)
    atoms: list[Atom] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    closing: list[str] = field(default_factory=list)
    squares: list[str] = field(default_factory=list)

    def script(self, *sides: sp.Expr) -> str:
        """Return the tactics that close an equation between the expressions, printed as they stand."""
        for side in sides:
            self.read(side)
        return "\n".join([*self.lines, *self.ending()])

    def ending(self) -> list[str]:
        """Return the last tactics: equations and atoms put in, outermost first, and what is left decided."""
        return [*reversed(self.closing), f"{self._last()}."]

    def read(self, e: sp.Expr) -> sp.Expr:
        """Return an expression as a rational function of letters and atoms, with the lines that prove it so."""
        if e not in self.values:
            self.values[e] = self._read(e)
        return self.values[e]

    def _read(self, e: sp.Expr) -> sp.Expr:
        if isinstance(e, sp.UnevaluatedExpr):
            return self.read(e.args[0])
        if isinstance(e, sp.log):
            return self._log(e)
        if e == sp.E:
            return self._atom("(exp 1)", sp.exp, (sp.Integer(1),))
        if isinstance(e, sp.Pow) and e.base != sp.E and e.exp.is_Rational:
            return self._root(e) if e.exp.q > 1 else self.read(e.base) ** e.exp
        if isinstance(e, (sp.Pow, sp.exp)):
            return self._exponential(e)
        if isinstance(e, sp.Abs) and (evaluated(e) != e or e.args[0].is_number):
            return self._absolute(e)
        if isinstance(e, _OPAQUE):
            return self._atom(self.text(e), type(e), tuple(self.read(argument) for argument in sp.ordered(e.args)))
        return e.func(*(self.read(argument) for argument in e.args)) if e.args else e

    def _absolute(self, e: sp.Expr) -> sp.Expr:
        value = self.read(evaluated(e))
        self._equate(self.text(e), self.text(value), "unfold Rabs; destruct (Rcase_abs _); sign")
        return value

    def text(self, e: sp.Expr) -> str:
        """Print an expression in letters and atoms."""
        return Printer(self.names).text(e)

    def _atom(self, text: str, kind: object, inner: tuple[sp.Expr, ...]) -> sp.Symbol:
        for atom in self.atoms:
            if atom.kind == kind and len(atom.inner) == len(inner) and all(map(_same, atom.inner, inner)):
                if atom.text != text:
                    self._equate(text, atom.text, f"arguments; {self.decide()}")
                return atom.letter
        made = Atom(sp.Dummy(f"atom_{len(self.atoms)}", positive=True), text, kind, inner)
        self.names.given[made.letter] = text
        self.atoms.append(made)
        self.lines.append(f"sign_of {text}.")
        if kind == "sqrt":
            self._square(text, inner[0])
        self.closing.append(f"hide {text}.")
        return made.letter

    def _square(self, text: str, inside: sp.Expr) -> None:
        name = f"S{len(self.atoms)}"
        self.lines.append(
            f"assert ({name} : {text} * {text} = {self.text(inside)}) by (rewrite sqrt_sqrt by sign; {self.decide()})."
        )
        self.squares.append(name)

    def decide(self) -> str:
        """Return what decides an equation of the functions read so far, as one tactic."""
        return " ".join(line[:-1] + ";" for line in reversed(self.closing)) + " " + self._last()

    def _last(self) -> str:
        by = f" [{' '.join(self.squares)}]" if self.squares else ""
        return f"first [ring{by} | field{by}; sign]"

    def _equate(self, left: str, right: str, tactic: str) -> None:
        name = f"E{len(self.lines)}"
        self.lines.append(f"assert ({name} : {left} = {right}) by ({tactic}).")
        self.closing.append(f"try rewrite {name} in *.")

    def _log(self, e: sp.Expr) -> sp.Expr:
        opened = sp.expand_log(evaluated(e), force=True, factor=True)
        if opened == e:
            return self._atom(self.text(e), sp.log, (self.read(e.args[0]),))
        logs = sorted(opened.atoms(sp.log), key=sp.default_sort_key)
        value = opened.xreplace({x: self._atom(self.text(x), sp.log, (self.read(x.args[0]),)) for x in logs})
        self.read(e.args[0])
        rewrites = "".join(f"{line[:-1]}; " for line in reversed(self.closing) if line.startswith("try rewrite"))
        self._equate(self.text(e), self._unrolled(value), f"{rewrites}logarithm")
        return value

    def _unrolled(self, value: sp.Expr) -> str:
        # n x is written as x + ... + x, for a whole n, as the exponential of a sum is a product.
        parts = []
        for count, term in self._whole_multiples(value):
            text = self.text(term)
            parts += [text if count > 0 else f"(- {text})"] * abs(count)
        return "(" + " + ".join(parts or ["0"]) + ")"

    def _root(self, e: sp.Expr) -> sp.Expr:
        root = sp.Pow(e.base, sp.Rational(1, 2), evaluate=False)
        text, inside = self.text(root), self.read(e.base)
        opened = sp.sqrt(evaluated(e.base))
        if isinstance(opened, sp.Pow) and opened.exp == sp.Rational(1, 2):
            letter = self._bare_root(text, inside)
        else:
            # SymPy takes the root of a product apart where it knows the factors' signs.
            letter = self.read(opened)
            self._equate(text, self.text(letter), f"apply sqrt_lem_1; [sign | sign | {self.decide()}]")
        if e.exp.q == 4:
            letter = self._atom(f"(sqrt {text})", "sqrt", (letter,))
        elif e.exp.q != 2:
            return self._exponential(e)
        return letter**e.exp.p

    def _bare_root(self, text: str, inside: sp.Expr) -> sp.Expr:
        # The root of a number times what is under another root is that root times a number: they share an atom.
        for atom in [atom for atom in self.atoms if atom.kind == "sqrt" and inside.free_symbols]:
            ratio = sp.cancel(inside / atom.inner[0])
            if ratio != 1 and ratio.is_Rational and ratio.is_positive:
                number = self.read(sp.sqrt(ratio.p * ratio.q)) / ratio.q
                self._equate(
                    text, f"({self.text(number)} * {atom.text})", f"apply sqrt_scaled; [sign | sign | {self.decide()}]"
                )
                return number * atom.letter
        return self._atom(text, "sqrt", (inside,))

    def _exponential(self, e: sp.Expr) -> sp.Expr:
        # exp of a sum of whole multiples of logarithms and of other terms, as a product.
        exponent = self.read(e.args[0] if isinstance(e, sp.exp) else e.exp)
        if not isinstance(e, sp.exp) and e.base != sp.E:
            exponent *= self.read(sp.log(e.base, evaluate=False))
        squares = {atom.letter**2: atom.inner[0] for atom in self.atoms if atom.kind == "sqrt"}
        exponent = sp.expand(exponent).subs(squares) if squares else exponent
        value, multiples = sp.Integer(1), self._whole_multiples(exponent)
        for count, term in multiples:
            value *= self._exponential_of(term) ** count
        if self.text(e) != self.text(value):
            total = self._unrolled(exponent)
            tactic = f"transitivity (exp {total}); [power; {self.decide()} | exponential; {self._last()}]"
            self._equate(self.text(e), self.text(value), tactic)
        return value

    def _exponential_of(self, term: sp.Expr) -> sp.Expr:
        for atom in self.atoms:
            if atom.kind is sp.log and term == atom.letter:
                return atom.inner[0]
            if atom.kind is sp.log and term == atom.letter / 2:
                return self._bare_root(f"(sqrt {atom.text[4:-1]})", atom.inner[0])
        return self._atom(f"(exp {self.text(term)})", sp.exp, (term,))

    def _whole_multiples(self, exponent: sp.Expr) -> list[tuple[int, sp.Expr]]:
        logs = [atom.letter for atom in self.atoms if atom.kind is sp.log and exponent.has(atom.letter)]
        found, rest = [], sp.expand(exponent)
        for letter in logs:
            coefficient = _whole_part(rest.coeff(letter, 1))
            for count, factor in coefficient:
                found.append((count, factor * letter))
            rest = sp.expand(rest - rest.coeff(letter, 1) * letter)
        for term in sp.Add.make_args(rest):
            count, factor = term.as_coeff_Mul()
            if factor != 1 and count.is_Integer:
                found.append((int(count), factor))
            elif term != 0:
                found.append((1, term))
        return found


def _whole_part(coefficient: sp.Expr) -> list[tuple[int, sp.Expr]]:
    # A rational function as whole multiples of terms, by partial fractions in its first letter.
    value = sp.cancel(coefficient)
    letters = sorted(value.free_symbols, key=str)
    terms = sp.Add.make_args(sp.expand(sp.apart(value, letters[0]) if letters else value))
    found = []
    for term in terms:
        count, factor = term.as_coeff_Mul()
        if not count.is_Integer:
            count, factor = (count * 2, factor / 2) if (count * 2).is_Integer else (sp.Integer(1), term)
        found.append((int(count), sp.factor(factor)))
    return found


def _same(first: sp.Expr, second: sp.Expr) -> bool:
    return bool(first == second or sp.cancel(first - second) == 0)
