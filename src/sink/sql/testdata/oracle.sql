-- columns: table
CREATE TABLE "demo" (
  "b" VARCHAR2(2048 BYTE) NOT NULL,
  "it's ""?""" VARCHAR2(2048 BYTE) NOT NULL,
  "n" NUMBER NOT NULL,
  "data" CLOB,
  "aux" CLOB,
  "cdc_version" VARCHAR2(4000 BYTE),
  "cdc_deleted" NUMBER(1),
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
MERGE INTO "demo" t USING (SELECT ? AS "b", ? AS "it's ""?""", ? AS "n", ? AS "data", ? AS "aux", ? AS "cdc_version", ? AS "cdc_deleted", ? AS "cdc_time" FROM DUAL) s ON (t."b" = s."b" AND t."it's ""?""" = s."it's ""?""" AND t."n" = s."n") WHEN MATCHED THEN UPDATE SET "data" = s."data", "aux" = s."aux", "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHERE (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") WHEN NOT MATCHED THEN INSERT ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."b", s."it's ""?""", s."n", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");

-- columns: upsert of two
MERGE INTO "demo" t USING (SELECT ? AS "b", ? AS "it's ""?""", ? AS "n", ? AS "data", ? AS "aux", ? AS "cdc_version", ? AS "cdc_deleted", ? AS "cdc_time" FROM DUAL) s ON (t."b" = s."b" AND t."it's ""?""" = s."it's ""?""" AND t."n" = s."n") WHEN MATCHED THEN UPDATE SET "data" = s."data", "aux" = s."aux", "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHERE (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") WHEN NOT MATCHED THEN INSERT ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."b", s."it's ""?""", s."n", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");

-- columns: one row
SELECT 1 WHERE "b" = ? AND "it's ""?""" = ? AND "n" = ?;

-- columns: add
ALTER TABLE "demo" ADD "aux" CLOB;

-- columns: add
ALTER TABLE "demo" ADD "cdc_version" VARCHAR2(4000 BYTE);

-- columns: add
ALTER TABLE "demo" ADD "cdc_deleted" NUMBER(1);

-- columns: add
ALTER TABLE "demo" ADD "cdc_time" TIMESTAMP(6);

-- columns: keys as text
DROP VIEW "demo_live";

-- columns: keys as text
ALTER TABLE "demo" RENAME TO "demo_before";

