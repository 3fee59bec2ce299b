"""Everything that can be refused, as one tree.

A leaf is a noun with attributes. Its text names the thing and the way out, so the edges (command, web, API) print it as
it is. Raising one of these means that nothing was stored.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime


class AffiliateError(Exception):
    """The root: a refusal that a person can act on."""


class InvalidInput(AffiliateError):
    """What came in cannot be used as it is."""


class NotFound(AffiliateError):
    """A thing was named that is not there."""

    def __init__(self, thing: str, name: object, way_out: str = "") -> None:
        self.thing = thing
        self.name = name
        super().__init__(f"There is no {thing} {name!s}.{' ' + way_out if way_out else ''}")


class Conflict(AffiliateError):
    """The thing exists already, or changed meanwhile."""


class ChangedMeanwhile(Conflict):
    """What a decision rested on is another by the time that it is to be stored. Deciding anew helps."""

    def __init__(self, thing: str) -> None:
        self.thing = thing
        super().__init__(f"{thing} was changed by somebody else at the same moment. Nothing was stored; send it again.")


class TookTooLong(AffiliateError):
    """A request that was given up at its time limit of so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(
            f"This took longer than {seconds:g} seconds and was given up; what it had not finished was not stored."
            " Send less at once."
        )


class TooBusy(AffiliateError):
    """Too much of one kind is being done at this moment. Nothing was stored; a few seconds later it works."""


class NotAllowed(AffiliateError):
    """The signed-in person or token may not do this."""


class InvalidUrl(InvalidInput):
    """A text that is no usable web address."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason
        shown = url if len(url) <= 200 else url[:200] + "…"
        super().__init__(f"{shown!r} cannot be used as a link: {reason}")


class OwnHost(InvalidUrl):
    """A link to one of our own sites, which must never be monetised or redirected to."""

    def __init__(self, url: str, host: str) -> None:
        self.host = host
        super().__init__(url, f"{host} is one of our own sites; paste the advertiser's address instead.")


class UnknownAdvertiser(AffiliateError):
    """No programme on which this host earns. `reason` says what stands in the way of one that covers it, "" if none does."""

    def __init__(self, host: str, reason: str = "") -> None:
        self.host = host
        self.reason = reason
        way_out = f"affiliate programme add --network NETWORK --advertiser-id ID --name NAME --host {host}"
        super().__init__(
            f"{host} earns nothing: {reason}" if reason else f"No programme covers {host}. Add one with: {way_out}"
        )


class InvalidSlug(InvalidInput):
    """A slug outside the grammar of paths."""

    def __init__(self, slug: str, reason: str) -> None:
        self.slug = slug
        self.reason = reason
        super().__init__(f"The slug {slug!r} cannot be used: {reason}")


class SlugTaken(Conflict):
    """The path belongs to another link, live or old."""

    def __init__(self, path: str, link_name: str, proposal: str = "") -> None:
        self.path = path
        self.proposal = proposal
        hint = f" {proposal} is free." if proposal else ""
        super().__init__(f"{path} already belongs to the link “{link_name}”.{hint}")


class CannotBuild(InvalidInput):
    """A deep link that a network does not let us build from what we know."""

    def __init__(self, network: str, reason: str) -> None:
        self.network = network
        self.reason = reason
        super().__init__(f"No deep link can be built for {network}: {reason}")


class InvalidMoney(InvalidInput):
    """An amount or currency that cannot be read exactly."""


class InvalidDocument(InvalidInput):
    """HTML that is too large, or not text at all."""


class UnreadableFile(InvalidInput):
    """An import file that is not in the named format at all; no row was stored."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self.reason = reason
        super().__init__(f"{name} was not imported: {reason}")

    def called(self, name: str) -> "UnreadableFile":
        """The same refusal under the name by which a person knows the file."""
        return UnreadableFile(name, self.reason)


class UndecidedFile(UnreadableFile):
    """An import file whose rows leave open how they are to be read; no row was stored. `asked` are the questions in words, by the
    field of the column map that answers each."""

    def __init__(self, name: str, asked: Mapping[str, str]) -> None:
        self.asked = asked
        ways = " and ".join(f"--column {field}=…" for field in asked)
        super().__init__(name, f"{self.asks} Say it with {ways}, or in the column map.")

    @property
    def asks(self) -> str:
        return " ".join(self.asked.values())

    def called(self, name: str) -> "UndecidedFile":
        return UndecidedFile(name, self.asked)


class UnreadableMessage(InvalidInput):
    """A network's message that is no JSON object and no form."""


class NotSigned(NotAllowed):
    """A network's message that does not prove who sent it, or when. Nothing was stored."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"The message was not taken: {reason}")


class BlockedAddress(AffiliateError):
    """A request to an address that a public page never has (private, loopback, link-local)."""

    def __init__(self, host: str) -> None:
        self.host = host
        super().__init__(f"{host} is not a public address; the page was not requested.")


class Unreachable(AffiliateError):
    """A page or network that did not answer as asked. `permanent` says that trying again cannot help, `status` is that of
    its answer, `again_at` when it asked to come back, where it did."""

    def __init__(
        self,
        host: str,
        reason: str,
        *,
        permanent: bool = False,
        status: int | None = None,
        again_at: datetime | None = None,
    ) -> None:
        self.host = host
        self.reason = reason
        self.permanent = permanent
        self.status = status
        self.again_at = again_at
        super().__init__(f"{host} could not be read: {reason}")


class CredentialsUnusable(AffiliateError):
    """A file of credentials that is not there, or does not hold what a network asks for. Nothing was asked of it."""

    def __init__(self, file: object, reason: str) -> None:
        self.file = file
        self.reason = reason
        super().__init__(f"{file} cannot be used: {reason}")


class SettingsInvalid(AffiliateError):
    """Every problem of a configuration at once, each with its key."""

    def __init__(self, source: str, problems: Sequence[str]) -> None:
        self.source = source
        self.problems = tuple(problems)
        lines = "\n".join(f"  {problem}" for problem in self.problems)
        super().__init__(f"{source} has {len(self.problems)} problem(s):\n{lines}")


class StoreUnavailable(AffiliateError):
    """The database did not answer, or is locked by a long transaction."""
