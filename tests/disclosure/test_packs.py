"""The packs themselves: every rule has its source, thin evidence never fails a page, and nobody changes one in silence."""

import hashlib
import json
import re
import shutil
import tomllib
from collections.abc import Iterable
from pathlib import Path
from textwrap import dedent

import pytest

from affiliate.disclosure import rules
from affiliate.disclosure.check import check
from affiliate.disclosure.findings import FAIL, INFO, PASS, SEVERITIES
from affiliate.disclosure.rules import (
    BASE,
    CHECKS,
    GRADES,
    IN_BROWSER,
    Rule,
    checked_profile,
    pack,
    pack_names,
    profile_names,
    read_pack,
)
from affiliate.errors import InvalidInput

FOLDER = Path(rules.__file__).parent / "packs"
DOCUMENT = (Path(__file__).parents[2] / "docs" / "disclosure.md").read_text(encoding="utf-8")
PINNED = Path(__file__).with_name("pack_versions.toml")

# The contract's names.
PROFILES = (
    {"us", "uk", "ie", "eu", "de", "fr", "es", "it", "nl", "se", "fi", "ca", "au", "in", "jp"}
    | {"amazon", "ebay", "rakuten", "skimlinks", "google"}
)  # fmt: skip

# Rules of networks and platforms that were read and stand in no pack, and why not.
LEFT_OUT = {
    "AWIN-01": "A parameter of the outgoing link: the redirect adds cons=0 when a reader refuses; no page shows it.",
    "AWIN-02": "What Awin's own tool does, no rule; a template that a script fills is found by K13.",
    "AWIN-03": "Terms of single programmes, which name their own label; a programme's terms are kept with it.",
    "APPL-01": "No rule on affiliate links was found there.",
}
READ = {
    *(f"US-{number:02}" for number in range(1, 11)),
    *(f"UK-{number:02}" for number in range(1, 12)),
    *(f"EU-{number:02}" for number in range(1, 6)),
    *(f"DE-{number:02}" for number in range(1, 7)),
    *("FR-01", "FR-02", "ES-01", "ES-02", "IT-01", "IT-02", "NL-01", "IE-01", "IE-02", "FI-01", "SE-01"),
    *("CA-01", "AU-01", "IN-01", "JP-01", "JP-02", "JP-03", "JP-04"),
    *(f"AMZ-{number:02}" for number in range(1, 12)),
    *("EBAY-01", "EBAY-02", "EBAY-03", "RAK-01", "RAK-02", "RAK-03", "RAK-04"),
    *("AWIN-01", "AWIN-02", "AWIN-03", "SKIM-01", "GOOG-01", "GOOG-02", "GOOG-03", "APPL-01", "AMP-01"),
}


def own_rules(key: str) -> list[Rule]:
    """The rules that stand in a pack's own file."""
    ids = [each["id"] for each in tomllib.loads((FOLDER / f"{key}.toml").read_text(encoding="utf-8"))["rule"]]
    return [rule for rule in pack(key).rules if rule.id in ids]


EVERY_RULE = [(key, rule) for key in pack_names() for rule in own_rules(key)]
each_rule = pytest.mark.parametrize(("key", "rule"), EVERY_RULE, ids=lambda value: getattr(value, "id", value))


def test_every_profile_of_the_contract_is_there_in_any_case_and_short() -> None:
    assert set(profile_names()) == PROFILES
    assert "ours" in pack_names()
    assert [checked_profile(name) for name in ("UK", " amz", "RAK", "Goog", "skim")] == [
        "uk",
        "amazon",
        "rakuten",
        "google",
        "skimlinks",
    ]
    for unknown in ("atlantis", "", "../uk", "ours"):
        with pytest.raises(InvalidInput, match="there are amazon, au"):
            checked_profile(unknown)


def test_every_rule_that_was_read_stands_in_a_pack_or_is_left_out_with_a_reason() -> None:
    there = {rule.id for _, rule in EVERY_RULE}
    assert sorted(READ - there) == sorted(LEFT_OUT)
    assert [id_ for id_ in sorted(there - READ) if not re.fullmatch(r"K\d+", id_)] == []


def test_an_id_means_one_rule_in_all_packs() -> None:
    ids = [rule.id for _, rule in EVERY_RULE]
    assert sorted(ids) == sorted(set(ids))


