"""The three counts are explained in the same words everywhere."""

from pathlib import Path

from affiliate.clicks.count import MEANINGS

TOP = Path(__file__).parents[2]


def test_the_documents_explain_the_three_counts_in_the_words_of_the_pages() -> None:
    written = " ".join((TOP / "docs" / "redirects.md").read_text(encoding="utf-8").split())
    for name, meaning in MEANINGS.items():
        assert f"**{name.replace('_', '-')}**: {meaning}" in written
