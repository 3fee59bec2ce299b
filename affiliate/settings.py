"""The configuration: one typed TOML file, overridden by the environment. Read by the composition root alone.

Order, the first that speaks wins: environment (`AFFILIATE_SERVER__PORT=8080`), the TOML file, the defaults. Secrets come
from the environment or from files named here, never from the TOML text itself.
"""

import os
import secrets
import tomllib
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from affiliate.clock import zone
from affiliate.errors import InvalidInput, SettingsInvalid

CONFIG_VARIABLE = "AFFILIATE_CONFIG"
DATA_VARIABLE = "AFFILIATE_DATA_DIR"
_USUAL_FILE = "config.toml"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Server(_Section):
    """Where `affiliate serve` listens, and how long it waits for what clients send. Forwarded headers are believed from
    `trusted_proxies` only. A page or a call of the API is given up after `request_seconds`."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    workers: int = Field(default=1, ge=1, le=64)
    trusted_proxies: list[IPvAnyNetwork] = []
    secure_cookies: bool = False
    head_seconds: float = Field(default=10.0, ge=0.1, le=600)
    body_seconds: float = Field(default=20.0, ge=0.1, le=3_600)
    bodies_per_address: int = Field(default=6, ge=1, le=12)
    request_seconds: float = Field(default=30.0, ge=1, le=3_600)


class Sessions(_Section):
    """How long somebody stays signed in: so long without coming back, and at most."""

    idle_hours: int = Field(default=336, ge=1, le=8_760)
    longest_days: int = Field(default=90, ge=1, le=3_650)


class Database(_Section):
    """SQLite in the data folder unless a SQLAlchemy URL is given, in place or in a file (it may hold a password)."""

    url: SecretStr = SecretStr("")
    url_file: str = ""


class Site(_Section):
    """What the first site and company get, until a page or command says otherwise."""

    name: str = "My site"
    language: str = "en-GB"
    jurisdiction: str = "uk"
    time_zone: str = "Europe/London"
    currency: str = Field(default="GBP", pattern="^[A-Z]{3}$")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            zone(value)
        except InvalidInput as problem:
            raise ValueError(str(problem)) from problem
        return value


class Articles(_Section):
    """What may be monetised. `always_off_tags` beat even an article's own "on"."""

    monetise: bool = True
    always_off_tags: list[str] = ["bereavement", "disaster", "court", "health-scare"]
    default_off_tags: list[str] = []
    off_sections: list[str] = []


class Journal(_Section):
    """The spool between the reader's click and the database. `durability` is what a power loss can take."""

    segment_bytes: int = Field(default=16_777_216, ge=1_048_576, le=1_073_741_824)
    segment_seconds: int = Field(default=60, ge=1, le=86_400)
    durability: Literal["kernel", "interval", "click"] = "kernel"
    sync_milliseconds: int = Field(default=200, ge=10, le=60_000)


class Clicks(_Section):
    """Whose clicks are classed `internal`, where countries are looked up, what networks are told of readers, and how long
    clicks are kept (0: for ever)."""

    internal_networks: list[IPvAnyNetwork] = []
    country_database: str = ""
    unknown_consent: Literal["say-nothing", "refuse"] = "say-nothing"
    keep_raw_days: int = Field(default=90, ge=0, le=36_500)
    keep_hours_months: int = Field(default=25, ge=0, le=1_200)


class Metrics(_Section):
    """Who may read `/metrics`."""

    allowed_networks: list[IPvAnyNetwork] = [ip_network("127.0.0.1/32"), ip_network("::1/128")]


class Requests(_Section):
    """Our own requests to advertisers' pages."""

    read_product_pages: bool = True
    timeout_seconds: float = Field(default=5.0, gt=0, le=60)


class Disclosure(_Section):
    """How the publisher's own pages are read and checked: how many a night (0: none), whether in a browser too, and who stamps
    the chain of evidence each night (the address of an RFC 3161 authority; empty: nobody)."""

    crawl_pause_seconds: float = Field(default=1.0, ge=0, le=3_600)
    nightly_pages: int = Field(default=50, ge=0, le=10_000)
    rendered: bool = False
    time_stamp_authority: str = ""


