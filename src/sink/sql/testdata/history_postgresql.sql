-- a text and a number
CREATE TABLE IF NOT EXISTS "public"."demo_history" (
  "it's ""?""" text COLLATE "C" NOT NULL,
  "n" numeric NOT NULL,
  "data" jsonb,
  "aux" json,
  "cdc_version" text COLLATE "C" NOT NULL,
  "op" text,
  "valid_from" timestamp with time zone,
  "valid_to" timestamp with time zone,
  "ttl" boolean,
  PRIMARY KEY ("it's ""?""", "n", "cdc_version"));

-- a text
CREATE TABLE IF NOT EXISTS "public"."demo_history" (
  "it's ""?""" text COLLATE "C" NOT NULL,
  "data" jsonb,
  "aux" json,
  "cdc_version" text COLLATE "C" NOT NULL,
  "op" text,
  "valid_from" timestamp with time zone,
  "valid_to" timestamp with time zone,
  "ttl" boolean,
  PRIMARY KEY ("it's ""?""", "cdc_version"));

-- two texts
CREATE TABLE IF NOT EXISTS "public"."demo_history" (
  "it's ""?""" text COLLATE "C" NOT NULL,
  "s" text COLLATE "C" NOT NULL,
  "data" jsonb,
  "aux" json,
  "cdc_version" text COLLATE "C" NOT NULL,
  "op" text,
  "valid_from" timestamp with time zone,
  "valid_to" timestamp with time zone,
  "ttl" boolean,
  PRIMARY KEY ("it's ""?""", "s", "cdc_version"));

-- document
CREATE TABLE IF NOT EXISTS "public"."demo_history" (
  "id" text COLLATE "C" NOT NULL,
  "data" jsonb,
  "aux" json,
  "cdc_version" text COLLATE "C" NOT NULL,
  "op" text,
  "valid_from" timestamp with time zone,
  "valid_to" timestamp with time zone,
  "ttl" boolean,
  PRIMARY KEY ("id", "cdc_version"));

-- a write
SELECT "cdc_version", to_char("valid_from" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_char("valid_to" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM "public"."demo_history" WHERE "it's ""?""" = $1 AND "n" = $2 AND "cdc_version" >= COALESCE((SELECT MAX("cdc_version") FROM "public"."demo_history" WHERE "it's ""?""" = $3 AND "n" = $4 AND "cdc_version" < $5), $6) AND "cdc_version" <= COALESCE((SELECT MIN("cdc_version") FROM "public"."demo_history" WHERE "it's ""?""" = $7 AND "n" = $8 AND "cdc_version" > $9), $10);

-- a write
DELETE FROM "public"."demo_history" WHERE "it's ""?""" = $1 AND "n" = $2 AND "cdc_version" = $3;

-- a write
INSERT INTO "public"."demo_history" ("it's ""?""", "n", "data", "aux", "cdc_version", "op", "valid_from", "valid_to", "ttl") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9), ($10, $11, $12, $13, $14, $15, $16, $17, $18);

-- a write
UPDATE "public"."demo_history" SET "valid_to" = $1 WHERE "it's ""?""" = $2 AND "n" = $3 AND "cdc_version" = $4;