@each_rule
def test_a_rule_tells_editors_what_it_asks_and_how_to_mend_it(key: str, rule: Rule) -> None:
    for words in (rule.title, rule.asks, rule.mend):
        assert words[0].isupper() or words[0] in "“「", words
    assert rule.asks.endswith((".", "”", "」")), rule.asks
    assert rule.mend.endswith((".", "”", "」")), rule.mend
    assert not rule.title.endswith("."), rule.title
    assert len(rule.title) < 90, rule.title
    assert rule.severity in SEVERITIES, key


@each_rule
def test_thin_evidence_warns_and_never_fails_a_page(key: str, rule: Rule) -> None:
    assert all(source.grade in GRADES for source in rule.sources), key
    if rule.grade in ("S", "M", "O"):
        assert not rule.fails or len(rule.sources) >= 3, "three summaries that agree, at least"
        assert not rule.fails or rule.agreed


@each_rule
def test_words_that_are_quoted_were_read_somewhere_that_is_named(key: str, rule: Rule) -> None:
    if rule.quote:
        assert rule.source, f"{key}: {rule.id} quotes nobody"


def test_a_check_belongs_to_one_rule_of_a_profile() -> None:
    for key in profile_names():
        named = [check_ for rule in pack(key).rules for check_ in rule.checks]
        assert sorted(named) == sorted(set(named)), key


def test_every_check_is_asked_for_by_some_rule() -> None:
    named = {check_ for _, rule in EVERY_RULE for check_ in rule.checks}
    assert sorted(set(CHECKS) - named) == []
    assert set(CHECKS) >= IN_BROWSER


def test_a_jurisdiction_looks_at_order_sight_and_words() -> None:
    for key in profile_names():
        if pack(key).kind == "jurisdiction":
            named = {check_ for rule in pack(key).rules for check_ in rule.checks}
            assert named & {"told-before-link", "told-at-links", "sentence-before-link", "label-at-link"}, key
            assert named >= {"seen", "no-action", "size", "contrast", "distance", "wording", "scripts"}, key


@pytest.mark.parametrize(
    ("key", "language", "words"),
    [
        ("uk", "en", ["Ad", "Advert", "Advertising", "Advertisement", "Advertisement feature"]),
        ("de", "de", ["Werbung", "Anzeige"]),
        ("ie", "ga", ["Fógra"]),
        ("es", "es", ["Publicidad"]),
        ("fr", "fr", ["Publicité", "Collaboration commerciale"]),
        ("it", "it", ["Pubblicità"]),
        ("jp", "ja", ["広告", "PR", "プロモーション", "宣伝"]),
        ("us", "en", ["Paid link", "Ad", "Advertisement", "Commissions earned"]),
        ("amazon", "en", ["Paid link", "Ad", "CommissionsEarned"]),
        ("fr", "de", ["Werbung"]),
    ],
)
def test_labels_are_the_authorities_words_in_the_language_of_the_article(
    key: str, language: str, words: list[str]
) -> None:
    assert set(words) <= set(pack(key).labels[language])


def test_no_word_that_an_authority_turns_down_is_a_label() -> None:
    for key in profile_names():
        for words in pack(key).labels.values():
            assert not {word.casefold() for word in words} & {
                "affiliate",
                "aff",
                "sp",
                "spon",
                "collab",
                "affiliate link",
            }
    assert "Sponsored" not in pack("uk").labels["en"]
    assert "Ad" not in pack("es").labels["es"]
    assert "Ad" not in pack("de").labels["en"]


PLACING = {"told-before-link", "told-at-links", "sentence-before-link", "label-before-link", "label-at-headline"}


@pytest.mark.parametrize(
    ("key", "language"),
    [
        *[("uk", "en"), ("us", "en"), ("ie", "en"), ("ca", "en"), ("au", "en"), ("in", "en"), ("rakuten", "en")],
        *[("skimlinks", "en"), ("de", "de"), ("fr", "fr"), ("es", "es"), ("nl", "nl"), ("fi", "fi"), ("jp", "ja")],
    ],
)
def test_a_page_that_does_what_the_mending_says_passes(key: str, language: str) -> None:
    words = [
        quoted
        for rule in pack(key).rules
        if PLACING & set(rule.checks)
        for quoted in re.findall(r"[“「«]\s*(.+?)\s*[”」»]", rule.mend)
        if rule.id != "EU-01" or quoted in pack(key).labels[language]
    ]
    labels = [quoted for quoted in words if quoted in pack(key).labels[language]][:1]
    sentences = [quoted for quoted in words if len(quoted) > 25]
    assert labels or sentences
    above, below = ("".join(f"<p>{said}</p>" for said in each) for each in (labels, sentences))
    page = f"""<html lang="{language}"><meta name="x-content-kind" content="product-led"><article>{above}<h1>Kettles</h1>
        {below}<p><a rel="sponsored" href="https://www.awin1.com/cread.php?awinmid=1&amp;awinaffid=2">Acme</a></p>"""
    checked = check(page, [key])
    assert checked.verdicts == {key: PASS}, [each for each in checked.findings if each.severity != INFO]


