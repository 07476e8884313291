-- columns: table
CREATE TABLE "PUBLIC"."demo" (
  "b" VARCHAR NOT NULL,
  "it's ""?""" VARCHAR NOT NULL,
  "n" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR,
  "cdc_deleted" BOOLEAN,
  "cdc_time" TIMESTAMP_NTZ(6),
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: view
CREATE VIEW "PUBLIC"."demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "PUBLIC"."demo"
  WHERE ("cdc_deleted" IS NULL OR NOT "cdc_deleted");

-- columns: upsert
MERGE INTO "PUBLIC"."demo" t USING (SELECT ? AS "b", ? AS "it's ""?""", ? AS "n", ? AS "data", ? AS "aux", ? AS "cdc_version", ? AS "cdc_deleted", ? AS "cdc_time") s ON (t."b" = s."b" AND t."it's ""?""" = s."it's ""?""" AND t."n" = s."n") WHEN MATCHED AND (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") THEN UPDATE SET "data" = s."data", "aux" = s."aux", "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHEN NOT MATCHED THEN INSERT ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."b", s."it's ""?""", s."n", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");

-- columns: upsert of two
MERGE INTO "PUBLIC"."demo" t USING (SELECT ? AS "b", ? AS "it's ""?""", ? AS "n", ? AS "data", ? AS "aux", ? AS "cdc_version", ? AS "cdc_deleted", ? AS "cdc_time") s ON (t."b" = s."b" AND t."it's ""?""" = s."it's ""?""" AND t."n" = s."n") WHEN MATCHED AND (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") THEN UPDATE SET "data" = s."data", "aux" = s."aux", "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHEN NOT MATCHED THEN INSERT ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."b", s."it's ""?""", s."n", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");

-- columns: one row
SELECT 1 WHERE "b" = ? AND "it's ""?""" = ? AND "n" = ?;

-- columns: add
ALTER TABLE "PUBLIC"."demo" ADD COLUMN "aux" VARCHAR;

-- columns: add
ALTER TABLE "PUBLIC"."demo" ADD COLUMN "cdc_version" VARCHAR;

-- columns: add
ALTER TABLE "PUBLIC"."demo" ADD COLUMN "cdc_deleted" BOOLEAN;

-- columns: add
ALTER TABLE "PUBLIC"."demo" ADD COLUMN "cdc_time" TIMESTAMP_NTZ(6);

-- columns: keys as text
DROP VIEW IF EXISTS "PUBLIC"."demo_live";

-- columns: keys as text
ALTER TABLE "PUBLIC"."demo" RENAME TO "PUBLIC"."demo_before";

-- columns: keys as text
CREATE TABLE "PUBLIC"."demo" (
  "b" VARCHAR NOT NULL,
  "it's ""?""" VARCHAR NOT NULL,
  "n" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR,
  "cdc_deleted" BOOLEAN,
  "cdc_time" TIMESTAMP_NTZ(6),
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: keys as text
INSERT INTO "PUBLIC"."demo" ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT CAST("b" AS VARCHAR), "it's ""?""", CAST("n" AS VARCHAR), "data", "aux", "cdc_version", "cdc_deleted", "cdc_time" FROM "PUBLIC"."demo_before";

-- columns: keys as text
DROP TABLE "PUBLIC"."demo_before";

-- columns: keys as text
CREATE VIEW "PUBLIC"."demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "PUBLIC"."demo"
  WHERE ("cdc_deleted" IS NULL OR NOT "cdc_deleted");

-- document: table
CREATE TABLE "PUBLIC"."demo" (
  "id" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR,
  "cdc_deleted" BOOLEAN,
  "cdc_time" TIMESTAMP_NTZ(6),
  PRIMARY KEY ("id"));

-- document, deletes=soft: upsert
MERGE INTO "PUBLIC"."demo" t USING (SELECT ? AS "id", ? AS "data", ? AS "aux", ? AS "cdc_version", ? AS "cdc_deleted", ? AS "cdc_time") s ON (t."id" = s."id") WHEN MATCHED AND (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") THEN UPDATE SET "data" = CASE WHEN s."cdc_deleted" AND s."data" IS NULL THEN t."data" ELSE s."data" END, "aux" = CASE WHEN s."cdc_deleted" AND s."data" IS NULL THEN t."aux" ELSE s."aux" END, "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHEN NOT MATCHED THEN INSERT ("id", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."id", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");

-- ctk_positions
CREATE TABLE "PUBLIC"."ctk_positions" ("relay" VARCHAR NOT NULL, "shard" VARCHAR NOT NULL, "position" VARCHAR, "incarnation" VARCHAR, "epoch" NUMBER(19, 0), "read_to" TIMESTAMP_NTZ(6), "fence" NUMBER(19, 0), "worker" VARCHAR, "updated" TIMESTAMP_NTZ(6), PRIMARY KEY ("relay", "shard"));

-- ctk_tables
CREATE TABLE "PUBLIC"."ctk_tables" ("table" VARCHAR NOT NULL, "source_table" VARCHAR, "incarnation" VARCHAR, "kind" VARCHAR, "epoch" NUMBER(19, 0), "load" VARCHAR, "cut" TIMESTAMP_NTZ(6), "relays" VARCHAR, "sweep_watermark" TIMESTAMP_NTZ(6), "sweep_time" TIMESTAMP_NTZ(6), "names" VARCHAR, "loaded" TIMESTAMP_NTZ(6), "keys" VARCHAR, "since" TIMESTAMP_NTZ(6), "witnesses" VARCHAR, PRIMARY KEY ("table"));

-- ctk_dead_letters
CREATE TABLE "PUBLIC"."ctk_dead_letters" ("id" VARCHAR NOT NULL, "time" TIMESTAMP_NTZ(6), "relay" VARCHAR, "shard" VARCHAR, "position" VARCHAR, "source_table" VARCHAR, "key" VARCHAR, "version" VARCHAR, "kind" VARCHAR, "reason" VARCHAR, "change" VARCHAR, PRIMARY KEY ("id"));

-- position
UPDATE "PUBLIC"."ctk_positions" SET "position" = ?, "read_to" = coalesce(?, "read_to"), "epoch" = coalesce(?, "epoch"), "updated" = ? WHERE "relay" = ? AND "shard" = ? AND "position" = ? AND "fence" = ?;

-- position
MERGE INTO "PUBLIC"."ctk_positions" t USING (SELECT "relay", ? AS "shard", ? AS "position", "incarnation", "epoch", NULL AS "read_to", "fence", "worker", "updated" FROM "PUBLIC"."ctk_positions" WHERE "relay" = ? AND "shard" = ?) s ON (t."relay" = s."relay" AND t."shard" = s."shard") WHEN NOT MATCHED THEN INSERT ("relay", "shard", "position", "incarnation", "epoch", "read_to", "fence", "worker", "updated") VALUES (s."relay", s."shard", s."position", s."incarnation", s."epoch", s."read_to", s."fence", s."worker", s."updated");

-- epoch
SELECT 1 FROM "PUBLIC"."ctk_tables" WHERE "table" = ? AND "epoch" = ?;

-- nothing
UPDATE "PUBLIC"."demo" SET "cdc_version" = "cdc_version" WHERE 1 = 0;

-- record
MERGE INTO "PUBLIC"."ctk_tables" t USING (SELECT ? AS "table", ? AS "epoch", ? AS "names") s ON (t."table" = s."table") WHEN MATCHED THEN UPDATE SET "epoch" = s."epoch", "names" = s."names" WHEN NOT MATCHED THEN INSERT ("table", "epoch", "names") VALUES (s."table", s."epoch", s."names");

-- letter
MERGE INTO "PUBLIC"."ctk_dead_letters" t USING (SELECT ? AS "id", ? AS "shard", ? AS "reason", ? AS "change") s ON (t."id" = s."id") WHEN MATCHED AND t."shard" = s."shard" AND t."change" = s."change" THEN UPDATE SET "reason" = s."reason" WHEN NOT MATCHED THEN INSERT ("id", "shard", "reason", "change") VALUES (s."id", s."shard", s."reason", s."change");

-- two rows
(("b" = ? AND "it's ""?""" = ? AND "n" = ?) OR ("b" = ? AND "it's ""?""" = ? AND "n" = ?));

-- length
LENGTH("change");

-- time
TO_CHAR("cdc_time", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"') LIMIT 100;

