-- columns: table
CREATE TABLE IF NOT EXISTS "public"."demo" (
  "b" bytea NOT NULL,
  "it's ""?""" text COLLATE "C" NOT NULL,
  "n" numeric NOT NULL,
  "data" jsonb,
  "aux" json,
  "cdc_version" text COLLATE "C",
  "cdc_deleted" boolean,
  "cdc_time" timestamp with time zone,
  PRIMARY KEY ("b", "it's ""?""", "n"));

-- columns: view
CREATE VIEW "public"."demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "public"."demo"
  WHERE "cdc_deleted" IS NOT TRUE;

-- columns: index of marks
CREATE INDEX IF NOT EXISTS "demo_cdc_deleted_idx" ON "public"."demo" ("cdc_deleted") WHERE "cdc_deleted";

-- columns: upsert
INSERT INTO "public"."demo" AS t ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT ("b", "it's ""?""", "n") DO UPDATE SET "data" = excluded."data", "aux" = excluded."aux", "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" COLLATE "C" > t."cdc_version" COLLATE "C" RETURNING t."cdc_version";

-- columns: upsert of two
INSERT INTO "public"."demo" AS t ("b", "it's ""?""", "n", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES ($1, $2, $3, $4, $5, $6, $7, $8), ($9, $10, $11, $12, $13, $14, $15, $16) ON CONFLICT ("b", "it's ""?""", "n") DO UPDATE SET "data" = excluded."data", "aux" = excluded."aux", "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" COLLATE "C" > t."cdc_version" COLLATE "C" RETURNING t."cdc_version";

-- columns: one row
SELECT 1 WHERE "b" = $1 AND "it's ""?""" = $2 AND "n" = $3;

-- columns: add
ALTER TABLE "public"."demo" ADD COLUMN "aux" json;

-- columns: add
ALTER TABLE "public"."demo" ADD COLUMN "cdc_version" text COLLATE "C";

-- columns: add
ALTER TABLE "public"."demo" ADD COLUMN "cdc_deleted" boolean;

-- columns: add
ALTER TABLE "public"."demo" ADD COLUMN "cdc_time" timestamp with time zone;

-- columns: keys as text
DROP VIEW IF EXISTS "public"."demo_live";

-- columns: keys as text
ALTER TABLE "public"."demo" ALTER COLUMN "b" TYPE text COLLATE "C" USING translate(encode("b", 'base64'), E'\n', ''), ALTER COLUMN "n" TYPE text COLLATE "C" USING trim_scale("n"::numeric)::text;

-- columns: keys as text
CREATE VIEW "public"."demo_live" AS
  SELECT "b", "it's ""?""", "n", "data", "aux"
  FROM "public"."demo"
  WHERE "cdc_deleted" IS NOT TRUE;

-- document: table
CREATE TABLE IF NOT EXISTS "public"."demo" (
  "id" text COLLATE "C" NOT NULL,
  "data" jsonb,
  "aux" json,
  "cdc_version" text COLLATE "C",
  "cdc_deleted" boolean,
  "cdc_time" timestamp with time zone,
  PRIMARY KEY ("id"));

-- document, deletes=soft: upsert
INSERT INTO "public"."demo" AS t ("id", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT ("id") DO UPDATE SET "data" = CASE WHEN excluded."cdc_deleted" AND excluded."data" IS NULL THEN t."data" ELSE excluded."data" END, "aux" = CASE WHEN excluded."cdc_deleted" AND excluded."data" IS NULL THEN t."aux" ELSE excluded."aux" END, "cdc_version" = excluded."cdc_version", "cdc_deleted" = excluded."cdc_deleted", "cdc_time" = excluded."cdc_time" WHERE t."cdc_version" IS NULL OR excluded."cdc_version" COLLATE "C" > t."cdc_version" COLLATE "C" RETURNING t."cdc_version";

-- ctk_positions
CREATE TABLE IF NOT EXISTS "public"."ctk_positions" ("relay" text COLLATE "C" NOT NULL, "shard" text COLLATE "C" NOT NULL, "position" text, "incarnation" text, "epoch" bigint, "read_to" timestamp with time zone, "fence" bigint, "worker" text, "updated" timestamp with time zone, PRIMARY KEY ("relay", "shard"));

-- ctk_tables
CREATE TABLE IF NOT EXISTS "public"."ctk_tables" ("table" text COLLATE "C" NOT NULL, "source_table" text, "incarnation" text, "kind" text, "epoch" bigint, "load" text, "cut" timestamp with time zone, "relays" text, "sweep_watermark" timestamp with time zone, "sweep_time" timestamp with time zone, "names" text, "loaded" timestamp with time zone, "keys" text, "since" timestamp with time zone, "witnesses" text, PRIMARY KEY ("table"));

-- ctk_dead_letters
CREATE TABLE IF NOT EXISTS "public"."ctk_dead_letters" ("id" text COLLATE "C" NOT NULL, "time" timestamp with time zone, "relay" text, "shard" text, "position" text, "source_table" text, "key" text, "version" text, "kind" text, "reason" text, "change" text, PRIMARY KEY ("id"));

-- position
UPDATE "public"."ctk_positions" SET "position" = $1, "read_to" = coalesce($2, "read_to"), "epoch" = coalesce($3, "epoch"), "updated" = $4 WHERE "relay" = $5 AND "shard" = $6 AND "position" = $7 AND "fence" = $8;

-- position
INSERT INTO "public"."ctk_positions" ("relay", "shard", "position", "incarnation", "epoch", "read_to", "fence", "worker", "updated") SELECT "relay", $1 AS "shard", $2 AS "position", "incarnation", "epoch", NULL AS "read_to", "fence", "worker", "updated" FROM "public"."ctk_positions" WHERE "relay" = $3 AND "shard" = $4 ON CONFLICT ("relay", "shard") DO NOTHING;

-- epoch
SELECT 1 FROM "public"."ctk_tables" WHERE "table" = $1 AND "epoch" = $2 FOR SHARE;

