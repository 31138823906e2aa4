"""Kubernetes quantities as whole numbers: "250m" of a core, "512Mi" of memory.

Source: k8s.io/apimachinery/pkg/api/resource/quantity.go, `ParseQuantity`. As upstream, what is
finer than a billionth is rounded up, and a binary quantity stops at 2^63 - 1. Other than upstream,
a quantity needs a digit ("Mi" and "." are 0 there), and an exponent ends at 100.
"""

import re
from decimal import ROUND_CEILING, ROUND_UP, Context, Decimal

_FORM = re.compile(r"([+-]?)([0-9]*)(?:\.([0-9]*))?([a-zA-Z]*)(?:([+-]?[0-9]+))?")
_BINARY = {
    suffix: 1024**power
    for power, suffix in enumerate(("Ki", "Mi", "Gi", "Ti", "Pi", "Ei"), start=1)
}
_DECIMAL = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_MOST_BINARY = Decimal(2**63 - 1)
_NANO = Decimal("1e-9")
_LONGEST = 100  # characters
_FURTHEST = 100  # exponent
_EXACT = Context(prec=400)  # 100 digits, 1e100 and the billionth fit: nothing is lost


class QuantityError(ValueError):
    """A text that is no quantity; its message says what to write instead."""


def parse(text: str | int | float) -> Decimal:
    """The value of a quantity in units (cores, bytes, pieces).

    Args:
        text: As it stands in a manifest: "250m", "0.5Gi", 1, 0.5.

    Raises:
        QuantityError: It is no quantity, or one beyond all bounds.
    """
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise QuantityError(f"{_shown(text)} is no quantity; write one like 250m or 512Mi")
    written = text if isinstance(text, str) else repr(text)
    found = _FORM.fullmatch(written) if len(written) <= _LONGEST else None
    if found is None or not (found[2] or found[3]):
        raise QuantityError(f"{_shown(text)} is no quantity; write one like 250m or 512Mi")
    sign, whole, fraction, suffix, exponent = found.groups()
    number = Decimal(f"{whole or '0'}.{fraction or '0'}")
    if exponent is not None:
        if suffix not in ("e", "E"):
            raise QuantityError(
                f"{_shown(text)} is no quantity: digits follow {suffix or 'a sign'}; "
                "write one like 250m or 512Mi"
            )
        number = _scaled(number, int(exponent), text)
    elif suffix in _BINARY:
        number = min(_EXACT.multiply(number, Decimal(_BINARY[suffix])), _MOST_BINARY)
    elif suffix in _DECIMAL:
        number = _scaled(number, _DECIMAL[suffix], text)
    else:
        raise QuantityError(_wrong_suffix(text, suffix))
    number = number.quantize(_NANO, rounding=ROUND_UP, context=_EXACT)
    return -number if sign == "-" else number


def millicores(text: str | int | float) -> int:
    """Thousandths of a core, rounded up: 250 for "250m", 500 for "0.5".

    Raises:
        QuantityError: It is no quantity, or below 0.
    """
    return _ceiling(_from_zero(text) * 1000)


def kib(text: str | int | float) -> int:
    """KiB of memory, rounded up: 524288 for "512Mi".

    Raises:
        QuantityError: It is no quantity, or below 0.
    """
    return _ceiling(_EXACT.divide(_from_zero(text), Decimal(1024)))


def milli(text: str | int | float) -> int:
    """Thousandths of any unit, rounded up: what an autoscaler counts its metrics in.

    Raises:
        QuantityError: It is no quantity, or below 0.
    """
    return millicores(text)


def _from_zero(text: str | int | float) -> Decimal:
    number = parse(text)
    if number < 0:
        raise QuantityError(f"{_shown(text)} is below 0; write 0 or more")
    return number


def _ceiling(number: Decimal) -> int:
    return int(number.to_integral_value(rounding=ROUND_CEILING, context=_EXACT))


def _scaled(number: Decimal, exponent: int, text: object) -> Decimal:
    if number and exponent > _FURTHEST:
        raise QuantityError(f"{_shown(text)} is more than any cluster holds; write less")
    # Below a billionth all is rounded up to one billionth, however far below it lies.
    return number.scaleb(max(exponent, -2 * _LONGEST), context=_EXACT) if number else number


def _wrong_suffix(text: object, suffix: str) -> str:
    sentence = f"{_shown(text)} is no quantity: the suffix {suffix[:20]} is not known"
    near = {name.lower(): name for name in (*_BINARY, *(name for name in _DECIMAL if name))}
    bare = suffix.lower().removesuffix("b").removesuffix("ytes")
    if bare in near:
        return f"{sentence}; did you mean {near[bare]}?"
    return f"{sentence}; use m, k, M, G, T, Ki, Mi, Gi or Ti"


def _shown(text: object) -> str:
    shown = text if isinstance(text, str) else repr(text)
    return shown if len(shown) <= 40 else shown[:40] + "…"
