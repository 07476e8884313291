-- columns: table
CREATE TABLE IF NOT EXISTS "main"."demo" (
  "b" VARCHAR NOT NULL,
  "it's ""?""" VARCHAR NOT NULL,
  "n" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR,
  "cdc_deleted" BOOLEAN,
  "cdc_time" TIMESTAMP,
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: view
CREATE VIEW "main"."demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "main"."demo"
  WHERE "cdc_deleted" IS NOT TRUE;

-- columns: index of marks
CREATE INDEX "demo_cdc_deleted_idx" ON "main"."demo" ("cdc_deleted");

-- columns: upsert
INSERT INTO "main"."demo" AS t ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("b", "it's ""?""", "n") DO UPDATE SET "data" = excluded."data", "aux" = excluded."aux", "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" > t."cdc_version";

-- columns: upsert of two
INSERT INTO "main"."demo" AS t ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT ("b", "it's ""?""", "n") DO UPDATE SET "data" = excluded."data", "aux" = excluded."aux", "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" > t."cdc_version";

-- columns: one row
SELECT 1 WHERE "b" = ? AND "it's ""?""" = ? AND "n" = ?;

-- columns: add
ALTER TABLE "main"."demo" ADD COLUMN "aux" VARCHAR;

-- columns: add
ALTER TABLE "main"."demo" ADD COLUMN "cdc_version" VARCHAR;

-- columns: add
ALTER TABLE "main"."demo" ADD COLUMN "cdc_deleted" BOOLEAN;

-- columns: add
ALTER TABLE "main"."demo" ADD COLUMN "cdc_time" TIMESTAMP;

-- columns: keys as text
DROP VIEW IF EXISTS "main"."demo_live";

-- columns: keys as text
ALTER TABLE "main"."demo" RENAME TO "demo_before";

-- columns: keys as text
CREATE TABLE IF NOT EXISTS "main"."demo" (
  "b" VARCHAR NOT NULL,
  "it's ""?""" VARCHAR NOT NULL,
  "n" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR,
  "cdc_deleted" BOOLEAN,
  "cdc_time" TIMESTAMP,
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: keys as text
INSERT INTO "main"."demo" ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT CAST("b" AS VARCHAR), "it's ""?""", CAST("n" AS VARCHAR), "data", "aux", "cdc_version", "cdc_deleted", "cdc_time" FROM "main"."demo_before";

-- columns: keys as text
DROP TABLE "main"."demo_before";

-- columns: keys as text
CREATE INDEX "demo_cdc_deleted_idx" ON "main"."demo" ("cdc_deleted");

-- columns: keys as text
CREATE VIEW "main"."demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "main"."demo"
  WHERE "cdc_deleted" IS NOT TRUE;

-- document: table
CREATE TABLE IF NOT EXISTS "main"."demo" (
  "id" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR,
  "cdc_deleted" BOOLEAN,
  "cdc_time" TIMESTAMP,
  PRIMARY KEY ("id"));

-- document, deletes=soft: upsert
INSERT INTO "main"."demo" AS t ("id", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT ("id") DO UPDATE SET "data" = CASE WHEN excluded."cdc_deleted" AND excluded."data" IS NULL THEN t."data" ELSE excluded."data" END, "aux" = CASE WHEN excluded."cdc_deleted" AND excluded."data" IS NULL THEN t."aux" ELSE excluded."aux" END, "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" > t."cdc_version";

-- ctk_positions
CREATE TABLE IF NOT EXISTS "main"."ctk_positions" ("relay" VARCHAR NOT NULL, "shard" VARCHAR NOT NULL, "position" VARCHAR, "incarnation" VARCHAR, "epoch" BIGINT, "read_to" TIMESTAMP, "fence" BIGINT, "worker" VARCHAR, "updated" TIMESTAMP, PRIMARY KEY ("relay", "shard"));

-- ctk_tables
CREATE TABLE IF NOT EXISTS "main"."ctk_tables" ("table" VARCHAR COLLATE NOCASE NOT NULL, "source_table" VARCHAR, "incarnation" VARCHAR, "kind" VARCHAR, "epoch" BIGINT, "load" VARCHAR, "cut" TIMESTAMP, "relays" VARCHAR, "sweep_watermark" TIMESTAMP, "sweep_time" TIMESTAMP, "names" VARCHAR, "loaded" TIMESTAMP, "keys" VARCHAR, "since" TIMESTAMP, "witnesses" VARCHAR, PRIMARY KEY ("table"));

-- ctk_dead_letters
CREATE TABLE IF NOT EXISTS "main"."ctk_dead_letters" ("id" VARCHAR NOT NULL, "time" TIMESTAMP, "relay" VARCHAR, "shard" VARCHAR, "position" VARCHAR, "source_table" VARCHAR, "key" VARCHAR, "version" VARCHAR, "kind" VARCHAR, "reason" VARCHAR, "change" VARCHAR, PRIMARY KEY ("id"));

-- position
UPDATE "main"."ctk_positions" SET "position" = ?, "read_to" = coalesce(?, "read_to"), "epoch" = coalesce(?, "epoch"), "updated" = ? WHERE "relay" = ? AND "shard" = ? AND "position" = ? AND "fence" = ?;

-- position
INSERT INTO "main"."ctk_positions" ("relay", "shard", "position", "incarnation", "epoch", "read_to", "fence", "worker", "updated") SELECT "relay", ? AS "shard", ? AS "position", "incarnation", "epoch", NULL AS "read_to", "fence", "worker", "updated" FROM "main"."ctk_positions" WHERE "relay" = ? AND "shard" = ? ON CONFLICT ("relay", "shard") DO NOTHING;

-- epoch
SELECT 1 FROM "main"."ctk_tables" WHERE "table" = ? AND "epoch" = ?;

-- nothing
INSERT INTO "main"."demo" AS t ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL WHERE FALSE ON CONFLICT ("b", "it's ""?""", "n") DO UPDATE SET "data" = excluded."data", "aux" = excluded."aux", "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" > t."cdc_version";

-- record
INSERT INTO "main"."ctk_tables" ("table", "epoch", "names") VALUES (?, ?, ?) ON CONFLICT ("table") DO UPDATE SET "epoch" = excluded."epoch", "names" = excluded."names";

-- letter
INSERT INTO "main"."ctk_dead_letters" AS t ("id", "shard", "reason", "change") VALUES (?, ?, ?, ?) ON CONFLICT ("id") DO UPDATE SET "reason" = excluded."reason" WHERE t."shard" = excluded."shard" AND t."change" = excluded."change";

-- two rows
("b", "it's ""?""", "n") IN ((?, ?, ?), (?, ?, ?));

-- length
length("change");

-- time
strftime("cdc_time", '%Y-%m-%dT%H:%M:%S.%fZ') LIMIT 100;