-- columns: keys as text
CREATE TABLE "demo" (
  "b" VARCHAR2(2048 BYTE) NOT NULL,
  "it's ""?""" VARCHAR2(2048 BYTE) NOT NULL,
  "n" VARCHAR2(2048 BYTE) NOT NULL,
  "data" CLOB,
  "aux" CLOB,
  "cdc_version" VARCHAR2(4000 BYTE),
  "cdc_deleted" NUMBER(1),
  "cdc_time" TIMESTAMP(6),
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: keys as text
INSERT INTO "demo" ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") SELECT CAST("b" AS VARCHAR2(2048 BYTE)), "it's ""?""", CAST(REGEXP_REPLACE(TO_CHAR("n", 'TM9', 'NLS_NUMERIC_CHARACTERS=''.,'''), '^(-?)\.', '\10.') AS VARCHAR2(2048 BYTE)), "data", "aux", "cdc_version", "cdc_deleted", "cdc_time" FROM "demo_before";

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
  "id" VARCHAR2(4000 BYTE) NOT NULL,
  "data" CLOB,
  "aux" CLOB,
  "cdc_version" VARCHAR2(4000 BYTE),
  "cdc_deleted" NUMBER(1),
  "cdc_time" TIMESTAMP(6),
  PRIMARY KEY ("id"));

-- document, deletes=soft: upsert
MERGE INTO "demo" t USING (SELECT ? AS "id", ? AS "data", ? AS "aux", ? AS "cdc_version", ? AS "cdc_deleted", ? AS "cdc_time" FROM DUAL) s ON (t."id" = s."id") WHEN MATCHED THEN UPDATE SET "data" = CASE WHEN s."cdc_deleted" = 1 AND s."data" IS NULL THEN t."data" ELSE s."data" END, "aux" = CASE WHEN s."cdc_deleted" = 1 AND s."data" IS NULL THEN t."aux" ELSE s."aux" END, "cdc_version" = s."cdc_version", "cdc_deleted" = s."cdc_deleted", "cdc_time" = s."cdc_time" WHERE (t."cdc_version" IS NULL OR s."cdc_version" > t."cdc_version") WHEN NOT MATCHED THEN INSERT ("id", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (s."id", s."data", s."aux", s."cdc_version", s."cdc_deleted", s."cdc_time");

-- ctk_positions
CREATE TABLE "ctk_positions" ("relay" VARCHAR2(1024 BYTE) NOT NULL, "shard" VARCHAR2(1024 BYTE) NOT NULL, "position" VARCHAR2(4000 BYTE), "incarnation" VARCHAR2(4000 BYTE), "epoch" NUMBER(19), "read_to" TIMESTAMP(6), "fence" NUMBER(19), "worker" VARCHAR2(4000 BYTE), "updated" TIMESTAMP(6), PRIMARY KEY ("relay", "shard"));

-- ctk_tables
CREATE TABLE "ctk_tables" ("table" VARCHAR2(255 BYTE) NOT NULL, "source_table" VARCHAR2(4000 BYTE), "incarnation" VARCHAR2(4000 BYTE), "kind" VARCHAR2(4000 BYTE), "epoch" NUMBER(19), "load" VARCHAR2(4000 BYTE), "cut" TIMESTAMP(6), "relays" CLOB, "sweep_watermark" TIMESTAMP(6), "sweep_time" TIMESTAMP(6), "names" CLOB, "loaded" TIMESTAMP(6), "keys" CLOB, "since" TIMESTAMP(6), "witnesses" CLOB, PRIMARY KEY ("table"));

-- ctk_dead_letters
CREATE TABLE "ctk_dead_letters" ("id" VARCHAR2(1024 BYTE) NOT NULL, "time" TIMESTAMP(6), "relay" VARCHAR2(4000 BYTE), "shard" VARCHAR2(4000 BYTE), "position" VARCHAR2(4000 BYTE), "source_table" VARCHAR2(4000 BYTE), "key" CLOB, "version" VARCHAR2(4000 BYTE), "kind" VARCHAR2(4000 BYTE), "reason" CLOB, "change" CLOB, PRIMARY KEY ("id"));

-- position
UPDATE "ctk_positions" SET "position" = ?, "read_to" = coalesce(?, "read_to"), "epoch" = coalesce(?, "epoch"), "updated" = ? WHERE "relay" = ? AND "shard" = ? AND "position" = ? AND "fence" = ?;

-- position
MERGE INTO "ctk_positions" t USING (SELECT "relay", ? AS "shard", ? AS "position", "incarnation", "epoch", NULL AS "read_to", "fence", "worker", "updated" FROM "ctk_positions" WHERE "relay" = ? AND "shard" = ?) s ON (t."relay" = s."relay" AND t."shard" = s."shard") WHEN NOT MATCHED THEN INSERT ("relay", "shard", "position", "incarnation", "epoch", "read_to", "fence", "worker", "updated") VALUES (s."relay", s."shard", s."position", s."incarnation", s."epoch", s."read_to", s."fence", s."worker", s."updated");

-- epoch
SELECT 1 FROM "ctk_tables" WHERE "table" = ? AND "epoch" = ?;

-- nothing
UPDATE "demo" SET "cdc_version" = "cdc_version" WHERE 1 = 0;

-- record
MERGE INTO "ctk_tables" t USING (SELECT ? AS "table", ? AS "epoch", ? AS "names" FROM DUAL) s ON (t."table" = s."table") WHEN MATCHED THEN UPDATE SET "epoch" = s."epoch", "names" = s."names" WHEN NOT MATCHED THEN INSERT ("table", "epoch", "names") VALUES (s."table", s."epoch", s."names");

-- letter
MERGE INTO "ctk_dead_letters" t USING (SELECT ? AS "id", ? AS "shard", ? AS "reason", ? AS "change" FROM DUAL) s ON (t."id" = s."id") WHEN MATCHED THEN UPDATE SET "reason" = s."reason" WHERE t."shard" = s."shard" WHEN NOT MATCHED THEN INSERT ("id", "shard", "reason", "change") VALUES (s."id", s."shard", s."reason", s."change");

-- two rows
(("b" = ? AND "it's ""?""" = ? AND "n" = ?) OR ("b" = ? AND "it's ""?""" = ? AND "n" = ?));

-- length
LENGTH("change");

-- time
TO_CHAR("cdc_time", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"') FETCH FIRST 100 ROWS ONLY;

