import pytest
from hypothesis import given
from hypothesis import strategies as st

from affiliate.ids import ALPHABET, is_placement_token, new_placement_token, placement_of_sub_id, random_characters

tokens = st.builds(new_placement_token)


@given(tokens)
def test_a_token_is_twelve_lower_case_characters_and_valid(token: str) -> None:
    assert len(token) == 12
    assert token[0] == "a"
    assert set(token) <= set(ALPHABET)
    assert is_placement_token(token)


@given(tokens, st.integers(1, 11), st.sampled_from(ALPHABET))
def test_one_wrong_character_never_makes_another_valid_token(token: str, place: int, character: str) -> None:
    wrong = token[:place] + character + token[place + 1 :]
    assert is_placement_token(wrong) == (wrong == token)


@pytest.mark.parametrize(
    "text", ["", "a", "a" * 11 + "b", "b12345678901", "a1234567890é", "a123456789", "A12345678901"]
)
def test_what_we_did_not_make_is_no_token(text: str) -> None:
    assert not is_placement_token(text)


@given(tokens)
def test_our_token_is_found_in_what_networks_make_of_it(token: str) -> None:
    assert placement_of_sub_id(token) == token
    assert placement_of_sub_id(token.upper()) == token
    assert placement_of_sub_id(f"summer-{token}") == token
    assert placement_of_sub_id(f" {token}{random_characters(16)} ") == token


@given(tokens)
def test_our_token_inside_another_word_is_foreign(token: str) -> None:
    assert placement_of_sub_id(f"x{token}") is None
    assert placement_of_sub_id(f"{token}x") is None


@pytest.mark.parametrize("text", [None, "", "60e7eee589907f4a24a7c0dc", "9184c7g4-9gbb-48g7-9e43-44717t5bed70", "MY"])
def test_a_foreign_sub_id_never_decodes_as_ours(text: str | None) -> None:
    assert placement_of_sub_id(text) is None
