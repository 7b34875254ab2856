"""The importer: a source's rows become the policy file that brings the book up to it, or every reason why not."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskrules.rulebook.compile import Book
from riskrules.rulebook.importing import Effective, Imported, Observed, import_tiers
from riskrules.rulebook.load import read_files
from riskrules.rulebook.versions import history
from riskrules.units.clock import instant
from riskrules.units.exact import exact_text, to_exact

GOLDEN = Path(__file__).parent / "golden"
SHIPPED = Path(__file__).parents[2] / "policies" / "binance-usdm" / "tiers"


def at(text: str) -> int:
    when = instant(text)
    assert when is not None
    return when


FIRST = Observed(at("2026-01-01T00:00:00Z"), at("2026-02-01T00:00:00Z"))
SECOND = Observed(at("2026-01-25T00:00:00Z"), at("2026-03-01T12:00:00Z"))


def brackets(*rows: tuple[Any, ...], **changed: Any) -> list[dict[str, Any]]:
    """(cap, rate, leverage, cum), floors and numbers put in; `tier2_cum=…` then spoils one figure."""
    made, floor = [], "0"
    for k, (cap, rate, leverage, cum) in enumerate(rows, start=1):
        row = {"bracket": k, "notionalFloor": floor, "notionalCap": cap, "maintMarginRatio": rate, "initialLeverage": leverage, "cum": cum}
        made.append(row)
        floor = cap
    for name, value in changed.items():
        tier, figure = name.removeprefix("tier").split("_")
        if value is GONE:
            del made[int(tier) - 1][figure]
        else:
            made[int(tier) - 1][figure] = value
    return made


GONE = object()
BTC = (("50000", "0.004", 125, "0.0"), ("600000", "0.005", 100, "50.0"), ("3000000", "0.0065", 75, "950.0"))
TINY = (("5000", "0.0167", 25, "0.0"), ("10000", "0.05", 10, "166.50"))


def venue(**markets: list[dict[str, Any]]) -> bytes:
    return json.dumps([{"symbol": symbol, "brackets": rows} for symbol, rows in markets.items()]).encode()


def bring_in(text: bytes, shape: Any = "binance", begins: Effective | Observed = FIRST, book: Book | None = None, **more: Any) -> Imported:
    asked = {"form": "marginal_on_mark_notional", "skip_bad": False, "reason": "First capture.", "source": "A venue, read by hand"} | more
    return import_tiers(text, "answer.json", shape, "some-venue", begins, book, **asked)


def book_of(folder: Path, *imports: Imported) -> Book:
    tiers = folder / "some-venue" / "tiers"
    tiers.mkdir(parents=True, exist_ok=True)
    for imported in imports:
        assert imported.text is not None
        (tiers / imported.file_name).write_text(imported.text, encoding="utf-8")
    files, problems = read_files(sorted(tiers.iterdir()), folder)
    lines, more = history(files)
    assert [*problems, *more] == []
    return Book("some-venue", str(tiers.parent), "", lines)


def codes(imported: Imported) -> list[str]:
    return [problem.code for problem in (*imported.problems, *imported.skipped)]


# -- the text ----------------------------------------------------------------------------------------


def test_the_text_is_the_one_a_committee_would_write(tmp_path: Path) -> None:
    first = bring_in(venue(龙虾USDT=brackets(*TINY), BTCUSDT=brackets(*BTC), OLDUSDT=brackets(*TINY)))
    assert first.text == (GOLDEN / "imported-first.yaml").read_text(encoding="utf-8")
    assert (first.file_name, first.written) == ("2026-02-01.yaml", ("BTC-USDT", "OLD-USDT", "龙虾-USDT"))
    changed = venue(BTCUSDT=brackets(*BTC, tier1_initialLeverage=150), NEWUSDT=brackets(*TINY))
    second = bring_in(changed, begins=SECOND, book=book_of(tmp_path, first), reason="What differs: two markets.")
    assert second.text == (GOLDEN / "imported-second.yaml").read_text(encoding="utf-8")
    assert (second.written, second.withdrawn) == (("BTC-USDT", "NEW-USDT"), ("OLD-USDT", "龙虾-USDT"))


def test_nothing_changed_writes_nothing(tmp_path: Path) -> None:
    first = bring_in(venue(BTCUSDT=brackets(*BTC)))
    again = bring_in(venue(BTCUSDT=brackets(*BTC)), begins=SECOND, book=book_of(tmp_path, first))
    assert (again.text, again.unchanged, again.problems) == (None, ("BTC-USDT",), [])


def test_how_a_table_is_written_is_no_change(tmp_path: Path) -> None:
    typed_by_hand = bring_in(venue(BTCUSDT=brackets(*BTC)))
    text = (
        (typed_by_hand.text or "")
        .replace("0.5%,  maintenance_amount: 50}", "0.5%}")
        .replace("0.4%,  ", "40bps,")
        .replace("50_000", "50000")
    )
    assert text.count("maintenance_amount") == 2
    book = book_of(tmp_path, Imported("2026-02-01.yaml", text, (), (), (), [], []))
    assert bring_in(venue(BTCUSDT=brackets(*BTC)), begins=SECOND, book=book).text is None


def test_a_market_that_comes_back_is_written_again(tmp_path: Path) -> None:
    """What a withdrawn market said before does not count as being in force."""
    first = bring_in(venue(BTCUSDT=brackets(*BTC), OLDUSDT=brackets(*TINY)))
    second = bring_in(venue(BTCUSDT=brackets(*BTC)), begins=SECOND, book=book_of(tmp_path, first))
    third = bring_in(
        venue(BTCUSDT=brackets(*BTC), OLDUSDT=brackets(*TINY)), begins=Effective(SECOND.by + 10**15), book=book_of(tmp_path, second)
    )
    assert (second.withdrawn, second.written) == (("OLD-USDT",), ())
    assert (third.written, third.unchanged) == (("OLD-USDT",), ("BTC-USDT",))
    assert "effective: 2026-03-13T" in (third.text or "")


def test_an_import_done_twice_changes_nothing(tmp_path: Path) -> None:
    first = bring_in(venue(BTCUSDT=brackets(*BTC)))
    assert bring_in(venue(BTCUSDT=brackets(*BTC)), book=book_of(tmp_path, first)).text is None


def test_another_answer_for_the_same_instant_is_refused(tmp_path: Path) -> None:
    first = bring_in(venue(BTCUSDT=brackets(*BTC), ETHUSDT=brackets(*BTC)))
    other = bring_in(venue(BTCUSDT=brackets(*TINY)), book=book_of(tmp_path, first))
    assert (other.text, codes(other)) == (None, ["RR712", "RR712"])


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    book = book_of(tmp_path, bring_in(venue(BTCUSDT=brackets(*BTC))))
    later_that_day = Observed(FIRST.after, FIRST.by + 3_600 * 10**9)
    assert bring_in(venue(BTCUSDT=brackets(*TINY)), begins=later_that_day, book=book).file_name == "2026-02-01-2.yaml"


def test_an_answer_about_one_market_is_told(tmp_path: Path) -> None:
    every = {f"{letter}USDT": brackets(*TINY) for letter in "ABC"}
    alone = bring_in(venue(AUSDT=brackets(*TINY)), begins=SECOND, book=book_of(tmp_path, bring_in(venue(**every))))
    assert (alone.withdrawn, codes(alone)) == (("B-USDT", "C-USDT"), ["RR713"])


@pytest.mark.parametrize(
    "reason, written",
    [
        ("Depth halved (minute RC-2026-114).", "reason: Depth halved (minute RC-2026-114)."),
        ("note: this", 'reason: "note: this"'),
        ("1e3", 'reason: "1e3"'),
        ("two\nlines", 'reason: "two\\nlines"'),
    ],
)
def test_words_are_quoted_only_where_the_reader_needs_it(reason: str, written: str) -> None:
    assert written in (bring_in(venue(BTCUSDT=brackets(*BTC)), reason=reason).text or "").splitlines()


@pytest.mark.parametrize(
    "asked, code, why",
    [
        ({"reason": ""}, "RR220", "a file says why it exists"),
        ({"reason": "see \u202ethis"}, "RR111", "what a reviewer cannot see may not be in a policy"),
        ({"begins": Observed(FIRST.by, FIRST.by)}, "RR221", "an interval has a length"),
        ({"form": "Marginal"}, "RR218", "a form is a name"),
    ],
)
def test_the_heading_is_held_to_what_every_file_is(asked: dict[str, Any], code: str, why: str) -> None:
    imported = bring_in(venue(BTCUSDT=brackets(*BTC)), **asked)
    assert (imported.text, codes(imported)) == (None, [code]), why


def test_a_form_that_the_book_does_not_have(tmp_path: Path) -> None:
    files, _ = read_files(sorted((SHIPPED.parents[1] / "house-usdm" / "margin").iterdir()), SHIPPED.parents[1])
    book = Book("house-usdm", str(tmp_path), "", history(files)[0])
    assert codes(bring_in(venue(BTCUSDT=brackets(*BTC)), book=book, form="by_hand")) == ["RR305"]
    assert bring_in(venue(BTCUSDT=brackets(*BTC)), book=book).written == ("BTC-USDT",)


# -- the shapes --------------------------------------------------------------------------------------


def as_ccxt(info: bool) -> bytes:
    rows = [
        {"tier": 1.0, "minNotional": 0.0, "maxNotional": 50000.0, "maintenanceMarginRate": 0.004, "maxLeverage": 125.0, "info": None},
        {"tier": 2.0, "minNotional": 50000.0, "maxNotional": 600000.0, "maintenanceMarginRate": 5e-03, "maxLeverage": 100.0, "info": {}},
        {"tier": 3.0, "minNotional": 600000.0, "maxNotional": 3000000.0, "maintenanceMarginRate": 0.0065, "maxLeverage": 75.0},
    ]
    if info:
        rows = [row | {"info": raw, "maintenanceMarginRate": 0.30000000000000004} for row, raw in zip(rows, brackets(*BTC), strict=True)]
    return json.dumps({"BTC/USDT:USDT": rows}).encode()


def as_rows() -> bytes:
    columns = ["cum", "bracket", "notionalFloor", "notionalCap", "maintMarginRatio", "initialLeverage"]
    return json.dumps(
        {"columns": columns, "symbols": {"BTC/USDT:USDT": [[row[name] for name in columns] for row in brackets(*BTC)]}}
    ).encode()


@pytest.mark.parametrize(
    "text, shape, why",
    [
        (as_ccxt(info=True), "ccxt", "the venue's own strings and not the floats made of them"),
        (as_rows(), "rows", "columns are read by their names, in any order"),
    ],
)
def test_every_shape_gives_the_same_file(text: bytes, shape: str, why: str) -> None:
    assert bring_in(text, shape).text == bring_in(venue(BTCUSDT=brackets(*BTC))).text, why


def test_ccxt_alone_has_no_amounts() -> None:
    imported = bring_in(as_ccxt(info=False), "ccxt")
    assert "maintenance_amount" not in (imported.text or "-")
    assert "{cap: 3_000_000, max_leverage:  75, maintenance_rate: 0.65%}" in (imported.text or "")


def test_contracts_margined_in_coin() -> None:
    rows = [{name.replace("notional", "qty"): value for name, value in row.items()} for row in brackets(*BTC, tier3_notionalCap=2**63 - 1)]
    imported = bring_in(venue(BTCUSD_PERP=rows, BTCUSD_210326=rows))
    assert imported.written == ("BTC-USD", "BTC-USD-210326")
    assert "{cap: unlimited, max_leverage:  75, maintenance_rate: 0.65%, maintenance_amount: 950}" in (imported.text or "")


SOME_ROWS = json.dumps(
    {"columns": ["bracket", "notionalFloor", "notionalCap", "maintMarginRatio", "initialLeverage", "cum"], "symbols": {}}
)


@pytest.mark.parametrize(
    "text, shape, code, place, why",
    [
        ("[1,\n 2 3]", "binance", "RR701", "2:4", "not JSON, and where it ends being so"),
        ("[" * 100_000, "binance", "RR701", "1:1", "too deep for any parser"),
        ('{"a": [],\n "a": []}', "ccxt", "RR702", "2:2", "which of the two is meant?"),
        ('{"a": [\nNaN]}', "ccxt", "RR703", "2:1", "Python would take it for a number"),
        ("{}", "binance", "RR704", "1:1", "not the venue's answer for all symbols"),
        ("[]", "ccxt", "RR704", "1:1", "not what ccxt gives"),
        ("[]", "binance", "RR704", "1:1", "no market at all would withdraw them all"),
        ('[{"brackets": []}]', "binance", "RR704", "1:2", "whose brackets?"),
        ('[{"symbol": "BTCUSDT"}]', "binance", "RR704", "1:2", "a market without a list of tiers"),
        ('[{"symbol": "BTCUSDT", "brackets": [1]}]', "binance", "RR704", "1:37", "a tier that is a number"),
        ('[{"symbol": "BTCUSDT", "notionalCoef": 1.5, "brackets": []}]', "binance", "RR704", "1:40", "one account's brackets"),
        ('{"symbols": {}}', "rows", "RR704", "1:1", "columns without names"),
        ('{"columns": ["bracket"], "symbols": {}}', "rows", "RR704", "1:13", "columns that are missing"),
        (SOME_ROWS.replace("{}", '{"BTC/USDT:USDT": [[1, 2]]}'), "rows", "RR704", "1:134", "a row of two figures under six columns"),
        ('[{"symbol": "BTCUSDT", "brackets": []}]', "binance", "RR710", "1:2", "no tiers is not no margin"),
    ],
)  # fmt: skip
def test_what_is_not_a_source(text: str, shape: str, code: str, place: str, why: str) -> None:
    imported = bring_in(text.encode(), shape)
    assert [(p.code, str(p.at)) for p in imported.problems] == [(code, f"answer.json:{place}")], why
    assert imported.text is None


# -- the rows ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "spoiled, found, words, why",
    [
        ({"tier2_maintMarginRatio": None}, ["RR707"], "BTC-USDT: tier 2: maintMarginRatio is null", "the market and the field"),
        ({"tier2_cum": GONE}, ["RR707"], "BTC-USDT: tier 2: cum is missing", "a venue's answer has every field"),
        ({"tier1_notionalCap": "50,000"}, ["RR708"], "tier 1: notionalCap is not a number: '50,000'", "a grouped number is text"),
        ({"tier1_notionalCap": True}, ["RR708"], "tier 1: notionalCap is not a number: True", "true is not 1"),
        ({"tier2_maintMarginRatio": "1/200"}, ["RR708"], "is not a number: '1/200'", "a source prints decimals"),
        ({"tier2_cum": "1e-41"}, ["RR708"], "cum has more than 40 digits", "an exponent is short and its decimal is not"),
        ({"tier3_cum": "-950"}, ["RR709"], "tier 3: cum is -950", "an amount is never negative"),
        ({"tier1_initialLeverage": 0}, ["RR709"], "tier 1: initialLeverage is 0", "nobody is leveraged 0 times"),
        ({"tier3_bracket": 4}, ["RR711"], "tier 3 is numbered 4", "a row between them may be missing"),
        ({"tier2_notionalFloor": "60000"}, ["RR233"], "no tier covers sizes from 50,000 to 60,000: size 55,000 has no rate", "a gap"),
        ({"tier2_notionalFloor": "40000"}, ["RR233"], "tiers 1 and 2 overlap: size 45,000 is in both", "an overlap"),
        ({"tier1_notionalFloor": "1"}, ["RR233"], "no tier covers sizes from 0 to 1", "the first tier begins at 0"),
        ({"tier2_cum": "50.01"}, ["RR205"], "maintenance amount 50.01 makes the margin jump by 0.01 at 50,000", "to the cent"),
        ({"tier2_initialLeverage": 150}, ["RR206"], "max leverage rises from 125x to 150x", "a leverage that rises"),
        ({"tier3_maintMarginRatio": "0.005", "tier3_cum": "50"}, ["RR203"], "rate does not rise from 0.5% to 0.5%", "a rate that stays"),
        ({"tier3_maintMarginRatio": "0.02", "tier3_cum": "9050"}, ["RR207"], "max leverage × maintenance rate is 1.5", "no room"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_row(spoiled: dict[str, Any], found: list[str], words: str, why: str) -> None:
    imported = bring_in(venue(BTCUSDT=brackets(*BTC, **spoiled)))
    assert codes(imported) == found, why
    assert words in imported.problems[0].text
    assert imported.problems[0].text.startswith("BTC-USDT: ")
    assert (imported.text, imported.written) == (None, ())


def test_every_inconsistency_at_once() -> None:
    spoiled = brackets(
        *BTC, tier1_notionalFloor=10, tier2_maintMarginRatio=None, tier3_bracket=7, tier3_initialLeverage=200, tier3_cum="940"
    )
    imported = bring_in(venue(BTCUSDT=spoiled, ETHUSDT=brackets(*BTC, tier2_cum="x"), XYZ=brackets(*BTC)))
    assert sorted(codes(imported)) == ["RR205", "RR207", "RR233", "RR705", "RR707", "RR708", "RR711"]


def test_good_markets_alone_are_written_on_request() -> None:
    text = venue(BTCUSDT=brackets(*BTC), ETHUSDT=brackets(*BTC, tier2_cum="x"), XYZ=brackets(*BTC))
    assert bring_in(text).written == ()
    skipping = bring_in(text, skip_bad=True)
    assert (skipping.written, [p.code for p in skipping.skipped], skipping.problems) == (("BTC-USDT",), ["RR705", "RR708"], [])


def test_a_market_that_is_skipped_is_not_withdrawn(tmp_path: Path) -> None:
    """It is in the file, whatever the file says of it; so may be one whose symbol cannot be read."""
    book = book_of(
        tmp_path, bring_in(venue(BTCUSDT=brackets(*BTC), ETHUSDT=brackets(*BTC), OLDUSDT=brackets(*BTC), SOLUSDT=brackets(*BTC)))
    )
    text = venue(BTCUSDT=brackets(*BTC), ETHUSDT=brackets(*BTC, tier2_cum="x")).replace(
        b"]}]", b']}, {"symbol": "SOL/USDT:BTC", "brackets": []}]'
    )
    skipping = bring_in(text, begins=SECOND, book=book, skip_bad=True)
    assert (skipping.unchanged, skipping.withdrawn) == (("BTC-USDT",), ("OLD-USDT",))


def test_a_market_that_stands_twice_is_not_written_from_either() -> None:
    text = json.dumps([{"symbol": s, "brackets": brackets(*BTC)} for s in ("BTCUSDT", "ETHUSDT", "BTC/USDT:USDT")]).encode()
    skipping = bring_in(text, skip_bad=True)
    assert (skipping.written, codes(skipping)) == (("ETH-USDT",), ["RR706"])


def test_an_empty_tier_is_told_and_stays() -> None:
    rows = brackets(*BTC[:2], ("600000", "0.0065", 75, "950.0"), ("3000000", "0.01", 50, "3050.0"))
    imported = bring_in(venue(BTCUSDT=rows))
    assert (codes(imported), (imported.text or "").count("{cap: ")) == (["RR230"], 4)


# -- laws --------------------------------------------------------------------------------------------


@st.composite
def tables(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Rows as a venue has them: caps and rates rise, leverage falls, amounts follow."""
    n = draw(st.integers(1, 8))
    caps = sorted(draw(st.sets(st.integers(1, 10**12), min_size=n, max_size=n)))
    cents = draw(st.sampled_from([1, 100, 10_000]))
    rates = sorted(draw(st.sets(st.integers(1, 9_999), min_size=n, max_size=n)))
    rows, amount, below = [], Fraction(0), Fraction(0)
    for cap, rate, before in zip(caps, rates, (0, *rates), strict=False):
        amount += below * Fraction(rate - before, 20_000) if below else 0
        leverage = Fraction(20_000, rate) * Fraction(99, 100)
        rows.append(
            (exact_text((cap, cents)), exact_text((rate, 20_000)), exact_text((int(leverage * 10**9), 10**9)), exact_text(to_exact(amount)))
        )
        below = Fraction(cap, cents)
    return brackets(*rows)


