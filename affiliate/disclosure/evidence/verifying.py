"""Walking the chain: is every record where it was, as it was, with its files and its stamps?"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy.orm import Session

from affiliate.disclosure.evidence import files, queries
from affiliate.disclosure.evidence.chain import BEFORE_THE_FIRST, hash_of
from affiliate.disclosure.evidence.records import moment, worst
from affiliate.disclosure.evidence.stamps import read_stamp
from affiliate.errors import InvalidInput
from affiliate.store.tables import EvidenceStamp, PageCheck

_MOST_PROBLEMS = 100  # named; a chain whose first record was cut off has one for each record

WHAT_IT_PROVES = (
    "A chain that is whole shows that no record in it was changed, taken out, put in or moved since it was written, by"
    " anybody who did not write all later records anew as well."
)
WHAT_IT_DOES_NOT = (
    "It does not show when a record was written, nor that nothing was cut off at its end, nor that it was not written anew"
    " from some record on by whoever runs this database: only a time stamp from outside, or a hash that somebody else keeps,"
    " shows that. And it shows what was checked and found, not what every reader saw."
)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not as it was written. `number` is the record's, None for a file that no record's number leads to."""

    number: int | None
    says: str

    def as_json(self) -> dict[str, Any]:
        return {"number": self.number, "says": self.says}


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk found. `stamped` is the number up to which a good stamp from outside covers the chain (0: none), `stamps`
    what each stamp says, in words. `problems` in the order of the walk, at most 100; `more` are not named."""

    records: int
    files: int
    head: str
    stamped: int
    stamps: tuple[str, ...]
    problems: tuple[Problem, ...]
    more: int

    @property
    def is_whole(self) -> bool:
        return not self.problems

    @property
    def first_broken(self) -> int | None:
        return min((problem.number for problem in self.problems if problem.number is not None), default=None)

    @property
    def proves(self) -> tuple[str, ...]:
        """What the chain shows and what not, in plain words."""
        stamped = (
            f"Time stamps from outside cover the records 1 to {self.stamped}: they existed, as they are, when stamped."
        )
        return (WHAT_IT_PROVES, *([stamped] if self.stamped else []), WHAT_IT_DOES_NOT)

    def as_json(self) -> dict[str, Any]:
        return {
            "whole": self.is_whole,
            "records": self.records,
            "files": self.files,
            "head": self.head,
            "stamped_until": self.stamped,
            "stamps": list(self.stamps),
            "first_broken": self.first_broken,
            "problems": [problem.as_json() for problem in self.problems],
            "problems_not_named": self.more,
            "proves": list(self.proves),
        }


def verify(session: Session, *, roots: Sequence[bytes] = ()) -> Verified:
    """Walks the whole chain, a few records at a time. `roots` are certificates (PEM or DER) of stamping authorities; without
    any, whose signature a stamp carries is not verified. Changes nothing."""
    walk = _Walk(session, roots)
    problems: list[Problem] = []
    more = 0
    for problem in walk.problems():
        if len(problems) < _MOST_PROBLEMS:
            problems.append(problem)
        else:
            more += 1
    return Verified(walk.records, walk.files, walk.last_hash, walk.stamped, tuple(walk.stamps), tuple(problems), more)


class _Walk:
    def __init__(self, session: Session, roots: Sequence[bytes]) -> None:
        self.session, self.roots = session, roots
        self.records = self.files = self.stamped = 0
        self.last_hash = BEFORE_THE_FIRST
        self.stamps: list[str] = []
        self._named: dict[bytes, int] = {}  # hash of a file: the first record that names it
        self._stamped: dict[int, list[EvidenceStamp]] = {}

    def problems(self) -> Iterator[Problem]:
        for stamp in queries.stamps(self.session):
            self._stamped.setdefault(stamp.number, []).append(stamp)
        for check in queries.chain(self.session):
            yield from self._of_record(check)
            yield from self._of_stamps(check)
        for number in self._stamped:
            yield Problem(
                number, f"A time stamp covers record {number}, which is not there: the chain's end was cut off."
            )
        yield from self._of_files()
        yield from self._of_verdicts()

    def _of_record(self, check: PageCheck) -> Iterator[Problem]:
        number, expected = check.number, self.records + 1
        changed = [] if hash_of(check.previous_hash, check.record) == check.hash else ["its hash is another"]
        changed += self._otherwise(check)
        if number != expected:
            yield Problem(min(number, expected), f"Record {expected} is not there; {number} comes next.")
        elif check.previous_hash != self.last_hash and not changed:
            says = f"Record {number} was written after another record {number - 1} than the one that is there now."
            yield Problem(max(number - 1, 1), says)
        if changed:
            yield Problem(number, f"Record {number} was changed: {'; '.join(changed)}.")
        self.records, self.last_hash = number, check.hash

    def _otherwise(self, check: PageCheck) -> list[str]:
        """What of the row's columns its record does not say. Remembers the files that the record names."""
        try:
            record = json.loads(check.record)
        except ValueError:
            record = None
        if not isinstance(record, dict):
            return ["it is no record"]
        for digest in _files_of(record):
            self._named.setdefault(digest, check.number)
        wrong = [name for name, value in _columns(check).items() if _said(record, name) != value]
        return [f"its columns say otherwise ({', '.join(wrong)})"] if wrong else []

    def _of_stamps(self, check: PageCheck) -> Iterator[Problem]:
        for stamp in self._stamped.pop(check.number, ()):
            try:
                read = read_stamp(stamp.token, stamp.hash, self.roots)
            except InvalidInput as problem:
                yield Problem(check.number, f"The time stamp of record {check.number} is not good: {problem}")
                continue
            if stamp.hash != check.hash:
                yield Problem(
                    check.number, f"The time stamp of record {check.number} covers another hash than the record has."
                )
                continue
            self.stamped = max(self.stamped, check.number)
            self.stamps.append(f"Record {check.number}: {read}")

    def _of_files(self) -> Iterator[Problem]:
        missing = dict(self._named)
        for file in queries.files(self.session):
            self.files += 1
            number = missing.pop(bytes.fromhex(file.sha256), None)
            try:
                is_same = sha256(files.unpacked(file)).hexdigest() == file.sha256
            except files.Damaged:
                is_same = False
            if not is_same:
                yield Problem(number, f"The file {file.sha256} was changed.")
        for digest, number in sorted(missing.items(), key=lambda item: item[1]):
            yield Problem(number, f"The file {digest.hex()} of record {number} is not there.")

    def _of_verdicts(self) -> Iterator[Problem]:
        for held, check in queries.verdicts_and_checks(self.session):
            if check.verdicts.get(held.profile) != held.verdict:
                says = (
                    f"The register says {held.verdict} of article {held.article_id} for {held.profile} by record"
                    f" {check.number}, which says {check.verdicts.get(held.profile, 'nothing')}."
                )
                yield Problem(check.number, says)


def _columns(check: PageCheck) -> Mapping[str, Any]:
    return {
        "number": check.number,
        "site": check.site_id,
        "article": check.article_id,
        "url": check.url,
        "variant": check.variant,
        "origin": check.origin,
        "mode": check.mode,
        "occasion": check.occasion,
        "checked_at": moment(check.checked_at),
        "verdicts": check.verdicts,
        "worst": check.worst,
        "html_sha256": check.html_sha256,
    }


def _said(record: Mapping[str, Any], name: str) -> Any:
    if name == "worst":
        verdicts = record.get("verdicts")
        return worst(verdicts) if isinstance(verdicts, dict) else None
    said = record.get(name)
    return said.get("id") if name in ("site", "article") and isinstance(said, dict) else said


def _files_of(record: Mapping[str, Any]) -> Iterator[bytes]:
    pictures = record.get("screenshots")
    for name in (record.get("html_sha256"), *(pictures.values() if isinstance(pictures, dict) else ())):
        try:
            yield bytes.fromhex(name)
        except (TypeError, ValueError):
            continue
