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
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_material', 'off', true);

-- a write
WITH w (place, k0, k1) AS (VALUES (0, CAST($1 AS text), CAST($2 AS numeric))) SELECT w.place, h."cdc_version", to_char(h."valid_from" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_char(h."valid_to" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM w JOIN LATERAL (SELECT b.* FROM "public"."demo_history" AS b WHERE b."it's ""?""" = w.k0 AND b."n" = w.k1 ORDER BY b."cdc_version" DESC LIMIT 1) AS h ON TRUE;

-- a write
SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true), set_config('enable_material', 'off', true);

-- a write
SELECT w.place, h."cdc_version", to_char(h."valid_from" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), to_char(h."valid_to" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') FROM (VALUES (0, CAST($1 AS text), CAST($2 AS numeric), CAST($3 AS text), CAST($4 AS text))) AS w (place, k0, k1, lowest, highest) JOIN "public"."demo_history" AS h ON h."it's ""?""" = w.k0 AND h."n" = w.k1 AND h."cdc_version" >= COALESCE((SELECT MAX(b."cdc_version") FROM "public"."demo_history" AS b WHERE b."it's ""?""" = w.k0 AND b."n" = w.k1 AND b."cdc_version" < w.lowest), w.lowest) AND h."cdc_version" <= COALESCE((SELECT MIN(b."cdc_version") FROM "public"."demo_history" AS b WHERE b."it's ""?""" = w.k0 AND b."n" = w.k1 AND b."cdc_version" > w.highest), w.highest);

-- a write
DELETE FROM "public"."demo_history" WHERE "it's ""?""" = $1 AND "n" = $2 AND "cdc_version" = $3;

-- a write
INSERT INTO "public"."demo_history" ("it's ""?""", "n", "data", "aux", "cdc_version", "op", "valid_from", "valid_to", "ttl") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9), ($10, $11, $12, $13, $14, $15, $16, $17, $18);

-- a write
UPDATE "public"."demo_history" AS h SET "valid_to" = w.ends FROM (VALUES (0, CAST($1 AS timestamp with time zone), CAST($2 AS text), CAST($3 AS numeric), CAST($4 AS text))) AS w (place, ends, k0, k1, version) WHERE h."it's ""?""" = w.k0 AND h."n" = w.k1 AND h."cdc_version" = w.version;

