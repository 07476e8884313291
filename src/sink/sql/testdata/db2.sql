-- columns: table
CREATE TABLE "demo" (
  "b" VARCHAR(500) NOT NULL,
  "it's ""?""" VARCHAR(500) NOT NULL,
  "n" VARCHAR(500) NOT NULL,
  "data" CLOB(16M),
  "aux" CLOB(16M),
  "cdc_version" VARCHAR(4096),
  "cdc_deleted" SMALLINT,
  "cdc_time" TIMESTAMP(6),
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: view
CREATE VIEW "demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "demo"
  WHERE ("cdc_deleted" IS NULL OR "cdc_deleted" = 0);

-- columns: index of marks
CREATE INDEX "demo_cdc_deleted_idx" ON "demo" ("cdc_deleted");

-- columns: upsert
MERGE INTO "demo" t USING (SELECT CAST(? AS VARCHAR(500)) AS "b", CAST(? AS VARCHAR(500)) AS "it's ""?""", CAST(? AS VARCHAR(500)) AS "n", CAST(? AS CLOB(16M)) AS "data", CAST(? AS CLOB(16M)) AS "aux", CAST(? AS VARCHAR(4096)) AS "cdc_version", CAST(? AS SMALLINT) AS "cdc_deleted", CAST(? AS TIMESTAMP(6)) AS "cdc_time" FROM SYSIBM.SYSDUMMY1) s ON (t."b" = s."b" AND t."it's ""?""" = s."it's ""?""" AND t."n" = s."n") WHEN MATCHED AND (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") THEN UPDATE SET "data" = s."data", "aux" = s."aux", "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHEN NOT MATCHED THEN INSERT ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."b", s."it's ""?""", s."n", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");

-- columns: upsert of two
MERGE INTO "demo" t USING (SELECT CAST(? AS VARCHAR(500)) AS "b", CAST(? AS VARCHAR(500)) AS "it's ""?""", CAST(? AS VARCHAR(500)) AS "n", CAST(? AS CLOB(16M)) AS "data", CAST(? AS CLOB(16M)) AS "aux", CAST(? AS VARCHAR(4096)) AS "cdc_version", CAST(? AS SMALLINT) AS "cdc_deleted", CAST(? AS TIMESTAMP(6)) AS "cdc_time" FROM SYSIBM.SYSDUMMY1) s ON (t."b" = s."b" AND t."it's ""?""" = s."it's ""?""" AND t."n" = s."n") WHEN MATCHED AND (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") THEN UPDATE SET "data" = s."data", "aux" = s."aux", "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHEN NOT MATCHED THEN INSERT ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."b", s."it's ""?""", s."n", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");

-- columns: one row
SELECT 1 WHERE "b" = ? AND "it's ""?""" = ? AND "n" = ?;

-- columns: add
ALTER TABLE "demo" ADD COLUMN "aux" CLOB(16M);

-- columns: add
ALTER TABLE "demo" ADD COLUMN "cdc_version" VARCHAR(4096);

-- columns: add
ALTER TABLE "demo" ADD COLUMN "cdc_deleted" SMALLINT;

-- columns: add
ALTER TABLE "demo" ADD COLUMN "cdc_time" TIMESTAMP(6);

-- columns: keys as text
DROP VIEW IF EXISTS "demo_live";

-- columns: keys as text
RENAME TABLE "demo" TO "demo_before";

-- columns: keys as text
CREATE TABLE "demo" (
  "b" VARCHAR(500) NOT NULL,
  "it's ""?""" VARCHAR(500) NOT NULL,
  "n" VARCHAR(500) NOT NULL,
  "data" CLOB(16M),
  "aux" CLOB(16M),
  "cdc_version" VARCHAR(4096),
  "cdc_deleted" SMALLINT,
  "cdc_time" TIMESTAMP(6),
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: keys as text
INSERT INTO "demo" ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT CAST("b" AS VARCHAR(500)), "it's ""?""", CAST("n" AS VARCHAR(500)), "data", "aux", "cdc_version", "cdc_deleted", "cdc_time" FROM "demo_before";

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
  "id" VARCHAR(1000) NOT NULL,
  "data" CLOB(16M),
  "aux" CLOB(16M),
  "cdc_version" VARCHAR(4096),
  "cdc_deleted" SMALLINT,
  "cdc_time" TIMESTAMP(6),
  PRIMARY KEY ("id"));

-- document, deletes=soft: upsert
MERGE INTO "demo" t USING (SELECT CAST(? AS VARCHAR(1000)) AS "id", CAST(? AS CLOB(16M)) AS "data", CAST(? AS CLOB(16M)) AS "aux", CAST(? AS VARCHAR(4096)) AS "cdc_version", CAST(? AS SMALLINT) AS "cdc_deleted", CAST(? AS TIMESTAMP(6)) AS "cdc_time" FROM SYSIBM.SYSDUMMY1) s ON (t."id" = s."id") WHEN MATCHED AND (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") THEN UPDATE SET "data" = CASE WHEN s."cdc_deleted" = 1 AND s."data" IS NULL THEN t."data" ELSE s."data" END, "aux" = CASE WHEN s."cdc_deleted" = 1 AND s."data" IS NULL THEN t."aux" ELSE s."aux" END, "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHEN NOT MATCHED THEN INSERT ("id", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."id", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");

-- ctk_positions
CREATE TABLE "ctk_positions" ("relay" VARCHAR(450) NOT NULL, "shard" VARCHAR(450) NOT NULL, "position" VARCHAR(4096), "incarnation" VARCHAR(4096), "epoch" BIGINT, "read_to" TIMESTAMP(6), "fence" BIGINT, "worker" VARCHAR(4096), "updated" TIMESTAMP(6), PRIMARY KEY ("relay", "shard"));

-- ctk_tables
CREATE TABLE "ctk_tables" ("table" VARCHAR(255) NOT NULL, "source_table" VARCHAR(4096), "incarnation" VARCHAR(4096), "kind" VARCHAR(4096), "epoch" BIGINT, "load" VARCHAR(4096), "cut" TIMESTAMP(6), "relays" CLOB(16M), "sweep_watermark" TIMESTAMP(6), "sweep_time" TIMESTAMP(6), "names" CLOB(16M), "loaded" TIMESTAMP(6), "keys" CLOB(16M), "since" TIMESTAMP(6), "witnesses" CLOB(16M), PRIMARY KEY ("table"));

-- ctk_dead_letters
CREATE TABLE "ctk_dead_letters" ("id" VARCHAR(450) NOT NULL, "time" TIMESTAMP(6), "relay" VARCHAR(4096), "shard" VARCHAR(4096), "position" VARCHAR(4096), "source_table" VARCHAR(4096), "key" CLOB(16M), "version" VARCHAR(4096), "kind" VARCHAR(4096), "reason" CLOB(16M), "change" CLOB(16M), PRIMARY KEY ("id"));

-- position
UPDATE "ctk_positions" SET "position" = ?, "read_to" = coalesce(?, "read_to"), "epoch" = coalesce(?, "epoch"), "updated" = ? WHERE "relay" = ? AND "shard" = ? AND "position" = ? AND "fence" = ?;

-- position
MERGE INTO "ctk_positions" t USING (SELECT "relay", ? AS "shard", ? AS "position", "incarnation", "epoch", NULL AS "read_to", "fence", "worker", "updated" FROM "ctk_positions" WHERE "relay" = ? AND "shard" = ?) s ON (t."relay" = s."relay" AND t."shard" = s."shard") WHEN NOT MATCHED THEN INSERT ("relay", "shard", "position", "incarnation", "epoch", "read_to", "fence", "worker", "updated") VALUES (s."relay", s."shard", s."position", s."incarnation", s."epoch", s."read_to", s."fence", s."worker", s."updated");

-- epoch
SELECT 1 FROM "ctk_tables" WHERE "table" = ? AND "epoch" = ?;

-- nothing
UPDATE "demo" SET "cdc_version" = "cdc_version" WHERE 1 = 0;

-- record
MERGE INTO "ctk_tables" t USING (SELECT CAST(? AS VARCHAR(4096)) AS "table", CAST(? AS BIGINT) AS "epoch", CAST(? AS CLOB(16M)) AS "names" FROM SYSIBM.SYSDUMMY1) s ON (t."table" = s."table") WHEN MATCHED THEN UPDATE SET "epoch" = s."epoch", "names" = s."names" WHEN NOT MATCHED THEN INSERT ("table", "epoch", "names") VALUES (s."table", s."epoch", s."names");

-- letter
MERGE INTO "ctk_dead_letters" t USING (SELECT CAST(? AS VARCHAR(4096)) AS "id", CAST(? AS VARCHAR(4096)) AS "shard", CAST(? AS CLOB(16M)) AS "reason", CAST(? AS CLOB(16M)) AS "change" FROM SYSIBM.SYSDUMMY1) s ON (t."id" = s."id") WHEN MATCHED AND t."shard" = s."shard" THEN UPDATE SET "reason" = s."reason" WHEN NOT MATCHED THEN INSERT ("id", "shard", "reason", "change") VALUES (s."id", s."shard", s."reason", s."change");

-- two rows
(("b" = ? AND "it's ""?""" = ? AND "n" = ?) OR ("b" = ? AND "it's ""?""" = ? AND "n" = ?));

-- length
LENGTH("change");

-- time
REPLACE(VARCHAR_FORMAT("cdc_time", 'YYYY-MM-DD HH24:MI:SS.FF6'), ' ', 'T') || 'Z' FETCH FIRST 100 ROWS ONLY;

