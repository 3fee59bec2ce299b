from collections.abc import Sequence

import pytest

from affiliate.errors import InvalidSlug
from affiliate.links.slugs import checked_slug, free_numbered, numbered, proposal


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://shop.example/women/dresses/marble-print-midi-dress.html?v=1", "marble-print-midi-dress"),
        ("https://shop.example/p/Robe%20d%27%C3%A9t%C3%A9/12345", "robe-dete"),
        ("https://shop.example/", "shop"),
        ("https://www.shop.example/123/456", "shop"),
    ],
)
def test_a_slug_is_made_of_the_last_telling_words_of_an_address(url: str, expected: str) -> None:
    assert proposal(url) == expected


def test_a_name_goes_before_the_address() -> None:
    assert proposal("https://shop.example/p/1", "Marble-print dress, £45") == "marble-print-dress-45"


def test_a_long_proposal_ends_at_a_word() -> None:
    made = proposal("https://shop.example/" + "-".join(["marble"] * 20))
    assert len(made) <= 60
    assert made.endswith("-marble")


@pytest.mark.parametrize("slug", ["", "-a", "a-", "a--b", "A", "a b", "a/-b", "a/../b", "ä", "a" * 201, "a/" + "/b"])
def test_a_slug_outside_the_grammar_is_refused(slug: str) -> None:
    with pytest.raises(InvalidSlug):
        checked_slug(slug)


def test_a_slug_may_have_segments_and_may_be_pasted_as_a_path() -> None:
    assert checked_slug("/go/dresses/marble-1/") == "dresses/marble-1"


@pytest.mark.parametrize("there", [0, 1, 2, 3, 7, 8, 9, 1000, 100_000])
def test_a_free_slug_is_found_by_few_questions_however_many_are_taken(there: int) -> None:
    taken = {numbered("dress", number) for number in range(1, there + 1)}
    asked: list[int] = []

    def known(slugs: Sequence[str]) -> set[str]:
        asked.append(len(slugs))
        return taken & set(slugs)

    assert free_numbered("dress", known) == numbered("dress", there + 1)
    assert len(asked) <= 6
    assert sum(asked) <= 300
