"""The articles: what stands in the folder beside this module, with who wrote it and when it went out."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from importlib.resources import files

from affiliate.clock import zone
from affiliate.demo.world import UK, US


@dataclass(frozen=True, slots=True)
class Story:
    """An article. `days_old` counts back from today, `readers` is how many people click in it on its first day."""

    title_key: str
    file: str
    headline: str
    kind: str
    section: str
    author: str
    days_old: int
    hour: int
    readers: int
    tags: tuple[str, ...] = ()

    @property
    def html(self) -> str:
        folder = files("affiliate.demo") / "articles"
        return (folder / f"{self.file}.html").read_text(encoding="utf-8")

    @property
    def path(self) -> str:
        return f"/{self.section.lower()}/{self.file}"

    def published_at(self, today: date, time_zone: str) -> datetime:
        """When it went out: at its hour in the title's zone."""
        day = today - timedelta(days=self.days_old)
        return datetime.combine(day, time(self.hour), tzinfo=zone(time_zone))


STORIES = (
    Story(
        title_key=UK,
        file="marble-print-partywear",
        headline="Written in stone: the marble print taking over the high street",
        kind="product-led",
        section="Fashion",
        author="Imogen Farrowdale",
        days_old=58,
        hour=7,
        readers=220,
        tags=("partywear", "high street", "trends"),
    ),
    Story(
        title_key=UK,
        file="the-hall-that-danced",
        headline="The hall that danced its overdraft away",
        kind="mixed",
        section="News",
        author="Dev Askwith-Rao",
        days_old=33,
        hour=6,
        readers=50,
        tags=("villages", "good news"),
    ),
    Story(
        title_key=UK,
        file="in-praise-of-wearing-it-again",
        headline="In praise of wearing it again",
        kind="editorial",
        section="Opinion",
        author="Cosima Pettifer-Lund",
        days_old=30,
        hour=9,
        readers=0,
        tags=("opinion",),
    ),
    Story(
        title_key=UK,
        file="remembering-hettie-marlpool",
        headline="Hettie Marlpool, who taught a town to swim",
        kind="mixed",
        section="Lives",
        author="Dev Askwith-Rao",
        days_old=21,
        hour=10,
        readers=0,
        tags=("bereavement", "tribute"),
    ),
    Story(
        title_key=UK,
        file="a-table-for-twelve",
        headline="A table for twelve, in a room for six",
        kind="product-led",
        section="Home",
        author="Cosima Pettifer-Lund",
        days_old=44,
        hour=8,
        readers=80,
        tags=("hosting", "tableware"),
    ),
    Story(
        title_key=US,
        file="one-jumpsuit-five-dinners",
        headline="One jumpsuit, five dinners",
        kind="product-led",
        section="Style",
        author="Marguerite Dellafield",
        days_old=51,
        hour=7,
        readers=130,
        tags=("travel", "capsule wardrobe"),
    ),
    Story(
        title_key=US,
        file="the-library-that-lends-pans",
        headline="The library that lends you a stockpot",
        kind="mixed",
        section="Community",
        author="Jonah Westerbrook-Ames",
        days_old=26,
        hour=6,
        readers=45,
        tags=("libraries", "cooking"),
    ),
)
