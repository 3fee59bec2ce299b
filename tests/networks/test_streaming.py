"""Reading the records of large JSON files in pieces."""

import io
import json
from decimal import Decimal

import pytest

from affiliate.errors import UnreadableFile
from affiliate.networks.reading.rows import json_document, records_at
from affiliate.networks.reading.streaming import json_records

RECORDS = [
    {"id": 1, "amount": 12.340, "name": "Grün & Söhne", "parts": [{"sku": "a]b"}, {}]},
    {"id": 2, "amount": -0.1, "note": 'a "quoted" \\ {brace}', "empty": None},
    {"id": 3, "amount": 1e3, "emoji": "👗", "deep": {"list": [[1], []]}},
]
DOCUMENT = {"Total": 3, "Next": None, "Data": {"Actions": RECORDS, "more": False}, "end": [1, 2]}


@pytest.fixture(params=[1, 7, 1 << 18], autouse=True)
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """However little is read at once."""
    monkeypatch.setattr("affiliate.networks.reading.streaming._PIECE", request.param)
    return int(request.param)


def read(content: bytes, *path: str) -> list[tuple[int, object]]:
    return list(json_records(io.BytesIO(content), "The report", *path))


def refusal(content: bytes, *path: str) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(content, *path)
    return str(caught.value)


@pytest.mark.parametrize("indent", [None, 2])
def test_records_come_as_they_are_with_exact_decimals(indent: int | None) -> None:
    content = json.dumps(RECORDS, indent=indent, ensure_ascii=False).encode()
    expected = list(enumerate(json.loads(content, parse_float=Decimal), start=1))
    assert read(content) == read(b"\xef\xbb\xbf" + content) == expected
    assert repr(read(content)) == repr(expected)
    assert read(json.dumps(DOCUMENT, indent=indent).encode(), "Data", "Actions") == expected


@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": "), (" ,\n", ": ")])
def test_many_records_come_as_they_are_however_they_are_set_apart(separators: tuple[str, str], piece: int) -> None:
    records = [{"id": n, "parts": [{"sku": "a},{b"}, {"at": {"x": [{}, {"y": 0.10}]}}]} for n in range(300)]
    content = json.dumps(records[: 300 if piece > 1 else 20], separators=separators).encode()
    assert read(content) == list(enumerate(json.loads(content, parse_float=Decimal), start=1))
    half = len(content) // 2
    assert "Expecting ':' delimiter" in refusal(content[:half] + content[half:].replace(b'"id"', b'"id" "id"', 1))
    assert read(content[:-1] + b', {"id": 1}]')[-1] == (len(read(content)) + 1, {"id": 1})


def test_an_empty_list_has_no_records() -> None:
    assert read(b" [ ] \n") == read(b'{"Actions": []}', "Actions") == []


@pytest.mark.parametrize(
    ("content", "path", "message"),
    [
        (
            b'{"error": "no", "code": 1}',
            (),
            "a list of rows at the top was expected, but it holds an object with error",
        ),
        (b'"text"', (), "but it holds 'text'"),
        (b'{"Rows": []}', ("Actions",), "a list under Actions was expected, but it holds an object with Rows"),
        (b"[1]", ("Actions",), "a list under Actions was expected, but it holds a list"),
        (b'{"Actions": null}', ("Actions",), "but it holds None"),
        (b"", (), "it is no JSON: Expecting value in line 1, column 1"),
        (b'[{"a": 1},\n {"a": 2}\n {"a": 3}]', (), "Expecting ',' delimiter in line 3, column 2"),
        (b'[{"a": 1},\n {"a": x}]', (), "Expecting value in line 2, column 8"),
        (b'[{"a": 1}] []', (), "Extra data in line 1, column 12"),
        (b'[{"a": NaN}]', (), "numbers or a nesting that no such report has"),
        (b"[" * 100_000, (), "numbers or a nesting that no such report has"),
        (b'[{"a": "\xff"}]', (), "it is not UTF-8 text"),
    ],
)
def test_what_is_no_such_report_is_refused_with_the_place(content: bytes, path: tuple[str, ...], message: str) -> None:
    assert message in refusal(content, *path)


def test_a_document_cut_anywhere_is_refused_as_when_it_was_read_whole() -> None:
    for document, path in ((RECORDS, ()), (DOCUMENT, ("Data", "Actions"))):
        content = json.dumps(document, indent=1, ensure_ascii=False).encode()
        for length in range(len(content)):
            cut = content[:length]
            with pytest.raises(UnreadableFile):
                records_at(json_document(io.BytesIO(cut), "The report"), "The report", *path)
            refusal(cut, *path)
