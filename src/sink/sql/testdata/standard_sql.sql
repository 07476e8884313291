-- columns: table
CREATE TABLE "demo" (
  "b" VARCHAR(255) NOT NULL,
  "it's ""?""" VARCHAR(255) NOT NULL,
  "n" VARCHAR(255) NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT,
  "cdc_deleted" SMALLINT,
  "cdc_time" VARCHAR(40),
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: view
CREATE VIEW "demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "demo"
  WHERE ("cdc_deleted" IS NULL OR "cdc_deleted" = 0);

-- columns: index of marks
CREATE INDEX "demo_cdc_deleted_idx" ON "demo" ("cdc_deleted");

-- columns: upsert
UPDATE "demo" SET "data" = ?4, "aux" = ?5, "cdc_version" = ?6, "cdc_deleted" = ?7, "cdc_time" = ?8 WHERE "b" = ?1 AND "it's ""?""" = ?2 AND "n" = ?3 AND ("cdc_version" IS NULL OR "cdc_version" < ?6);
INSERT INTO "demo" ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM (SELECT COUNT(*) AS n FROM "demo" WHERE "b" = ?1 AND "it's ""?""" = ?2 AND "n" = ?3) s WHERE s.n = 0;

-- columns: upsert of two
UPDATE "demo" SET "data" = ?4, "aux" = ?5, "cdc_version" = ?6, "cdc_deleted" = ?7, "cdc_time" = ?8 WHERE "b" = ?1 AND "it's ""?""" = ?2 AND "n" = ?3 AND ("cdc_version" IS NULL OR "cdc_version" < ?6);
INSERT INTO "demo" ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM (SELECT COUNT(*) AS n FROM "demo" WHERE "b" = ?1 AND "it's ""?""" = ?2 AND "n" = ?3) s WHERE s.n = 0;

-- columns: one row
SELECT 1 WHERE "b" = ?1 AND "it's ""?""" = ?2 AND "n" = ?3;

-- columns: add
ALTER TABLE "demo" ADD COLUMN "aux" TEXT;

-- columns: add
ALTER TABLE "demo" ADD COLUMN "cdc_version" TEXT;

-- columns: add
ALTER TABLE "demo" ADD COLUMN "cdc_deleted" SMALLINT;

-- columns: add
ALTER TABLE "demo" ADD COLUMN "cdc_time" VARCHAR(40);

-- columns: keys as text
DROP VIEW IF EXISTS "demo_live";

-- columns: keys as text
ALTER TABLE "demo" RENAME TO "demo_before";

-- columns: keys as text
CREATE TABLE "demo" (
  "b" VARCHAR(255) NOT NULL,
  "it's ""?""" VARCHAR(255) NOT NULL,
  "n" VARCHAR(255) NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT,
  "cdc_deleted" SMALLINT,
  "cdc_time" VARCHAR(40),
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: keys as text
INSERT INTO "demo" ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT CAST("b" AS VARCHAR(255)), "it's ""?""", CAST("n" AS VARCHAR(255)), "data", "aux", "cdc_version", "cdc_deleted", "cdc_time" FROM "demo_before";

-- columns: keys as text
DROP TABLE "demo_before";

-- columns: keys as text
CREATE INDEX "demo_cdc_deleted_idx" ON "demo" ("cdc_deleted");

-- columns: keys as text
CREATE VIEW "demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "demo"
  WHERE ("cdc_deleted" IS NULL OR "cdc_deleted" = 0);

-- document: table
CREATE TABLE "demo" (
  "id" VARCHAR(255) NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT,
  "cdc_deleted" SMALLINT,
  "cdc_time" VARCHAR(40),
  PRIMARY KEY ("id"));

-- document, deletes=soft: upsert
UPDATE "demo" SET "data" = CASE WHEN ?5 = 1 AND COALESCE(?2, '') = '' THEN "data" ELSE ?2 END, "aux" = CASE WHEN ?5 = 1 AND COALESCE(?2, '') = '' THEN "aux" ELSE ?3 END, "cdc_version" = ?4, "cdc_deleted" = ?5, "cdc_time" = ?6 WHERE "id" = ?1 AND ("cdc_version" IS NULL OR "cdc_version" < ?4);
INSERT INTO "demo" ("id", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT ?1, ?2, ?3, ?4, ?5, ?6 FROM (SELECT COUNT(*) AS n FROM "demo" WHERE "id" = ?1) s WHERE s.n = 0;

-- ctk_positions
CREATE TABLE "ctk_positions" ("relay" VARCHAR(255) NOT NULL, "shard" VARCHAR(255) NOT NULL, "position" TEXT, "incarnation" TEXT, "epoch" BIGINT, "read_to" VARCHAR(40), "fence" BIGINT, "worker" TEXT, "updated" VARCHAR(40), PRIMARY KEY ("relay", "shard"));

-- ctk_tables
CREATE TABLE "ctk_tables" ("table" VARCHAR(255) NOT NULL, "source_table" TEXT, "incarnation" TEXT, "kind" TEXT, "epoch" BIGINT, "load" TEXT, "cut" VARCHAR(40), "relays" TEXT, "sweep_watermark" VARCHAR(40), "sweep_time" VARCHAR(40), "names" TEXT, "loaded" VARCHAR(40), "keys" TEXT, "since" VARCHAR(40), "witnesses" TEXT, PRIMARY KEY ("table"));

-- ctk_dead_letters
CREATE TABLE "ctk_dead_letters" ("id" VARCHAR(255) NOT NULL, "time" VARCHAR(40), "relay" TEXT, "shard" TEXT, "position" TEXT, "source_table" TEXT, "key" TEXT, "version" TEXT, "kind" TEXT, "reason" TEXT, "change" TEXT, PRIMARY KEY ("id"));

-- position
UPDATE "ctk_positions" SET "position" = ?1, "read_to" = coalesce(?2, "read_to"), "epoch" = coalesce(?3, "epoch"), "updated" = ?4 WHERE "relay" = ?5 AND "shard" = ?6 AND "position" = ?7 AND "fence" = ?8;

-- position
INSERT INTO "ctk_positions" ("relay", "shard", "position", "incarnation", "epoch", "read_to", "fence", "worker", "updated") SELECT * FROM (SELECT "relay", ?1 AS "shard", ?2 AS "position", "incarnation", "epoch", NULL AS "read_to", "fence", "worker", "updated" FROM "ctk_positions" WHERE "relay" = ?3 AND "shard" = ?4) s WHERE NOT EXISTS (SELECT 1 FROM "ctk_positions" t WHERE t."relay" = s."relay" AND t."shard" = s."shard");

-- epoch
SELECT 1 FROM "ctk_tables" WHERE "table" = ?1 AND "epoch" = ?2;

-- nothing
UPDATE "demo" SET "cdc_version" = "cdc_version" WHERE 1 = 0;

-- record
UPDATE "ctk_tables" SET "epoch" = ?2, "names" = ?3 WHERE "table" = ?1;
INSERT INTO "ctk_tables" ("table", "epoch", "names") SELECT ?1, ?2, ?3 FROM (SELECT COUNT(*) AS n FROM "ctk_tables" WHERE "table" = ?1) s WHERE s.n = 0;

-- letter
UPDATE "ctk_dead_letters" SET "reason" = ?3 WHERE "id" = ?1 AND "shard" = ?2 AND "change" = ?4;
INSERT INTO "ctk_dead_letters" ("id", "shard", "reason", "change") SELECT ?1, ?2, ?3, ?4 FROM (SELECT COUNT(*) AS n FROM "ctk_dead_letters" WHERE "id" = ?1) s WHERE s.n = 0;

-- two rows
(("b" = ?1 AND "it's ""?""" = ?2 AND "n" = ?3) OR ("b" = ?4 AND "it's ""?""" = ?5 AND "n" = ?6));

-- length
length("change");

-- time
"cdc_time";

