"""Circuit breakers and the spend ledger; what was paid before is carried over."""

import sqlalchemy as sa
from alembic import op

from database.base import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CARRY_OVER = """
INSERT INTO spend (run_id, model_id, visitor, state, micros, at)
SELECT run_id, model_id, '', 'settled', CAST(ROUND(SUM(cost_usd) * 1000000) AS BIGINT), MIN(started_at)
FROM attempts WHERE cost_usd > 0 GROUP BY run_id, model_id
"""


def upgrade() -> None:
    op.create_table(
        "breakers",
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("calls", sa.JSON(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("rests", sa.Integer(), nullable=False),
        sa.Column("trial_until", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_breakers")),
    )
    op.create_table(
        "spend",
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("model_id", sa.String(length=64), nullable=False),
        sa.Column("visitor", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("micros", sa.BigInteger(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "model_id", name=op.f("pk_spend")),
    )
    op.create_index(op.f("ix_spend_at"), "spend", ["at"], unique=False)
    op.execute(CARRY_OVER)


def downgrade() -> None:
    op.drop_table("spend")
    op.drop_table("breakers")
