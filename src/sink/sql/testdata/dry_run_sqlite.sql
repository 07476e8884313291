BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS "ctk_positions" ("relay" TEXT NOT NULL, "shard" TEXT NOT NULL, "position" TEXT, "incarnation" TEXT, "epoch" INTEGER, "read_to" TEXT, "fence" INTEGER, "worker" TEXT, "updated" TEXT, PRIMARY KEY ("relay", "shard"));
CREATE TABLE IF NOT EXISTS "ctk_tables" ("table" TEXT COLLATE NOCASE NOT NULL, "source_table" TEXT, "incarnation" TEXT, "kind" TEXT, "epoch" INTEGER, "load" TEXT, "cut" TEXT, "relays" TEXT, "sweep_watermark" TEXT, "sweep_time" TEXT, "names" TEXT, "loaded" TEXT, "keys" TEXT, "since" TEXT, "witnesses" TEXT, PRIMARY KEY ("table"));
CREATE TABLE IF NOT EXISTS "ctk_dead_letters" ("id" TEXT NOT NULL, "time" TEXT, "relay" TEXT, "shard" TEXT, "position" TEXT, "source_table" TEXT, "key" TEXT, "version" TEXT, "kind" TEXT, "reason" TEXT, "change" TEXT, PRIMARY KEY ("id"));
CREATE TABLE IF NOT EXISTS "demo" (
  "pk" TEXT NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT,
  "cdc_deleted" boolean,
  "cdc_time" TEXT,
  PRIMARY KEY ("pk"));
CREATE INDEX IF NOT EXISTS "demo_cdc_deleted_idx" ON "demo" ("cdc_deleted") WHERE "cdc_deleted";
CREATE VIEW "demo_live" AS
  SELECT "pk", "data", "aux"
  FROM "demo"
  WHERE "cdc_deleted" IS NOT TRUE;
INSERT INTO "ctk_tables" ("table", "source_table", "incarnation", "kind", "epoch", "load", "cut", "relays", "sweep_watermark", "sweep_time", "names", "loaded", "keys", "since", "witnesses") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15) ON CONFLICT ("table") DO UPDATE SET "source_table" = excluded."source_table", "incarnation" = excluded."incarnation", "kind" = excluded."kind", "epoch" = excluded."epoch", "load" = excluded."load", "cut" = excluded."cut", "relays" = excluded."relays", "sweep_watermark" = excluded."sweep_watermark", "sweep_time" = excluded."sweep_time", "names" = excluded."names", "loaded" = excluded."loaded", "keys" = excluded."keys", "since" = excluded."since", "witnesses" = excluded."witnesses";
-- ?1 = 'demo'
-- ?2 = 'source'
-- ?3 = 'life'
-- ?4 = 'kinesis'
-- ?5 = 1
-- ?6 = 'none'
-- ?7 = NULL
-- ?8 = '[]'
-- ?9 = NULL
-- ?10 = NULL
-- ?11 = '{}'
-- ?12 = NULL
-- ?13 = '{}'
-- ?14 = NULL
-- ?15 = NULL
COMMIT;
BEGIN IMMEDIATE;
SELECT 1 FROM "ctk_tables" WHERE "table" = ?1 AND "epoch" = ?2;
-- ?1 = 'demo'
-- ?2 = 1
INSERT INTO "demo" AS t ("pk", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT ("pk") DO UPDATE SET "data" = excluded."data", "aux" = excluded."aux", "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" COLLATE BINARY > t."cdc_version" COLLATE BINARY;
-- ?1 = 'it''s\n'
-- ?2 = '{"n":1.50}'
-- ?3 = NULL
-- ?4 = '00000001.1.01700000000000001.000000000000000000000000000000000000000000000000000000000001'
-- ?5 = false
-- ?6 = '2023-11-14T22:13:20.000001Z'
COMMIT;
