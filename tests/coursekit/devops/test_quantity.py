"""Quantities: upstream's own cases, and what a learner types by mistake."""

from __future__ import annotations

from decimal import Decimal

import pytest

from coursekit.devops.cluster.quantity import QuantityError, kib, milli, millicores, parse

MOST = str(2**63 - 1)

# What upstream's TestQuantityParse, TestQuantityParseEmit and TestQuantityString say, as facts:
# a text, and its value in units. (apimachinery/pkg/api/resource/quantity_test.go)
UPSTREAM = {
    **dict.fromkeys(("0", "0n", "0u", "0m", "0k", "0M", "0G", "0T", "00"), "0"),
    **dict.fromkeys(("0Ki", "0Mi", "0Gi", "0Ti"), "0"),
    "1": "1", "9": "9", "9.01": "9.01", "1.": "1", ".001": "0.001", ".0001k": "0.1",
    "1Ki": "1024", "8Ki": "8192", "7Mi": "7340032", "6Gi": "6442450944",
    "5Ti": "5497558138880", "10Ti": "10995116277760", "100Ti": "109951162777600",
    "4Pi": "4503599627370496", "3Ei": "3458764513820540928",
    "5n": "0.000000005", "4u": "0.000004", "3m": "0.003",
    "8k": "8000", "50k": "50000", "7M": "7000000", "6G": "6e9", "5T": "5e12", "40T": "40e12",
    "300T": "300e12", "2P": "2e15", "1E": "1e18", "12E": "12e18", "1.G": "1e9",
    "1E-3": "0.001", "1e3": "1000", "1E6": "1e6", "1e9": "1e9", "1E12": "1e12", "1e13": "1e13",
    "1e14": "1e14", "1e15": "1e15", "1E18": "1e18",
    "100.035k": "100035", "0.0005k": "0.5", "0.00050k": "0.5", "10.035M": "10035000",
    "0.005": "0.005", "0.05": "0.05", "0.5": "0.5", "0.00500": "0.005", "0.50000": "0.5",
    "0.5e0": "0.5", "0.5e-1": "0.05", "0.5e-2": "0.005",
    "1.2e3": "1200", "1.3E+6": "1300000", "1.40e9": "1.4e9", "1.53E12": "1.53e12",
    "1.6e15": "1.6e15", "1.7E18": "1.7e18",
    "8.1k": "8100", "7.123456M": "7123456", "6.987654321G": "6987654321", "5.444T": "5444e9",
    "40.1T": "401e11", "300.2T": "3002e11", "2.5P": "25e14", "1.01E": "101e16",
    # rounded up to a billionth
    "3.001n": "4e-9", "1.1E-9": "2e-9", "0.0000000001": "1e-9", "0.0000000005": "1e-9",
    "0.5e-9": "1e-9", "0.9n": "1e-9", "0.00000012345": "124e-9", "0.00000012354": "124e-9",
    "0.000000000001Ki": "2e-9", ".000000001Ki": "1024e-9", ".000001Ki": "1024e-6",
    # binary ones stop at the largest 64-bit number
    "9Ei": MOST, "9223372036854775807Ki": MOST,
    "100.035Ki": "102435.84", "0.5Mi": "524288", "0.05Gi": "53687091.2", "0.025Ti": "27487790694.4",
    # alternative spellings of one value
    "1024Mi": "1073741824", "1000M": "1e9", "0.001T": "1e9", "307200Ki": "314572800",
    "1080000000n": "1.08", "1000u": "0.001", "1000e-12": "1e-9", ".001e12": "1e9",
    "1000E": "1e21", "10e69": "1e70", "1180591620717411303424": "1180591620717411303424",
}  # fmt: skip
REFUSED = (
    "1.1.M", "1+1.0M", "0.1mi", "0.1am", "aoeu", ".5i", "1i", "-3.01i", "-3.01e-",
    "1e4294967297", " 1", "1 ", "", "Non-Numeric",
)  # fmt: skip


@pytest.mark.parametrize("sign", ["", "+", "-"])
@pytest.mark.parametrize(("text", "value"), UPSTREAM.items(), ids=UPSTREAM)
def test_upstreams_cases_have_upstreams_values(text: str, value: str, sign: str) -> None:
    assert parse(sign + text) == (-1 if sign == "-" else 1) * Decimal(value)


@pytest.mark.parametrize("text", REFUSED)
def test_what_upstream_refuses_is_refused(text: str) -> None:
    with pytest.raises(QuantityError, match=r"quantity|more than"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("250m", 250),
        ("0.5", 500),
        (1, 1000),
        (0.1, 100),
        ("1", 1000),
        ("100u", 1),
        ("0.0001", 1),
        (0, 0),
    ],
)
def test_cores_are_whole_millicores_rounded_up(text: str | float, expected: int) -> None:
    assert millicores(text) == milli(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("512Mi", 524288),
        ("1Gi", 1048576),
        ("128974848", 125952),
        (128974848, 125952),
        ("1e9", 976563),
        (1e9, 976563),
        ("0.5Gi", 524288),
        ("129M", 125977),
        ("1", 1),
        ("512m", 1),
        ("10Ei", 2**53),
    ],
)
def test_memory_is_whole_kib_rounded_up(text: str | float, expected: int) -> None:
    assert kib(text) == expected


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("banana", "banana is no quantity; write one like 250m or 512Mi"),
        ("512MB", "512MB is no quantity: the suffix MB is not known; did you mean M?"),
        ("512mi", "512mi is no quantity: the suffix mi is not known; did you mean Mi?"),
        ("1 Gi", "1 Gi is no quantity; write one like 250m or 512Mi"),
        ("-1Gi", "-1Gi is below 0; write 0 or more"),
        ("1e99999999999", "1e99999999999 is more than any cluster holds; write less"),
        (True, "True is no quantity; write one like 250m or 512Mi"),
        (float("inf"), "inf is no quantity; write one like 250m or 512Mi"),
        ("٣", "٣ is no quantity; write one like 250m or 512Mi"),
        ("Mi", "Mi is no quantity; write one like 250m or 512Mi"),
        ("9" * 1000, f"{'9' * 40}… is no quantity; write one like 250m or 512Mi"),
    ],
)
def test_what_is_no_amount_of_memory_gets_a_sentence(text: str | float, sentence: str) -> None:
    with pytest.raises(QuantityError) as caught:
        kib(text)
    assert str(caught.value) == sentence
