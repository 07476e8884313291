BEGIN ISOLATION LEVEL READ COMMITTED;
CREATE SCHEMA IF NOT EXISTS "public";
CREATE TABLE IF NOT EXISTS "public"."ctk_positions" ("relay" text COLLATE "C" NOT NULL, "shard" text COLLATE "C" NOT NULL, "position" text, "incarnation" text, "epoch" bigint, "read_to" timestamp with time zone, "fence" bigint, "worker" text, "updated" timestamp with time zone, PRIMARY KEY ("relay", "shard"));
CREATE TABLE IF NOT EXISTS "public"."ctk_tables" ("table" text COLLATE "C" NOT NULL, "source_table" text, "incarnation" text, "kind" text, "epoch" bigint, "load" text, "cut" timestamp with time zone, "relays" text, "sweep_watermark" timestamp with time zone, "sweep_time" timestamp with time zone, "names" text, "loaded" timestamp with time zone, "keys" text, "since" timestamp with time zone, "witnesses" text, PRIMARY KEY ("table"));
CREATE TABLE IF NOT EXISTS "public"."ctk_dead_letters" ("id" text COLLATE "C" NOT NULL, "time" timestamp with time zone, "relay" text, "shard" text, "position" text, "source_table" text, "key" text, "version" text, "kind" text, "reason" text, "change" text, PRIMARY KEY ("id"));
CREATE TABLE IF NOT EXISTS "public"."demo" (
  "pk" text COLLATE "C" NOT NULL,
  "data" jsonb,
  "aux" json,
  "cdc_version" text COLLATE "C",
  "cdc_deleted" boolean,
  "cdc_time" timestamp with time zone,
  PRIMARY KEY ("pk"));
CREATE INDEX IF NOT EXISTS "demo_cdc_deleted_idx" ON "public"."demo" ("cdc_deleted") WHERE "cdc_deleted";
CREATE VIEW "public"."demo_live" AS
  SELECT "pk", "data", "aux"
  FROM "public"."demo"
  WHERE "cdc_deleted" IS NOT TRUE;
INSERT INTO "public"."ctk_tables" ("table", "source_table", "incarnation", "kind", "epoch", "load", "cut", "relays", "sweep_watermark", "sweep_time", "names", "loaded", "keys", "since", "witnesses") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15) ON CONFLICT ("table") DO UPDATE SET "source_table" = excluded."source_table", "incarnation" = excluded."incarnation", "kind" = excluded."kind", "epoch" = excluded."epoch", "load" = excluded."load", "cut" = excluded."cut", "relays" = excluded."relays", "sweep_watermark" = excluded."sweep_watermark", "sweep_time" = excluded."sweep_time", "names" = excluded."names", "loaded" = excluded."loaded", "keys" = excluded."keys", "since" = excluded."since", "witnesses" = excluded."witnesses";
-- $1 = 'public.demo'
-- $2 = 'source'
-- $3 = 'life'
-- $4 = 'kinesis'
-- $5 = 1
-- $6 = 'none'
-- $7 = NULL
-- $8 = '[]'
-- $9 = NULL
-- $10 = NULL
-- $11 = '{}'
-- $12 = NULL
-- $13 = '{}'
-- $14 = NULL
-- $15 = NULL
COMMIT;
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT 1 FROM "public"."ctk_tables" WHERE "table" = $1 AND "epoch" = $2 FOR SHARE;
-- $1 = 'public.demo'
-- $2 = 1
INSERT INTO "public"."demo" AS t ("pk", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ("pk") DO UPDATE SET "data" = excluded."data", "aux" = excluded."aux", "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" COLLATE "C" > t."cdc_version" COLLATE "C";
-- $1 = 'it''s\n'
-- $2 = '{"n":1.50}'
-- $3 = NULL
-- $4 = '00000001.1.01700000000000001.000000000000000000000000000000000000000000000000000000000001'
-- $5 = false
-- $6 = '2023-11-14T22:13:20.000001Z'
COMMIT;