class Networks(_Section):
    """Where the credentials for networks' APIs lie: one file for each account, named like awin-99000001.toml."""

    credentials_dir: Path = Path("credentials")


class Settings(BaseSettings):
    """Everything that can be set. `data_dir` holds database, journal, link table and generated secrets."""

    model_config = SettingsConfigDict(
        extra="forbid", env_prefix="AFFILIATE_", env_nested_delimiter="__", frozen=True, env_ignore_empty=True
    )

    data_dir: Path = Path("data")
    secret_key: SecretStr = SecretStr("")
    secret_key_file: str = ""
    server: Server = Server()
    sessions: Sessions = Sessions()
    database: Database = Database()
    site: Site = Site()
    articles: Articles = Articles()
    journal: Journal = Journal()
    clicks: Clicks = Clicks()
    metrics: Metrics = Metrics()
    requests: Requests = Requests()
    disclosure: Disclosure = Disclosure()
    networks: Networks = Networks()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL in force."""
        if url := self.database.url.get_secret_value():
            return url
        if self.database.url_file:
            return Path(self.database.url_file).read_text(encoding="utf-8").strip()
        return f"sqlite:///{self.data_dir / 'affiliate.db'}"

    @property
    def journal_dir(self) -> Path:
        return self.data_dir / "journal"

    @property
    def link_table_dir(self) -> Path:
        return self.data_dir / "links"

    @property
    def visitor_keys_dir(self) -> Path:
        return self.data_dir / "visitor-keys"

    def session_key(self) -> str:
        """The key that signs log-in cookies: from the environment, a file, or generated once in the data folder (0600).
        OSError where it can be neither read nor written; nothing of it is left then."""
        if key := self.secret_key.get_secret_value():
            return key
        if self.secret_key_file:
            return Path(self.secret_key_file).read_text(encoding="utf-8").strip()
        path = self.data_dir / "secret.key"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(48))
        return path.read_text(encoding="utf-8").strip()

    def as_shown(self) -> dict[str, Any]:
        """The effective settings, secrets masked."""
        return self.model_dump(mode="json")


def write_private(path: Path, text: str) -> None:
    """Writes a file that only its owner can read; whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise


def load_settings(config: Path | None = None) -> Settings:
    """Settings from `config`, else the file named by AFFILIATE_CONFIG, else `config.toml` here if there is one, else
    the defaults. A relative `data_dir` counts from the configuration's folder, and so does `networks.credentials_dir`;
    AFFILIATE_DATA_DIR overrides the former.

    SettingsInvalid lists every problem with its key.
    """
    path = config or (Path(named) if (named := os.environ.get(CONFIG_VARIABLE)) else None)
    if path is None and Path(_USUAL_FILE).is_file():
        path = Path(_USUAL_FILE)
    document = _read(path) if path else {}
    source = str(path) if path else "The environment"
    try:
        settings = Settings(**document)
    except ValidationError as problem:
        raise SettingsInvalid(source, [_in_words(error) for error in problem.errors()]) from problem
    _check_secret_files(settings, source)
    beside = path.parent if path else Path()
    folder = beside if DATA_VARIABLE not in os.environ else Path()
    credentials = (beside / settings.networks.credentials_dir).absolute()
    return settings.model_copy(
        update={
            "data_dir": (folder / settings.data_dir).absolute(),
            "networks": settings.networks.model_copy(update={"credentials_dir": credentials}),
        }
    )


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as problem:
        raise SettingsInvalid(str(path), ["the file is not there"]) from problem
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise SettingsInvalid(str(path), [f"it cannot be read as TOML: {problem}"]) from problem


def _in_words(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        return f"{key}: there is no such setting; config.example.toml lists them all"
    return f"{key}: {error['msg']}"


def _check_secret_files(settings: Settings, source: str) -> None:
    files = {"secret_key_file": settings.secret_key_file, "database.url_file": settings.database.url_file}
    problems = [f"{key}: {name} is not there" for key, name in files.items() if name and not Path(name).is_file()]
    if problems:
        raise SettingsInvalid(source, problems)
