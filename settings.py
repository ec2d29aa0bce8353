"""Every environment variable, read once; below `app` everything is an argument."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import AnyHttpUrl, Field, FilePath, SecretStr, TypeAdapter, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from domain import Cap, LocalEngine
from errors import SettingError

HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")


class Settings(BaseSettings):
    """Names are the variables in lower case; a variable that is set to nothing counts as not set."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    replicate_api_token: SecretStr = SecretStr("")
    replicate_base_url: str = "https://api.replicate.com"
    flux_lora_v2_weights: str = ""
    flux_lora_v1_weights: str = ""
    local_engine: LocalEngine = LocalEngine.AUTO
    birefnet_download: Literal["off", "on"] = "off"
    birefnet_weights: FilePath | None = None
    birefnet_threads: int = Field(default=2, ge=1, le=32)
    database_url: str = Field(default="", repr=False)  # may hold a password
    data_dir: Path = Path("var")
    run_deadline_s: float = Field(default=240, ge=10, le=1800)
    stop_grace_s: float = Field(default=20, ge=0, le=600)
    spend_cap_run_usd: float | None = Field(default=None, ge=0)
    spend_cap_visitor_usd: float | None = Field(default=None, ge=0)
    spend_cap_day_usd: float | None = Field(default=None, ge=0)
    spend_cap_month_usd: float | None = Field(default=None, ge=0)
    batch_at_once: int = Field(default=4, ge=1, le=32)
    provider_at_once: int = Field(default=16, ge=1, le=1000)
    provider_per_minute: int = Field(default=300, ge=1, le=100_000)
    admin_token: SecretStr = SecretStr("")
    keep_hours: float = Field(default=24, gt=0, le=24 * 365)
    trusted_proxies: int | None = Field(default=None, ge=0, le=8)
    public_hosts: str = ""
    space_id: str = ""
    space_host: str = ""

    @field_validator("replicate_base_url")
    @classmethod
    def _http_url(cls, value: str) -> str:
        TypeAdapter(AnyHttpUrl).validate_python(value)
        return value

    @field_validator("public_hosts")
    @classmethod
    def _host_names(cls, value: str) -> str:
        if not all(HOST.fullmatch(name) for name in _listed(value)):
            raise ValueError("names of hosts with commas, without scheme or port")
        return value

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'cutout-router.db'}"

    @property
    def spend_caps(self) -> dict[Cap, float]:
        """The caps that are set, in US dollars."""
        caps = {
            Cap.RUN: self.spend_cap_run_usd,
            Cap.VISITOR: self.spend_cap_visitor_usd,
            Cap.DAY: self.spend_cap_day_usd,
            Cap.MONTH: self.spend_cap_month_usd,
        }
        return {cap: usd for cap, usd in caps.items() if usd is not None}

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be seen: every secret, and the password in the database's address."""
        said = (getattr(self, name) for name in type(self).model_fields)
        hidden = [value.get_secret_value() for value in said if isinstance(value, SecretStr)]
        password = urlsplit(self.database_url).password
        return tuple(part for secret in (*hidden, password or "") for part in {secret, secret.strip()} if part)

    @property
    def proxies(self) -> int:
        """How many proxies stand in front: a Space has one, any other machine none unless it says so."""
        return (1 if self.space_id else 0) if self.trusted_proxies is None else self.trusted_proxies

    @property
    def names(self) -> frozenset[str]:
        """The names under which the page is reached, in lower case; empty when nobody said."""
        return frozenset(_listed(self.public_hosts))

    @property
    def lora_weights(self) -> dict[str, str]:
        return {
            "FLUX_LORA_V2_WEIGHTS": self.flux_lora_v2_weights,
            "FLUX_LORA_V1_WEIGHTS": self.flux_lora_v1_weights,
        }


def _listed(names: str) -> list[str]:
    return [name.strip().lower() for name in names.split(",") if name.strip()]


def read_settings() -> Settings:
    """The settings of this process; raises `SettingError` naming the variable, never its value."""
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        name = str(first["loc"][0]).upper()
        raise SettingError(f"{name}: {first['msg']}", name=name) from None
