"""What are user-agent strings taken for? The shares of spiders found and of people's browsers lost, and the time of a new one.

    python bench/agents.py [FILE]

FILE is a list of uap-core (tests/test_device.yaml, tests/test_ua.yaml …: https://github.com/ua-parser/uap-core), or any text with
one string a line. What is a spider is uap-core's own verdict of the device, made here by ua-parser. Devices are counted that
begin as browsers do: others (apps' own requests, players, phones of before 2010) are never taken for people. Aimed at: 95 % of
spiders, at most 0.3 % of devices. Without FILE the sample of the tests is measured.
"""

import argparse
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ua_parser import parse_device

from affiliate.clicks.classes import kind_of

SAMPLE = Path(__file__).parents[1] / "tests" / "clicks" / "samples" / "user_agents.tsv"
_IN_YAML = re.compile(r"""\s*-\s*user_agent_string:\s*(['"]?)(.*?)\1\s*$""")


def strings(file: Path) -> Iterator[str]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if found := _IN_YAML.match(line):
            yield found[2].replace("''", "'") if found[1] == "'" else found[2].replace('\\"', '"')
        elif file.suffix not in {".yaml", ".yml"}:
            yield line.partition("\t")[2] or line


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", nargs="?", type=Path, default=SAMPLE)
    parser.add_argument("--missed", action="store_true", help="list what was taken for the wrong thing")
    asked = parser.parse_args()
    spiders, devices = [], []
    for text in dict.fromkeys(strings(asked.file)):
        device = parse_device(text)
        if device is not None and device.family == "Spider":
            spiders.append(text)
        elif text.startswith(("Mozilla/", "Opera/")):
            devices.append(text)
    if not spiders or not devices:
        sys.exit(f"{asked.file} has {len(spiders)} spiders and {len(devices)} browsers; both are needed.")
    kind_of("Mozilla/5.0")  # loads the lists
    began = time.process_time()
    people = [text for text in spiders if not kind_of(text)]
    machines = [text for text in devices if kind_of(text)]
    each = (time.process_time() - began) / (len(spiders) + len(devices))
    print(f"  spiders  {len(spiders):6}, taken for machines {1 - len(people) / len(spiders):8.2%}")
    print(f"  browsers {len(devices):6}, taken for machines {len(machines) / len(devices):8.2%}")
    print(f"  {each * 1e6:.0f} µs a string that is new; known ones are remembered")
    if asked.missed:
        print(*people, *machines, sep="\n")


if __name__ == "__main__":
    main()
