"""Verifies an export of evidence without the product that made it: run `python3 verify.py` in the unpacked folder.

Needs nothing but Python. Exit 0: whole. Exit 1: not as it was written; the first thing that is not is named.
"""

import hashlib
import json
import sys
from pathlib import Path


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def main(folder: Path) -> None:
    previous, number = "", 0
    files: set[str] = set()
    with (folder / "records.ndjson").open("rb") as lines:
        for line in lines:
            one = json.loads(line)
            number_is, text = one["number"], one.get("record")
            digest = one["record_sha256"] if text is None else sha256(text.encode())
            follows = one["previous_hash"] == previous and number_is == number + 1 if previous else True
            begins = number_is != 1 or one["previous_hash"] == "0" * 64
            is_itself = sha256(f"{one['previous_hash']}\n{digest}".encode()) == one["hash"]
            record = json.loads(text) if text and is_itself else {"number": number_is}
            if not (follows and begins and is_itself and record["number"] == number_is):
                sys.exit(f"Record {number_is} is not as it was written.")
            previous, number = one["hash"], number_is
            files |= {record.get("html_sha256"), *record.get("screenshots", {}).values()} - {None}
    for name in sorted(files):
        found = list((folder / "files").glob(name + ".*"))
        if not found or sha256(found[0].read_bytes()) != name:
            sys.exit(f"The file {name} is missing or not as it was kept.")
    if not previous:
        sys.exit("There is no record in this export.")
    kept = f"{len(files)} files are as they were kept."
    sys.stdout.write(f"Whole up to record {number}. Its hash is {previous}; {kept}\n")


if __name__ == "__main__":
    main(Path(__file__).resolve().parent)
