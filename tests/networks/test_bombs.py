"""Files that are small and unpack, unfold or count up to far more: each is refused in words, in the memory of a small machine."""

import io
import json
import resource
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

MEMORY = 900_000_000  # bytes of address space for the interpreter, its modules and a file
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATED = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
_SHEETS = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_TYPES}"><Default Extension="xml" ContentType="application/xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEETS}.sheet.main+xml"/>'
    f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_SHEETS}.sharedStrings+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_RELATED}">'
    f'<Relationship Id="r" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets><sheet name="S" sheetId="1" r:id="r"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATED}">'
    f'<Relationship Id="r" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
    f'<Relationship Id="s" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
}
_HEADER = '<row r="1"><c r="A1" t="inlineStr"><is><t>id</t></is></c><c r="B1" t="inlineStr"><is><t>commission</t></is></c></row>'


def workbook(
    path: Path, rows: str, times: int = 1, *, before: str = "", shared: str = "", shared_times: int = 1, names: str = ""
) -> None:
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{_HEADER}{before}'
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, text in _PARTS.items():
            archive.writestr(name, text.replace("</sheets>", f"</sheets><definedNames>{names}</definedNames>"))
        for name, start, piece, count, end in (
            ("xl/worksheets/sheet1.xml", sheet, rows, times, "</sheetData></worksheet>"),
            ("xl/sharedStrings.xml", f'<sst xmlns="{_MAIN}">', shared, shared_times, "</sst>"),
        ):
            with archive.open(name, "w") as part:
                part.write(start.encode())
                for _ in range(count):
                    part.write(piece.encode())
                part.write(end.encode())


def entities(path: Path) -> None:
    told = "".join(f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12))
    path.write_text(f'<!DOCTYPE r [<!ENTITY a0 "a">{told}]><r><t><id>&a11;</id></t></r>')


BOMBS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a cell of 200 MB": (
        lambda path: workbook(path, "x" * 10_000, 20_000, before='<row><c t="inlineStr"><is><t>'),
        "a row of it takes more than",
    ),
    "a row of 20 million cells": (
        lambda path: workbook(path, "<c/>" * 10_000, 2000, before="<row>"),
        "a row of it takes",
    ),
    "ends of rows in comments": (
        lambda path: workbook(path, "<c/>" * 10_000 + "<!--</row>-->", 2000, before="<row>"),
        "a row of it takes more than",
    ),
    "ten million empty rows": (lambda path: workbook(path, "<row/>" * 10_000, 1000), "it has more than 1,048,576 rows"),
    "a row far below": (
        lambda path: workbook(path, '<row r="2000000000"><c r="A2000000000"><v>1</v></c></row>'),
        "it has more than 1,048,576 rows, or says so",
    ),
    "a column far to the right": (
        lambda path: workbook(path, '<row r="2"><c r="ZZZZZZ2"/></row>'),
        "no whole XLSX workbook",
    ),
    "fifty million shared texts": (
        lambda path: workbook(path, "", shared="<si/>" * 10_000, shared_times=5000),
        "unpack to more than any report holds",
    ),
    "half a million defined names": (
        lambda path: workbook(path, "", names='<definedName name="a">S!$A$1</definedName>' * 500_000),
        "its part xl/workbook.xml takes more than",
    ),
    "entities of entities": (entities, "it defines entities of its own"),
    "a million elements in one another": (lambda path: path.write_text("<r>" + "<a>" * 1_000_000), "500 deep"),
    "one line of 50 MB": (
        lambda path: path.write_bytes(b"id,commission\n" + b"x" * 50_000_000),
        "longer than 1,000,000",
    ),
    "one line of cells": (
        lambda path: path.write_bytes(b"id,commission\n" + b"," * 50_000_000),
        "longer than 1,000,000",
    ),
    "a cell that never closes": (
        lambda path: path.write_bytes(b'id,commission\n"' + b"x\n" * 9_000_000),
        "do not close",
    ),
    "a million lists in one another": (lambda path: path.write_text('[{"id":' + "[" * 1_000_000), "a nesting that no"),
    "a number of 100,000 digits": (
        lambda path: path.write_text(f'[{{"id":1,"x":{"9" * 100_000}}},{{"id":2}}]'),
        "numbers or",
    ),
    "no number": (lambda path: path.write_text('[{"id":1,"x":NaN},{"id":2,"x":-Infinity}]'), "numbers or"),
    "a text of 40 MB": (lambda path: path.write_text('[{"id":"' + "x" * 40_000_000 + '"}]'), "it is no JSON"),
}

_READ = """
import json, sys
from affiliate.errors import AffiliateError
from affiliate.networks.reading.formats import open_table

said = {}
for name in sys.argv[1:]:
    with open(name, "rb") as file:
        try:
            said[name] = f"{sum(1 for _ in open_table(file).records)} rows"
        except AffiliateError as refused:
            said[name] = str(refused)
print(json.dumps(said))
"""


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What one process with little memory says of each file."""
    folder = tmp_path_factory.mktemp("bombs")
    paths = {name: folder / str(number) for number, name in enumerate(BOMBS)}
    for name, (make, _) in BOMBS.items():
        make(paths[name])
    answer = subprocess.run(
        [sys.executable, "-c", _READ, *map(str, paths.values())],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY)),
    )
    by_path = json.loads(answer.stdout)
    return {name: by_path[str(path)] for name, path in paths.items()}


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_becomes_far_more_than_it_is_is_refused_in_little_memory(name: str, said: dict[str, str]) -> None:
    assert BOMBS[name][1] in said[name]


def test_a_workbook_with_rows_of_usual_size_is_read_as_before(tmp_path: Path) -> None:
    from affiliate.networks.reading.formats import open_table

    path = tmp_path / "usual.xlsx"
    workbook(path, "<row><c><v>1</v></c><c><v>2.50</v></c></row>", 5000)
    assert sum(1 for _ in open_table(io.BytesIO(path.read_bytes())).records) == 5000
