"""One expression into terms: parsed by the standard library, then only what the language allows.

Every mistake is a `Mistake` with the column of the expression it is about.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from riskrules.ir import term as t
from riskrules.ir.functions import FUNCTIONS as OF_FIGURES
from riskrules.ir.functions import rounded_by
from riskrules.ir.ops import ROOTS, ROUNDINGS
from riskrules.ir.term import Term
from riskrules.units import unit as u
from riskrules.units.exact import strict_number
from riskrules.units.unit import BY_NAME, Unit, UnitMistake

Resolve = Callable[[str], Term | None]
LONGEST = 2_000
DEEPEST = 100
ENCLOSED = frozenset(rounded_by(name, rounding) for name in OF_FIGURES for rounding in ROUNDINGS.values())
MOST_FACTORS = 40  # beyond any margin, short of figures with thousands of digits
MOST_IN_ALL = 400  # however often they are rounded on the way: a rounding ends the digits after the point and not those before it
NO_FIGURE = frozenset(("flag", "index", "label", "table"))  # words of units that nothing is computed with


class Mistake(Exception):
    """What is wrong with an expression, and where in it."""

    def __init__(self, code: str, text: str, hint: str, column: int = 0, found: str = "") -> None:
        super().__init__(text)
        self.code, self.text, self.hint, self.column, self.found = code, text, hint, column, found


def build(expression: str, resolve: Resolve) -> Term:
    """The term that the expression says.  Raises `Mistake`."""
    if len(expression) > LONGEST:
        raise Mistake("RR401", f"an expression of {len(expression)} characters", f"at most {LONGEST}: give its parts names of their own")
    try:
        tree = ast.parse(expression, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = (getattr(error, "offset", 1) or 1) - 1
        raise Mistake("RR401", "not an expression of this language", f"use {GRAMMAR}", column) from error
    return _Builder(expression, resolve).of(tree.body)


def factors(made: Term, through_roundings: bool = False) -> int:
    """How many figures are multiplied together at most, those of the terms it names included; a rounded figure is one again, or not."""
    count: dict[int, int] = {}
    for term in t.every_term([made]):
        each = [count[id(arg)] for arg in term.args]
        if term.op in ("mul", "div"):
            count[id(term)] = sum(each)
        elif term.op in ENCLOSED:  # its rounding ends its digits; an option is worth no more than its forward or strike
            count[id(term)] = max(each[:2]) if len(each) == 5 else 1
        elif term.op == "power":
            count[id(term)] = each[0] * int(term.args[1].param[0])
        elif term.op in _ROUNDED and not through_roundings:
            count[id(term)] = each[1]
        else:
            count[id(term)] = max(each, default=1)
    return count[id(made)]


_ROUNDED = frozenset((*ROUNDINGS.values(), *ROOTS.values()))
_COMPARE = {ast.Lt: "below", ast.LtE: "at_or_below", ast.Gt: "above", ast.GtE: "at_or_above", ast.Eq: "equal"}
_OVER = ("total", "largest", "smallest")
FUNCTIONS = sorted(
    ("min", "max", "abs", "ramp", "in_unit", "stressed", "worst", "median", "total_before", "least_payoff", *_OVER, *ROUNDINGS.values())
)
UNDEFINED = "undefined"  # after `else`: there the rule has no figure, and none is made up
ROOT_NEEDS = f"say which way its digits end: {', '.join(ROUNDINGS.values())}, as in round_up(sqrt(x), 0.000001)"
NOT_PUBLISHED = "not_published"
SAYS_NOTHING = "the source of this rule says nothing of the case that {row} is in"
HOW_TO_SAY = "nothing is assumed: the formula says which cases its source covers"
GRAMMAR = f"names, numbers, + - * / **, comparisons, if/else, {NOT_PUBLISHED}, and/or/not, and {', '.join(FUNCTIONS)}"


def _beside(x: Term, other: Term) -> Term:
    """A bare 0 is nothing of whatever stands beside it; any other bare number is of unit 1."""
    is_nothing = x.op == "constant" and x.unit.word == "number" and not x.name and x.param[0] == 0
    return t.as_unit(x, other.unit) if is_nothing else x


def _meeting(x: Term, y: Term) -> tuple[Term, Term]:
    return _beside(x, y), _beside(y, x)


def nothing_in(made: Term, unit: Unit) -> Term:
    """An expression that comes to a bare 0, in the unit that its formula says."""
    return _beside(made, t.constant(0, unit))


def beyond(made: Term, kind: str) -> list[str]:
    """The figures of an expression that a row of this kind cannot read, each with what it is of."""
    found, stack = [], [made]
    while stack:
        term = stack.pop()
        if term.name and term.rows != t.ANY and not t.reaches(kind, term.rows):
            found.append(f"{term.name} is of each {term.rows}")
        elif not term.name:
            stack.extend(arg for arg in term.args if arg.rows == t.ANY or t.reaches(term.rows, arg.rows))
    return list(dict.fromkeys(found))


def _how_to_meet(mistake: UnitMistake, node: ast.expr) -> str:
    if isinstance(mistake, t.RowMistake):
        above = [kind for kind in t.up(mistake.below.removesuffix(t.SCENARIO)) if kind in t.ROWS]
        return f"a {mistake.below} reads figures of its {', '.join(above)}" if above else f"a {mistake.below} reads figures of itself alone"
    if any(isinstance(child, ast.Constant) for child in ast.iter_child_nodes(node)):
        return "a bare number other than 0 is of unit 1: say what it is meant in, as in in_unit(5, settle)"
    return "both sides must be in one unit, and of rows that hang together; in_unit(…) converts"


class _Builder:
    def __init__(self, text: str, resolve: Resolve) -> None:
        self.text, self.resolve, self.depth = text, resolve, 0

    def of(self, node: ast.expr) -> Term:
        self.depth += 1
        if self.depth > DEEPEST:
            raise self._mistake("RR401", f"an expression nested more than {DEEPEST} deep", "give its parts names of their own", node)
        try:
            made = self._of(node)
            self.depth -= 1
            return made
        except UnitMistake as mistake:
            raise Mistake("RR403", str(mistake), _how_to_meet(mistake, node), node.col_offset, self._source(node)) from mistake

    def _of(self, node: ast.expr) -> Term:
        match node:
            case ast.Name(id=name):
                return self._name(name, node)
            case ast.Constant(value=bool(yes)):
                return t.flag(yes)
            case ast.Constant(value=int() | float()):
                return t.constant(self._literal(node), u.NUMBER)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -self._figure(inner)
            case ast.UnaryOp(op=ast.Not(), operand=inner):
                return t.negated(self._flag(inner))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return t.power(self._figure(left), self._small_whole(right))
            case ast.BinOp(left=left, op=(ast.Add() | ast.Sub()) as op, right=right):
                x, y = _meeting(self._figure(left), self._figure(right))
                return x + y if isinstance(op, ast.Add) else x - y
            case ast.BinOp(left=left, op=(ast.Mult() | ast.Div()) as op, right=right):
                x, y = self._figure(left), self._figure(right)
                return x * y if isinstance(op, ast.Mult) else x / y
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return t.compare(_COMPARE[type(op)], *_meeting(self._figure(left), self._figure(right)))
            case ast.BoolOp(op=op, values=[first, *others]):
                return self._logic(op, first, others)
            case ast.IfExp(test=test, body=this, orelse=that):
                return self._choice(test, this, that)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args, node)
        raise self._mistake("RR402", f"{self._source(node)!r} is not part of the language", f"use {GRAMMAR}", node)

    def _name(self, name: str, node: ast.expr) -> Term:
        if name == NOT_PUBLISHED:
            text = f"{NOT_PUBLISHED} stands where a figure is due"
            raise self._mistake("RR402", text, f"say when, as in x if condition else {NOT_PUBLISHED}", node)
        found = self.resolve(name)
        if found is None:
            raise self._mistake(
                "RR308", f"nothing gives {name!r}", "declare it as an input, a setting or a term, or correct the name", node
            )
        return found

    def _literal(self, node: ast.expr) -> tuple[int, int]:
        """The decimal as written: the parser's float is never looked at."""
        pair = strict_number(self._source(node))
        if pair is None:
            raise self._mistake(
                "RR402", f"{self._source(node)!r} is not a number of this language", "write digits and a point, no exponent", node
            )
        return pair

    def _small_whole(self, node: ast.expr) -> int:
        if isinstance(node, ast.Constant) and type(node.value) is int and 1 <= node.value <= 8:
            return node.value
        raise self._mistake("RR402", "a power is a whole number from 1 to 8", "write the number itself", node)

    def _flag(self, node: ast.expr) -> Term:
        made = self.of(node)
        if made.unit.word != "flag":
            raise self._mistake("RR403", "a condition is a comparison", "compare two values with <, <=, >, >= or ==", node)
        return made

    def _logic(self, op: ast.boolop, first: ast.expr, others: list[ast.expr]) -> Term:
        join = t.both if isinstance(op, ast.And) else t.either
        made = self._flag(first)
        for other in others:
            made = join(made, self._flag(other))
        return made

    def _call(self, name: str, args: list[ast.expr], node: ast.expr) -> Term:
        if name in ("min", "max") and len(args) >= 2:
            made = self._figure(args[0])
            for arg in args[1:]:
                made = (t.smaller if name == "min" else t.larger)(*_meeting(made, self._figure(arg)))
            return made
        if name == "abs" and len(args) == 1:
            return t.absolute(self._figure(args[0]))
        if name == "ramp" and len(args) == 5:
            x, begins, ends, low, high = (self._figure(arg) for arg in args)
            return self._ramp(x, _beside(begins, x), _beside(ends, x), *_meeting(low, high))
        if name in ROUNDINGS.values() and len(args) == 2:
            return self._rounded(name, *args)
        if name == "sqrt":
            raise self._mistake("RR402", "a square root without a rounding around it", ROOT_NEEDS, node)
        if name in OF_FIGURES:
            raise self._mistake("RR402", f"{name} without a rounding around it", ROOT_NEEDS.replace("sqrt", name), node)
        if name == "least_payoff" and len(args) == 4:
            size, strike = self._figure(args[0]), self._figure(args[1])
            return t.least_payoff(size, strike, self._flag(args[2]), self._rows(args[3]))
        if name == "in_unit" and len(args) == 2:
            return t.as_unit(self._figure(args[0]), self._unit(args[1]))
        if name in _OVER and len(args) == 2:
            return t.over(name, self._figure(args[0]), self._rows(args[1]))
        if name == "median" and len(args) == 3:
            return t.median_where(self._figure(args[0]), self._rows(args[1]), self._flag(args[2]))
        if name == "total_before" and len(args) == 3:
            return t.total_before(self._figure(args[0]), self._figure(args[1]), self._rows(args[2]))
        if name in ("stressed", "worst") and len(args) == 1:
            return self._scenario(name, self._figure(args[0]), node)
        raise self._mistake(
            "RR402",
            f"there is no function {name} of {len(args)} value{'s'[: len(args) != 1]}",
            f"the functions are {', '.join(FUNCTIONS)}",
            node,
        )

    def _rounded(self, name: str, what: ast.expr, step: ast.expr) -> Term:
        match what:
            case ast.Call(func=ast.Name(id="sqrt"), args=[under], keywords=[]):
                return t.root(self._figure(under), ROOTS[name], self._quantum(step))
            case ast.Call(func=ast.Name(id=function), args=args, keywords=[]) if len(args) == len(OF_FIGURES.get(function, ())):
                figures = [self._flag(arg) if k == 3 else self._figure(arg) for k, arg in enumerate(args)]
                return t.function(function, name, figures, self._quantum(step))
        return t.rounded(self._figure(what), name, self._quantum(step))

    def _ramp(self, x: Term, begins: Term, ends: Term, low: Term, high: Term) -> Term:
        """Low up to and at the beginning, high at and from the end, a straight line between: nothing is divided where both are one."""
        line = low + (high - low) * ((x - begins) / (ends - begins))
        return t.choose(t.compare("at_or_below", x, begins), low, t.choose(t.compare("at_or_above", x, ends), high, line))

    def _undefined(self, test: ast.expr, condition: Term, made: Term) -> Term:
        """A refusal where the rule says nothing."""
        rows = condition.rows if made.rows == t.ANY else t.choose(condition, made, made).rows
        text = f"the rule has no figure for {{row}}: it asks for {self._source(test).replace('{', '{{').replace('}', '}}')}"
        return t.fault("RR514", text, "correct the input that it hangs on; there is no other answer", made.unit, rows)

    def _choice(self, test: ast.expr, this: ast.expr, that: ast.expr) -> Term:
        """Between two figures, or between two conditions; or between one of them and a refusal; or a figure and none."""
        condition = self._flag(test)
        if NOT_PUBLISHED in (self._source(this), self._source(that)):
            return self._or_refused(condition, this, that)
        first = self.of(this)
        if isinstance(that, ast.Name) and that.id == UNDEFINED:
            return t.choose(condition, first, self._undefined(test, condition, first))
        branch = self._flag if first.unit.word == "flag" else self._figure
        return t.choose(condition, *_meeting(branch(this), branch(that)))

    def _or_refused(self, condition: Term, this: ast.expr, that: ast.expr) -> Term:
        """What a source prints, where it prints something; else an error with a code and never a figure."""
        stands = self._source(that) == NOT_PUBLISHED
        known = self.of(this if stands else that)
        refused = t.fault("RR530", SAYS_NOTHING, HOW_TO_SAY, known.unit, t.finest(condition.rows, known.rows))
        return t.choose(condition, known, refused) if stands else t.choose(condition, refused, known)

    def _figure(self, node: ast.expr) -> Term:
        made = self.of(node)
        if made.unit.word in NO_FIGURE:
            raise self._mistake("RR403", f"{self._source(node)!r} is no figure", "a condition chooses between figures: … if … else …", node)
        return made

    def _quantum(self, node: ast.expr) -> Term:
        made = self._figure(node)
        if made.op == "constant" and made.param[0] <= 0:
            raise self._mistake("RR402", f"{self._source(node)!r} is no step that anything can be rounded to", "write a step above 0", node)
        return made

    def _scenario(self, name: str, inner: Term, node: ast.expr) -> Term:
        """`stressed(x)`: a market's value times 1 + its move, in every scenario; `worst(x)`: the largest over them."""
        if name == "worst":
            if not inner.rows.endswith(t.SCENARIO):
                raise self._mistake(
                    "RR403", "worst is over scenarios, and this is the same in all of them", "use it on something stressed", node
                )
            return t.over("largest", inner, inner.rows.removesuffix(t.SCENARIO))
        rows = inner.rows if inner.rows in ("underlying", "expiry") else "market"
        move = t.given("move", rows + t.SCENARIO, u.RATE)
        return t.to_rows(inner, rows + t.SCENARIO) * (t.constant(1, u.RATE) + move)

    def _unit(self, node: ast.expr) -> Unit:
        name = self._source(node).replace(" ", "")
        if name not in BY_NAME:
            raise self._mistake("RR403", f"there is no unit {name!r}", f"one of {', '.join(BY_NAME)}", node)
        return BY_NAME[name]

    def _rows(self, node: ast.expr) -> str:
        """`pool`, or `pool_each_scenario` for one value a scenario."""
        name = self._source(node)
        plain = name.removesuffix("_each_scenario")
        if plain not in t.ROWS:
            raise self._mistake("RR402", f"there are no rows {name!r}", f"one of {', '.join(t.ROWS)}", node)
        return plain + (t.SCENARIO if plain != name else "")

    def _source(self, node: ast.expr) -> str:
        return ast.get_source_segment(self.text, node) or ""

    def _mistake(self, code: str, text: str, hint: str, node: ast.expr) -> Mistake:
        return Mistake(code, text, hint, node.col_offset, self._source(node))
