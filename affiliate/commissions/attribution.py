"""Which placement earned it: read from the sub-ids that a network carried and handed back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from affiliate.ids import placement_of_sub_id

SUB_ID, NONE, FOREIGN, UNKNOWN_TOKEN = "sub-id", "none", "foreign", "unknown-token"

_token = lru_cache(maxsize=10_000)(placement_of_sub_id)  # every row is asked twice, and placements come again


@dataclass(frozen=True, slots=True)
class Attribution:
    """`word`: sub-id (a placement of ours), none (the row carries no sub-id), foreign (somebody else's), unknown-token
    (ours by form and check character, but no such placement). `sub_id` is the text that decided, as it came."""

    word: str
    placement_id: int | None
    sub_id: str | None


_UNSAID = Attribution(NONE, None, None)


def tokens_in(sub_ids: Iterable[str]) -> set[str]:
    """Every text among these sub-ids that has the form of a placement token."""
    return {token for sub_id in sub_ids if (token := _token(sub_id))}


def attribute(sub_ids: tuple[str, ...], placements: Mapping[str, int]) -> Attribution:
    """Decides by the first sub-id, in the network's order, whose token is one of `placements` (token → placement id).

    Nothing is forced: a row whose sub-ids name no placement of ours stays without one.
    """
    if not sub_ids:
        return _UNSAID
    carried = [sub_id for sub_id in sub_ids if sub_id.strip()]
    ours_by_form = [(sub_id, token) for sub_id in carried if (token := _token(sub_id))]
    for sub_id, token in ours_by_form:
        if token in placements:
            return Attribution(SUB_ID, placements[token], sub_id)
    if ours_by_form:
        return Attribution(UNKNOWN_TOKEN, None, ours_by_form[0][0])
    if carried:
        return Attribution(FOREIGN, None, carried[0])
    return _UNSAID
