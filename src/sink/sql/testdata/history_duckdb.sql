-- a text and a number
CREATE TABLE IF NOT EXISTS "main"."demo_history" (
  "it's ""?""" VARCHAR NOT NULL,
  "n" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR NOT NULL,
  "op" VARCHAR,
  "valid_from" TIMESTAMP,
  "valid_to" TIMESTAMP,
  "ttl" BOOLEAN,
  PRIMARY KEY ("it's ""?""", "n", "cdc_version"));

-- a text
CREATE TABLE IF NOT EXISTS "main"."demo_history" (
  "it's ""?""" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR NOT NULL,
  "op" VARCHAR,
  "valid_from" TIMESTAMP,
  "valid_to" TIMESTAMP,
  "ttl" BOOLEAN,
  PRIMARY KEY ("it's ""?""", "cdc_version"));

-- two texts
CREATE TABLE IF NOT EXISTS "main"."demo_history" (
  "it's ""?""" VARCHAR NOT NULL,
  "s" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR NOT NULL,
  "op" VARCHAR,
  "valid_from" TIMESTAMP,
  "valid_to" TIMESTAMP,
  "ttl" BOOLEAN,
  PRIMARY KEY ("it's ""?""", "s", "cdc_version"));

-- document
CREATE TABLE IF NOT EXISTS "main"."demo_history" (
  "id" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR NOT NULL,
  "op" VARCHAR,
  "valid_from" TIMESTAMP,
  "valid_to" TIMESTAMP,
  "ttl" BOOLEAN,
  PRIMARY KEY ("id", "cdc_version"));

-- a write
SELECT "cdc_version", strftime("valid_from", '%Y-%m-%dT%H:%M:%S.%fZ'), strftime("valid_to", '%Y-%m-%dT%H:%M:%S.%fZ') FROM "main"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? ORDER BY "cdc_version" DESC LIMIT 1;

-- a write
SELECT "cdc_version", strftime("valid_from", '%Y-%m-%dT%H:%M:%S.%fZ'), strftime("valid_to", '%Y-%m-%dT%H:%M:%S.%fZ') FROM "main"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" >= COALESCE((SELECT MAX("cdc_version") FROM "main"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" < ?), ?) AND "cdc_version" <= COALESCE((SELECT MIN("cdc_version") FROM "main"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" > ?), ?);

-- a write
DELETE FROM "main"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" = ?;

-- a write
INSERT INTO "main"."demo_history" ("it's ""?""", "n", "data", "aux", "cdc_version", "op", "valid_from", "valid_to", "ttl") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- a write
UPDATE "main"."demo_history" SET "valid_to" = ? WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" = ?;

