-- columns: table
CREATE TABLE IF NOT EXISTS "demo" (
  "b" BLOB NOT NULL,
  "it's ""?""" TEXT NOT NULL,
  "n" NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT,
  "cdc_deleted" boolean,
  "cdc_time" TEXT,
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: view
CREATE VIEW "demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "demo"
  WHERE "cdc_deleted" IS NOT TRUE;

-- columns: index of marks
CREATE INDEX IF NOT EXISTS "demo_cdc_deleted_idx" ON "demo" ("cdc_deleted") WHERE "cdc_deleted";

-- columns: upsert
INSERT INTO "demo" AS t ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT ("b", "it's ""?""", "n") DO UPDATE SET "data" = excluded."data", "aux" = excluded."aux", "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" COLLATE BINARY > t."cdc_version" COLLATE BINARY;

-- columns: upsert of two
INSERT INTO "demo" AS t ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8), (?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16) ON CONFLICT ("b", "it's ""?""", "n") DO UPDATE SET "data" = excluded."data", "aux" = excluded."aux", "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" COLLATE BINARY > t."cdc_version" COLLATE BINARY;

-- columns: one row
SELECT 1 WHERE "b" COLLATE BINARY = ?1 AND "it's ""?""" COLLATE BINARY = ?2 AND "n" COLLATE BINARY = ?3;

-- columns: add
ALTER TABLE "demo" ADD COLUMN "aux" TEXT;

-- columns: add
ALTER TABLE "demo" ADD COLUMN "cdc_version" TEXT;

-- columns: add
ALTER TABLE "demo" ADD COLUMN "cdc_deleted" boolean;

-- columns: add
ALTER TABLE "demo" ADD COLUMN "cdc_time" TEXT;

-- columns: keys as text
DROP VIEW IF EXISTS "demo_live";

-- columns: keys as text
ALTER TABLE "demo" RENAME TO "demo_before";

-- columns: keys as text
CREATE TABLE IF NOT EXISTS "demo" (
  "b" TEXT NOT NULL,
  "it's ""?""" TEXT NOT NULL,
  "n" TEXT NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT,
  "cdc_deleted" boolean,
  "cdc_time" TEXT,
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: keys as text
INSERT INTO "demo" ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT CAST("b" AS TEXT), "it's ""?""", CAST("n" AS TEXT), "data", "aux", "cdc_version", "cdc_deleted", "cdc_time" FROM "demo_before";

-- columns: keys as text
DROP TABLE "demo_before";

-- columns: keys as text
CREATE INDEX IF NOT EXISTS "demo_cdc_deleted_idx" ON "demo" ("cdc_deleted") WHERE "cdc_deleted";

-- columns: keys as text
CREATE VIEW "demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "demo"
  WHERE "cdc_deleted" IS NOT TRUE;

-- document: table
CREATE TABLE IF NOT EXISTS "demo" (
  "id" TEXT NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT,
  "cdc_deleted" boolean,
  "cdc_time" TEXT,
  PRIMARY KEY ("id"));

-- document, deletes=soft: upsert
INSERT INTO "demo" AS t ("id", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT ("id") DO UPDATE SET "data" = CASE WHEN excluded."cdc_deleted" AND excluded."data" IS NULL THEN t."data" ELSE excluded."data" END, "aux" = CASE WHEN excluded."cdc_deleted" AND excluded."data" IS NULL THEN t."aux" ELSE excluded."aux" END, "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" COLLATE BINARY > t."cdc_version" COLLATE BINARY;

-- ctk_positions
CREATE TABLE IF NOT EXISTS "ctk_positions" ("relay" TEXT NOT NULL, "shard" TEXT NOT NULL, "position" TEXT, "incarnation" TEXT, "epoch" INTEGER, "read_to" TEXT, "fence" INTEGER, "worker" TEXT, "updated" TEXT, PRIMARY KEY ("relay", "shard"));

-- ctk_tables
CREATE TABLE IF NOT EXISTS "ctk_tables" ("table" TEXT COLLATE NOCASE NOT NULL, "source_table" TEXT, "incarnation" TEXT, "kind" TEXT, "epoch" INTEGER, "load" TEXT, "cut" TEXT, "relays" TEXT, "sweep_watermark" TEXT, "sweep_time" TEXT, "names" TEXT, "loaded" TEXT, "keys" TEXT, "since" TEXT, "witnesses" TEXT, PRIMARY KEY ("table"));

-- ctk_dead_letters
CREATE TABLE IF NOT EXISTS "ctk_dead_letters" ("id" TEXT NOT NULL, "time" TEXT, "relay" TEXT, "shard" TEXT, "position" TEXT, "source_table" TEXT, "key" TEXT, "version" TEXT, "kind" TEXT, "reason" TEXT, "change" TEXT, PRIMARY KEY ("id"));

-- position
UPDATE "ctk_positions" SET "position" = ?1, "read_to" = coalesce(?2, "read_to"), "epoch" = coalesce(?3, "epoch"), "updated" = ?4 WHERE "relay" = ?5 AND "shard" = ?6 AND "position" = ?7 AND "fence" = ?8;

-- position
INSERT INTO "ctk_positions" ("relay", "shard", "position", "incarnation", "epoch", "read_to", "fence", "worker", "updated") SELECT "relay", ?1 AS "shard", ?2 AS "position", "incarnation", "epoch", NULL AS "read_to", "fence", "worker", "updated" FROM "ctk_positions" WHERE "relay" = ?3 AND "shard" = ?4 ON CONFLICT ("relay", "shard") DO NOTHING;

-- epoch
SELECT 1 FROM "ctk_tables" WHERE "table" = ?1 AND "epoch" = ?2;

