"""The registry: models, what the seed last said, and a version that every change raises.

Triggers raise the version, so a change made with plain SQL is noticed as surely as one made by the program.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SQLITE_TRIGGER = """
CREATE TRIGGER models_changed_by_{verb} AFTER {verb} ON models
BEGIN UPDATE registry_version SET version = version + 1; END
"""
POSTGRES_FUNCTION = """
CREATE FUNCTION raise_registry_version() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE registry_version SET version = version + 1; RETURN NULL; END $$
"""
POSTGRES_TRIGGER = """
CREATE TRIGGER models_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON models
FOR EACH STATEMENT EXECUTE FUNCTION raise_registry_version()
"""


def upgrade() -> None:
    op.create_table(
        "models",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("endpoint", sa.String(length=200), nullable=False),
        sa.Column("dataset_notes", sa.JSON(), nullable=False),
        sa.Column("pros", sa.JSON(), nullable=False),
        sa.Column("cons", sa.JSON(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("supports_marketplaces", sa.JSON(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("price_usd", sa.Double(), nullable=False),
        sa.Column("typical_seconds", sa.Double(), nullable=False),
        sa.Column("estimates", sa.Boolean(), nullable=False),
        sa.Column("licence", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_models")),
    )
    op.create_table(
        "registry_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_version")),
    )
    op.create_table(
        "seeds",
        sa.Column("model_id", sa.String(length=64), nullable=False),
        sa.Column("entry", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("model_id", name=op.f("pk_seeds")),
    )
    op.execute("INSERT INTO registry_version (id, version) VALUES (1, 1)")
    _create_triggers()


def _create_triggers() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(POSTGRES_FUNCTION)
        op.execute(POSTGRES_TRIGGER)
        return
    for verb in ("INSERT", "UPDATE", "DELETE"):
        op.execute(SQLITE_TRIGGER.format(verb=verb))


def downgrade() -> None:
    op.drop_table("seeds")
    op.drop_table("models")
    op.drop_table("registry_version")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION raise_registry_version()")
