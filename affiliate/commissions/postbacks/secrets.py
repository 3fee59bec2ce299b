"""What an account's messages are proven with, from its file of credentials; read when a message comes, never kept."""

import logging
import tomllib
from pathlib import Path

from affiliate.commissions.postbacks.proof import NO_SECRETS, Secrets
from affiliate.networks.asking.credentials import POSTBACK_KEY, POSTBACK_SECRET, file_of
from affiliate.networks.base import Network

_LONGEST_REF = 200  # characters, percent-encoded: a file's name takes 255 bytes

log = logging.getLogger(__name__)


def secrets_of(folder: Path, network: Network, publisher_ref: str) -> Secrets:
    """NO_SECRETS where there is no such file, or nothing of ours in it: then no message of the account is taken."""
    file = file_of(folder, network, publisher_ref)
    if not publisher_ref or len(file.name) > _LONGEST_REF:
        return NO_SECRETS
    try:
        said = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return NO_SECRETS
    except (OSError, ValueError) as problem:
        log.error("%s cannot be read: %s", file, type(problem).__name__)  # its text may quote what stands there
        return NO_SECRETS
    secret, key = said.get(POSTBACK_SECRET, ""), said.get(POSTBACK_KEY, "")
    return Secrets(secret if isinstance(secret, str) else "", key if isinstance(key, str) else "")
