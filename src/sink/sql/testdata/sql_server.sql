-- columns: table
CREATE TABLE "dbo"."demo" (
  "b" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "it's ""?""" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "n" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "data" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "aux" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "cdc_version" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "cdc_deleted" BIT,
  "cdc_time" DATETIME2(6),
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: view
CREATE VIEW "dbo"."demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "dbo"."demo"
  WHERE ("cdc_deleted" IS NULL OR "cdc_deleted" = 0);

-- columns: index of marks
CREATE INDEX "demo_cdc_deleted_idx" ON "dbo"."demo" ("cdc_deleted");

-- columns: upsert
MERGE INTO "dbo"."demo" WITH (HOLDLOCK) AS t USING (SELECT ? AS "b", ? AS "it's ""?""", ? AS "n", ? AS "data", ? AS "aux", ? AS "cdc_version", ? AS "cdc_deleted", ? AS "cdc_time") s ON (t."b" = s."b" AND t."it's ""?""" = s."it's ""?""" AND t."n" = s."n") WHEN MATCHED AND (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") THEN UPDATE SET "data" = s."data", "aux" = s."aux", "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHEN NOT MATCHED THEN INSERT ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."b", s."it's ""?""", s."n", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");;

-- columns: upsert of two
MERGE INTO "dbo"."demo" WITH (HOLDLOCK) AS t USING (SELECT ? AS "b", ? AS "it's ""?""", ? AS "n", ? AS "data", ? AS "aux", ? AS "cdc_version", ? AS "cdc_deleted", ? AS "cdc_time") s ON (t."b" = s."b" AND t."it's ""?""" = s."it's ""?""" AND t."n" = s."n") WHEN MATCHED AND (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") THEN UPDATE SET "data" = s."data", "aux" = s."aux", "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHEN NOT MATCHED THEN INSERT ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."b", s."it's ""?""", s."n", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");;

-- columns: one row
SELECT 1 WHERE "b" = ? AND "it's ""?""" = ? AND "n" = ?;

-- columns: add
ALTER TABLE "dbo"."demo" ADD "aux" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8;

-- columns: add
ALTER TABLE "dbo"."demo" ADD "cdc_version" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8;

-- columns: add
ALTER TABLE "dbo"."demo" ADD "cdc_deleted" BIT;

-- columns: add
ALTER TABLE "dbo"."demo" ADD "cdc_time" DATETIME2(6);

-- columns: keys as text
DROP VIEW IF EXISTS "dbo"."demo_live";

-- columns: keys as text
EXEC sp_rename N'"dbo"."demo"', N'demo_before';

-- columns: keys as text
CREATE TABLE "dbo"."demo" (
  "b" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "it's ""?""" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "n" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "data" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "aux" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "cdc_version" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "cdc_deleted" BIT,
  "cdc_time" DATETIME2(6),
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: keys as text
INSERT INTO "dbo"."demo" ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT CAST("b" AS VARCHAR(450)), "it's ""?""", CAST("n" AS VARCHAR(450)), "data", "aux", "cdc_version", "cdc_deleted", "cdc_time" FROM "dbo"."demo_before";

-- columns: keys as text
DROP TABLE "dbo"."demo_before";

-- columns: keys as text
CREATE INDEX "demo_cdc_deleted_idx" ON "dbo"."demo" ("cdc_deleted");

-- columns: keys as text
CREATE VIEW "dbo"."demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "dbo"."demo"
  WHERE ("cdc_deleted" IS NULL OR "cdc_deleted" = 0);

-- document: table
CREATE TABLE "dbo"."demo" (
  "id" VARCHAR(900) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "data" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "aux" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "cdc_version" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "cdc_deleted" BIT,
  "cdc_time" DATETIME2(6),
  PRIMARY KEY ("id"));

-- document, deletes=soft: upsert
MERGE INTO "dbo"."demo" WITH (HOLDLOCK) AS t USING (SELECT ? AS "id", ? AS "data", ? AS "aux", ? AS "cdc_version", ? AS "cdc_deleted", ? AS "cdc_time") s ON (t."id" = s."id") WHEN MATCHED AND (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") THEN UPDATE SET "data" = CASE WHEN s."cdc_deleted" = 1 AND s."data" IS NULL THEN t."data" ELSE s."data" END, "aux" = CASE WHEN s."cdc_deleted" = 1 AND s."data" IS NULL THEN t."aux" ELSE s."aux" END, "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHEN NOT MATCHED THEN INSERT ("id", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."id", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");;

-- ctk_positions
CREATE TABLE "dbo"."ctk_positions" ("relay" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL, "shard" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL, "position" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "incarnation" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "epoch" BIGINT, "read_to" DATETIME2(6), "fence" BIGINT, "worker" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "updated" DATETIME2(6), PRIMARY KEY ("relay", "shard"));

-- ctk_tables
CREATE TABLE "dbo"."ctk_tables" ("table" VARCHAR(450) COLLATE Latin1_General_100_CI_AS_SC_UTF8 NOT NULL, "source_table" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "incarnation" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "kind" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "epoch" BIGINT, "load" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "cut" DATETIME2(6), "relays" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "sweep_watermark" DATETIME2(6), "sweep_time" DATETIME2(6), "names" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "loaded" DATETIME2(6), "keys" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "since" DATETIME2(6), "witnesses" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, PRIMARY KEY ("table"));

-- ctk_dead_letters
CREATE TABLE "dbo"."ctk_dead_letters" ("id" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL, "time" DATETIME2(6), "relay" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "shard" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "position" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "source_table" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "key" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "version" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "kind" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "reason" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, "change" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8, PRIMARY KEY ("id"));

-- position
UPDATE "dbo"."ctk_positions" SET "position" = ?, "read_to" = coalesce(?, "read_to"), "epoch" = coalesce(?, "epoch"), "updated" = ? WHERE "relay" = ? AND "shard" = ? AND "position" = ? AND "fence" = ?;

-- position
MERGE INTO "dbo"."ctk_positions" WITH (HOLDLOCK) AS t USING (SELECT "relay", ? AS "shard", ? AS "position", "incarnation", "epoch", NULL AS "read_to", "fence", "worker", "updated" FROM "dbo"."ctk_positions" WHERE "relay" = ? AND "shard" = ?) s ON (t."relay" = s."relay" AND t."shard" = s."shard") WHEN NOT MATCHED THEN INSERT ("relay", "shard", "position", "incarnation", "epoch", "read_to", "fence", "worker", "updated") VALUES (s."relay", s."shard", s."position", s."incarnation", s."epoch", s."read_to", s."fence", s."worker", s."updated");;

-- epoch
SELECT 1 FROM "dbo"."ctk_tables" WHERE "table" = ? AND "epoch" = ?;

-- nothing
UPDATE "dbo"."demo" SET "cdc_version" = "cdc_version" WHERE 1 = 0;

-- record
MERGE INTO "dbo"."ctk_tables" WITH (HOLDLOCK) AS t USING (SELECT ? AS "table", ? AS "epoch", ? AS "names") s ON (t."table" = s."table") WHEN MATCHED THEN UPDATE SET "epoch" = s."epoch", "names" = s."names" WHEN NOT MATCHED THEN INSERT ("table", "epoch", "names") VALUES (s."table", s."epoch", s."names");;

-- letter
MERGE INTO "dbo"."ctk_dead_letters" WITH (HOLDLOCK) AS t USING (SELECT ? AS "id", ? AS "shard", ? AS "reason", ? AS "change") s ON (t."id" = s."id") WHEN MATCHED AND t."shard" = s."shard" AND t."change" = s."change" THEN UPDATE SET "reason" = s."reason" WHEN NOT MATCHED THEN INSERT ("id", "shard", "reason", "change") VALUES (s."id", s."shard", s."reason", s."change");;

-- two rows
(("b" = ? AND "it's ""?""" = ? AND "n" = ?) OR ("b" = ? AND "it's ""?""" = ? AND "n" = ?));

-- length
LEN("change");

-- time
CONVERT(VARCHAR(40), "cdc_time", 126) + 'Z' OFFSET 0 ROWS FETCH NEXT 100 ROWS ONLY;