# ---- versions


def digest(key: str) -> str:
    """Of what a pack says, whatever its comments and its layout."""
    data = tomllib.loads((FOLDER / f"{key}.toml").read_text(encoding="utf-8"))
    return hashlib.sha256(json.dumps(data, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


@pytest.mark.parametrize("key", pack_names())
def test_a_pack_that_says_something_else_has_a_new_version(key: str) -> None:
    pinned = tomllib.loads(PINNED.read_text(encoding="utf-8"))
    version = pack(key).version
    assert pinned.get(key, {}).get(version) == digest(key), (
        f"{key}.toml says something new: give it a new version, and add to {PINNED.name} below [{key}]:"
        f'\n"{version}" = "{digest(key)}"'
    )


# ---- reading packs

GOOD = """
name = "Atlantis"
kind = "jurisdiction"
version = "2026-11-23"
[labels]
en = ["Bubble"]
[[rule]]
id = "AT-01"
title = "A bubble before the headline"
asks = "A product-led article has a bubble before its headline."
mend = "Put “Bubble” before the headline."
severity = "BLOCK"
checks = ["label-at-headline"]
since = "2026-11"
quote = "Let bubbles rise before the title."
sources = [{ address = "https://law.atlantis.example/bubbles", grade = "P" }]
"""


def read(folder: Path, text: str, name: str = "atlantis") -> rules.Pack:
    (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return read_pack(folder / f"{name}.toml")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "Atlantis"', "", "'name' is missing"),
        ('kind = "jurisdiction"', 'kind = "planet"', "'planet' is no kind"),
        ('"2026-11-23"', '"today"', "the version 'today' is no day"),
        ('name = "Atlantis"', 'name = "A"\nextends = ["mu"]', "extends 'mu', which is no other pack"),
        ('name = "Atlantis"', 'name = "A"\nextends = ["atlantis"]', "extends 'atlantis', which is no other pack"),
        ('title = "A bubble before the headline"', "", "rule AT-01: 'title' is missing"),
        ('id = "AT-01"', "", "rule number 1: 'id' is missing"),
        ("[labels]", "[label]", "'label' is no field of a pack"),
        ("asks =", "ask =", "rule AT-01: 'ask' is no field of a rule"),
        ('"BLOCK"', '"HARD"', "rule AT-01: 'HARD' is no severity"),
        ('"label-at-headline"', '"look-hard"', "rule AT-01: 'look-hard' is no check"),
        ('checks = ["label-at-headline"]', "", "rule AT-01: it has no check"),
        ('"2026-11"', '"last year"', "rule AT-01: since is 'last year'"),
        ('grade = "P"', 'grade = "Z"', "rule AT-01: 'Z' is no grade"),
        ("https://law.atlantis.example/bubbles", "the library", "rule AT-01: 'the library' is no address"),
        ('sources = [{ address = "https://law.atlantis.example/bubbles", grade = "P" }]', "", "it names no source"),
        ("[[rule]]", "[[rule", "cannot be read"),
    ],
)
def test_a_crooked_pack_is_refused_by_file_rule_and_field(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert read(tmp_path, GOOD).rule("AT-01").effective == "BLOCK"
    with pytest.raises(InvalidInput, match=r"atlantis\.toml") as refused:
        read(tmp_path, GOOD.replace(old, new))
    assert words in str(refused.value)


def test_a_pack_without_a_rule_and_one_with_a_rule_twice_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="it has no rule"):
        read(tmp_path, GOOD.partition("[[rule]]")[0])
    with pytest.raises(InvalidInput, match="two rules AT-01"):
        read(tmp_path, GOOD + "[[rule]]" + GOOD.partition("[[rule]]")[2].replace("BLOCK", "WARN"))


def test_a_packs_own_rule_takes_over_the_check_of_what_it_extends(tmp_path: Path) -> None:
    read(tmp_path, GOOD.replace("BLOCK", "WARN"), "sea")
    strict = GOOD.replace("AT-01", "AT-02").replace("[labels]", 'extends = ["sea"]\n[labels]')
    made = read(tmp_path, strict)
    assert [(rule.id, rule.checks) for rule in made.rules] == [("AT-02", ("label-at-headline",))]


def test_a_packs_own_rule_does_not_turn_a_fail_into_a_doubt(tmp_path: Path) -> None:
    read(tmp_path, GOOD, "sea")
    mild = GOOD.replace("AT-01", "AT-02").replace('grade = "P"', 'grade = "S"')
    made = read(tmp_path, mild.replace("[labels]", 'extends = ["sea"]\n[labels]'))
    assert [(rule.id, rule.fails) for rule in made.rules] == [("AT-01", True)]


def test_a_stricter_check_leaves_nothing_to_say_for_a_laxer_one(tmp_path: Path) -> None:
    sea = GOOD.replace("label-at-headline", "told-before-link")
    read(tmp_path, sea, "sea")
    strict = GOOD.replace("label-at-headline", "sentence-before-link").replace("AT-01", "AT-02")
    strict = strict.replace("[labels]", 'extends = ["sea"]\n[labels]')
    assert [rule.id for rule in read(tmp_path, strict).rules] == ["AT-02"]
    assert [rule.id for rule in read(tmp_path, strict.replace("BLOCK", "WARN")).rules] == ["AT-01", "AT-02"]


def test_labels_are_taken_over_by_language(tmp_path: Path) -> None:
    read(tmp_path, GOOD.replace('en = ["Bubble"]', 'en = ["Bubble"]\nde = ["Blase"]'), "sea")
    made = read(tmp_path, GOOD.replace("AT-01", "AT-02").replace("[labels]", 'extends = ["sea"]\n[labels]'))
    assert made.labels == {"en": ("Bubble",), "de": ("Blase",)}


def test_a_jurisdiction_is_added_as_the_documentation_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "packs"
    shutil.copytree(FOLDER, folder)
    written = dedent(
        re.findall(r"^   ```toml\n(   # packs/atlantis.toml.*?)^   ```", DOCUMENT, re.DOTALL | re.MULTILINE)[0]
    )
    (folder / "atlantis.toml").write_text(written, encoding="utf-8")
    monkeypatch.setattr(rules, "_FOLDER", folder)
    pack.cache_clear()
    try:
        page = """<html lang="en"><meta name="x-content-kind" content="product-led"><article>{}<h1>Tridents</h1>
            <p>Buy <a rel="sponsored" href="https://www.awin1.com/cread.php?awinmid=1&amp;awinaffid=2">this</a>."""
        assert checked_profile("ATLANTIS") == "atlantis"
        checked = check(page.format("<p>Ad</p>"), ["atlantis"])
        assert checked.verdicts == {"atlantis": FAIL}
        [finding] = [each for each in checked.findings if each.rule == "AT-01"]
        assert finding.source == "https://law.atlantis.example/bubbles"
        bubble = check(page.format("<p>Bubble</p>"), ["atlantis"])
        assert bubble.verdicts == {"atlantis": PASS}, bubble.findings
        assert {each.severity for each in bubble.findings} <= {INFO}
    finally:
        pack.cache_clear()


def of_profile(key: str) -> list[Rule]:
    """A profile's own rules, as they are in force there."""
    own = {rule.id for rule in own_rules(key)}
    return [rule for rule in pack(key).rules if rule.id in own]


@pytest.mark.parametrize("key", profile_names())
def test_the_documentation_says_what_each_profile_asks(key: str) -> None:
    [row] = [line for line in DOCUMENT.splitlines() if line.startswith(f"| `{key}` | ") and line.count("|") == 6]
    fails, warns, person = (cell.strip() for cell in row.split("|")[3:6])
    assert fails == _ids(rule for rule in of_profile(key) if rule.checks and rule.fails)
    assert warns == _ids(rule for rule in of_profile(key) if rule.checks and not rule.fails)
    assert person == _ids(rule for rule in of_profile(key) if not rule.checks)


def _ids(found: Iterable[Rule]) -> str:
    return ", ".join(rule.id for rule in found) or "–"


def test_a_base_is_for_others_to_extend() -> None:
    assert pack("ours").kind == BASE
    assert all(rule.grade == "O" for rule in pack("ours").rules if rule.id.startswith("K"))
