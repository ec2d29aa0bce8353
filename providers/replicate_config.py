"""What is needed to reach Replicate, or a server that speaks its language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import SecretStr

from errors import SettingError

REPLICATE_URL = "https://api.replicate.com"


@dataclass(frozen=True, slots=True)
class ReplicateConfig:
    """The account, the server, and the LoRA weights by the name of their setting (empty: none).

    A server behind a private certificate authority is trusted through `SSL_CERT_FILE`, which replaces the usual
    authorities; so the file must hold those as well when pictures still come from `replicate.delivery`.

    Raises:
        SettingError: the token holds characters that no HTTP header can carry.
    """

    token: SecretStr = field(default_factory=lambda: SecretStr(""))
    base_url: str = REPLICATE_URL
    lora_weights: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        token = self.token.get_secret_value().strip()
        if not (token.isascii() and token.isprintable()):
            raise SettingError("REPLICATE_API_TOKEN holds characters that no token has", name="REPLICATE_API_TOKEN")
        object.__setattr__(self, "token", SecretStr(token))
        base_url = self.base_url.strip().rstrip("/").removesuffix("/v1")
        object.__setattr__(self, "base_url", base_url or REPLICATE_URL)

    @property
    def has_token(self) -> bool:
        return bool(self.token.get_secret_value())

    def weights(self, setting: str | None) -> str:
        """The LoRA weights of a setting, or an empty text."""
        return self.lora_weights.get(setting or "", "").strip()
