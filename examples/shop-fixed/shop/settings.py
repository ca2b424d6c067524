"""What the environment (or `.env` beside the package) says."""

from functools import lru_cache
from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import URL

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=ROOT / ".env", extra="ignore")

    secret_key: str
    db_password: str
    db_host: str = "127.0.0.1"
    db_name: str = "shop"
    db_user: str = "shop"
    redis_url: str = "redis://127.0.0.1:6379/0"
    public_url: str = "http://localhost:8080"
    upload_dir: Path = ROOT / "uploads"
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 25
    smtp_user: str = ""
    smtp_password: str = ""
    mail_from: str = "orders@shop.example.com"
    support_mail: str

    @property
    def database_url(self) -> URL:
        return URL.create(
            "postgresql+psycopg", self.db_user, self.db_password, self.db_host, database=self.db_name
        )


@lru_cache
def settings() -> Settings:
    return Settings()
