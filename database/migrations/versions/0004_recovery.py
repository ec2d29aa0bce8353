"""Recovery: who may write about a run and until when, how a purchase is found again, and the keys of callers."""

import sqlalchemy as sa
from alembic import op

from database.base import UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("owner", sa.String(length=32), nullable=True))
        runs.add_column(sa.Column("lease_until", UtcDateTime(), nullable=True))
        runs.add_column(sa.Column("takes", sa.Integer(), nullable=False, server_default="1"))
        runs.create_index(op.f("ix_runs_status"), ["status"], unique=False)
    with op.batch_alter_table("attempts") as attempts:
        attempts.add_column(sa.Column("token", sa.String(length=255), nullable=True))
        attempts.add_column(sa.Column("sent_at", UtcDateTime(), nullable=True))
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("run_id", sa.String(length=32), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.run_id"], name=op.f("fk_idempotency_keys_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_run_id"), "idempotency_keys", ["run_id"], unique=False)


def downgrade() -> None:
    op.drop_table("idempotency_keys")
    with op.batch_alter_table("attempts") as attempts:
        attempts.drop_column("sent_at")
        attempts.drop_column("token")
    with op.batch_alter_table("runs") as runs:
        runs.drop_index(op.f("ix_runs_status"))
        runs.drop_column("takes")
        runs.drop_column("lease_until")
        runs.drop_column("owner")
