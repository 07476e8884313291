-- a text and a number
CREATE TABLE "PUBLIC"."demo_history" (
  "it's ""?""" VARCHAR NOT NULL,
  "n" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR NOT NULL,
  "op" VARCHAR,
  "valid_from" TIMESTAMP_NTZ(6),
  "valid_to" TIMESTAMP_NTZ(6),
  "ttl" BOOLEAN,
  PRIMARY KEY ("it's ""?""", "n", "cdc_version"));

-- a text
CREATE TABLE "PUBLIC"."demo_history" (
  "it's ""?""" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR NOT NULL,
  "op" VARCHAR,
  "valid_from" TIMESTAMP_NTZ(6),
  "valid_to" TIMESTAMP_NTZ(6),
  "ttl" BOOLEAN,
  PRIMARY KEY ("it's ""?""", "cdc_version"));

-- two texts
CREATE TABLE "PUBLIC"."demo_history" (
  "it's ""?""" VARCHAR NOT NULL,
  "s" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR NOT NULL,
  "op" VARCHAR,
  "valid_from" TIMESTAMP_NTZ(6),
  "valid_to" TIMESTAMP_NTZ(6),
  "ttl" BOOLEAN,
  PRIMARY KEY ("it's ""?""", "s", "cdc_version"));

-- document
CREATE TABLE "PUBLIC"."demo_history" (
  "id" VARCHAR NOT NULL,
  "data" VARCHAR,
  "aux" VARCHAR,
  "cdc_version" VARCHAR NOT NULL,
  "op" VARCHAR,
  "valid_from" TIMESTAMP_NTZ(6),
  "valid_to" TIMESTAMP_NTZ(6),
  "ttl" BOOLEAN,
  PRIMARY KEY ("id", "cdc_version"));

-- a write
SELECT "cdc_version", TO_CHAR("valid_from", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"'), TO_CHAR("valid_to", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"') FROM "PUBLIC"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? ORDER BY "cdc_version" DESC LIMIT 1;

-- a write
SELECT "cdc_version", TO_CHAR("valid_from", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"'), TO_CHAR("valid_to", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"') FROM "PUBLIC"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" >= COALESCE((SELECT MAX("cdc_version") FROM "PUBLIC"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" < ?), ?) AND "cdc_version" <= COALESCE((SELECT MIN("cdc_version") FROM "PUBLIC"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" > ?), ?);

-- a write
DELETE FROM "PUBLIC"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" = ?;

-- a write
INSERT INTO "PUBLIC"."demo_history" ("it's ""?""", "n", "data", "aux", "cdc_version", "op", "valid_from", "valid_to", "ttl") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- a write
UPDATE "PUBLIC"."demo_history" SET "valid_to" = ? WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" = ?;

