"""Whose pictures a run's are."""

import sqlalchemy as sa
from alembic import op

from database.base import UtcDateTime

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "owners",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("owner", sa.String(length=64), nullable=False),
        sa.Column("upload", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_owners")),
    )
    op.create_index(op.f("ix_owners_owner"), "owners", ["owner"], unique=False)
    op.create_index(op.f("ix_owners_at"), "owners", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("owners")
