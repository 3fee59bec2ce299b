"""Edits are spliced in and taken out again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.articles.edits import Edit, apply, in_order, restore


@st.composite
def edited(draw: st.DrawFn) -> tuple[str, tuple[Edit, ...]]:
    text = draw(st.text(max_size=30))
    places = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pairs = list(zip(places[::2], places[1::2], strict=False))
    return text, in_order(Edit(start, text[start:end], draw(st.text(max_size=5)), "href") for start, end in pairs)


@given(edited())
def test_restoring_gives_the_text_back(case: tuple[str, tuple[Edit, ...]]) -> None:
    text, edits = case
    assert restore(apply(text, edits), edits) == text


def test_edits_at_one_place_keep_their_order_and_stand_before_a_replacement() -> None:
    edits = in_order([Edit(1, "b", "B", "href"), Edit(1, "", "1", "label"), Edit(1, "", "2", "label")])
    assert apply("abc", edits) == "a12Bc"


def test_an_edit_that_changes_nothing_is_none() -> None:
    assert in_order([Edit(0, "a", "a", "href")]) == ()


@pytest.mark.parametrize("edits", [[Edit(0, "x", "y", "href")], [Edit(0, "ab", "", "href"), Edit(1, "b", "", "href")]])
def test_edits_that_do_not_fit_the_text_are_refused(edits: list[Edit]) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        apply("abc", edits)