@settings(max_examples=60, deadline=None)
@given(rows=tables())
def test_the_written_file_reads_back_to_the_figures_of_the_source(
    rows: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    imported = bring_in(venue(BTCUSDT=rows))
    book = book_of(tmp_path_factory.mktemp("book"), imported)
    read = book.history.versions[("table", "BTC-USDT")][0].value.tiers
    said = [(t.cap, t.maintenance_rate, t.max_leverage, t.maintenance_amount) for t in read]
    names = ("notionalCap", "maintMarginRatio", "initialLeverage", "cum")
    assert said == [tuple(Fraction(str(row[name])) for name in names) for row in rows]


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_whatever_is_spoiled_there_is_an_answer_and_never_an_exception(data: st.DataObject) -> None:
    rows = data.draw(tables())
    odd = st.one_of(
        st.none(),
        st.booleans(),
        st.just(GONE),
        st.sampled_from(["", "x", "-1", "0", "1e3", "1/3", "1e-80", "9" * 200, [], {}]),
        st.floats(),
    )
    for _ in range(data.draw(st.integers(1, 3))):
        row, name, value = data.draw(st.sampled_from(rows)), data.draw(st.sampled_from(sorted(BTC_FIELDS))), data.draw(odd)
        if value is GONE:
            row.pop(name, None)
        else:
            row[name] = value
    imported = bring_in(venue(BTCUSDT=rows))
    assert (imported.text is None) == any(p.severity == "error" for p in imported.problems)
    assert all(p.at is not None and p.text and p.hint for p in imported.problems)


BTC_FIELDS = frozenset(brackets(*BTC)[0])


@pytest.mark.skipif(not SHIPPED.is_dir(), reason="the venue's tables are not in this checkout")
def test_the_shipped_tables_are_what_the_importer_writes() -> None:
    """Each file, put back into the venue's shape and imported, comes out the same to the last byte."""
    folder = SHIPPED.parents[1]
    for path in sorted(SHIPPED.iterdir()):
        (file,), problems = read_files([path], folder)
        header: Any = file.header
        assert problems == []
        symbols = {market: [_as_row(k, t, table) for k, t in enumerate(table.tiers)] for market, table in header.tables.items()}
        columns = ["bracket", "notionalFloor", "notionalCap", "maintMarginRatio", "initialLeverage", "cum"]
        text = json.dumps({"columns": columns, "symbols": {_to_ccxt(name): rows for name, rows in symbols.items()}}).encode()
        begins = Observed(header.possible_from, header.certain_from)
        back = import_tiers(text, "answer.json", "rows", "binance-usdm", begins, None, header.form, False, header.reason, header.source)
        assert [p for p in back.problems if p.severity == "error"] == []
        assert _without_withdrawn(back.text or "") == _without_withdrawn(path.read_text(encoding="utf-8")), path.name


def _as_row(k: int, tier: Any, table: Any) -> list[str]:
    floor, cap = table.tiers[k - 1].cap if k else Fraction(0), tier.cap or Fraction(2**63 - 1)
    return [
        str(k + 1),
        *(exact_text(to_exact(x)) for x in (floor, cap, tier.maintenance_rate, tier.max_leverage, tier.maintenance_amount)),
    ]


def _to_ccxt(market: str) -> str:
    base, quote, *date = market.split("-")
    return "-".join([f"{base}/{quote}:{quote}", *date])


def _without_withdrawn(text: str) -> str:
    start = text.find("withdrawn:")
    return text if start < 0 else text[:start] + text[text.index("tables:") :]
