"""disclosure and its evidence

Why an article shows no disclosure; own wordings, profiles and rules of sites; checks chained by hash with their files and
stamps; verdicts, crawls.
"""

import sqlalchemy as sa
from alembic import op

import affiliate.store.types

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_products_brand"), "products", ["brand"], unique=False)
    op.add_column("article_disclosures", sa.Column("reason", sa.Text(), nullable=True))
    op.create_table(
        "evidence_files",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("packing", sa.String(length=8), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_evidence_files")),
    )
    op.create_table(
        "evidence_stamps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_stamps")),
    )
    op.create_table(
        "crawls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("start_url", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("most_pages", sa.Integer(), nullable=False),
        sa.Column("in_background", sa.Boolean(), nullable=False),
        sa.Column("started_by", sa.String(length=255), nullable=False),
        sa.Column("started_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("finished_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_crawls_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crawls")),
    )
    op.create_index(op.f("ix_crawls_site_id"), "crawls", ["site_id"], unique=False)
    op.create_table(
        "own_texts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=True),
        sa.Column("jurisdiction", sa.String(length=12), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("added_by", sa.String(length=255), nullable=False),
        sa.Column("added_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("retired_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_own_texts_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_own_texts")),
        sa.UniqueConstraint("version", name=op.f("uq_own_texts_version")),
    )
    op.create_table(
        "site_profiles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("chosen_by", sa.String(length=255), nullable=False),
        sa.Column("chosen_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("dropped_by", sa.String(length=255), nullable=False),
        sa.Column("dropped_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_site_profiles_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_site_profiles")),
    )
    op.create_index(op.f("ix_site_profiles_site_id"), "site_profiles", ["site_id"], unique=False)
    op.create_table(
        "crawled_pages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("crawl_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("url_sha256", sa.String(length=64), nullable=False),
        sa.Column("what", sa.String(length=8), nullable=False),
        sa.Column("found_in", sa.String(length=8), nullable=False),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("fetched_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_crawled_pages_article_id")),
        sa.ForeignKeyConstraint(["crawl_id"], ["crawls.id"], name=op.f("fk_crawled_pages_crawl_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crawled_pages")),
        sa.UniqueConstraint("crawl_id", "url_sha256", name=op.f("uq_crawled_pages_crawl_id_url_sha256")),
    )
    op.create_index("ix_crawled_pages_state", "crawled_pages", ["crawl_id", "state", "what", "depth"], unique=False)
    op.create_table(
        "crawl_findings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("crawl_id", sa.Integer(), nullable=False),
        sa.Column("page_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("severity", sa.String(length=5), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("mend", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["crawl_id"], ["crawls.id"], name=op.f("fk_crawl_findings_crawl_id")),
        sa.ForeignKeyConstraint(["page_id"], ["crawled_pages.id"], name=op.f("fk_crawl_findings_page_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crawl_findings")),
    )
    op.create_index("ix_crawl_findings_kind", "crawl_findings", ["crawl_id", "kind"], unique=False)
    op.create_index(op.f("ix_crawl_findings_page_id"), "crawl_findings", ["page_id"], unique=False)
    op.create_table(
        "page_checks",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("variant", sa.String(length=12), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("occasion", sa.String(length=12), nullable=False),
        sa.Column("checked_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("verdicts", sa.JSON(), nullable=False),
        sa.Column("worst", sa.String(length=4), nullable=False),
        sa.Column("html_sha256", sa.String(length=64), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_page_checks_article_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_page_checks_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_page_checks")),
        sa.UniqueConstraint("hash", name=op.f("uq_page_checks_hash")),
        sa.UniqueConstraint("number", name=op.f("uq_page_checks_number")),
    )
    op.create_index("ix_page_checks_article_id", "page_checks", ["article_id", "number"], unique=False)
    op.create_index(op.f("ix_page_checks_checked_at"), "page_checks", ["checked_at"], unique=False)
    op.create_index(op.f("ix_page_checks_site_id"), "page_checks", ["site_id"], unique=False)
    op.create_table(
        "rule_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("site_id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=True),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=5), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("made_by", sa.String(length=255), nullable=False),
        sa.Column("made_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("ends_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_rule_changes_article_id")),
        sa.ForeignKeyConstraint(["site_id"], ["sites.id"], name=op.f("fk_rule_changes_site_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rule_changes")),
    )
    op.create_index(op.f("ix_rule_changes_site_id"), "rule_changes", ["site_id"], unique=False)
    op.create_table(
        "article_verdicts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("variant", sa.String(length=12), nullable=False),
        sa.Column("profile", sa.String(length=20), nullable=False),
        sa.Column("verdict", sa.String(length=4), nullable=False),
        sa.Column("check_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("checked_at", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("held_from", affiliate.store.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("held_until", affiliate.store.types.UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_verdicts_article_id")),
        sa.ForeignKeyConstraint(["check_id"], ["page_checks.id"], name=op.f("fk_article_verdicts_check_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_verdicts")),
    )
    op.create_index("ix_article_verdicts_article_id", "article_verdicts", ["article_id", "held_until"], unique=False)
