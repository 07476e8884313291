-- a text and a number
CREATE TABLE "demo_history" (
  "it's ""?""" VARCHAR(500) NOT NULL,
  "n" VARCHAR(500) NOT NULL,
  "data" CLOB(16M),
  "aux" CLOB(16M),
  "cdc_version" VARCHAR(160) NOT NULL,
  "op" VARCHAR(4096),
  "valid_from" TIMESTAMP(6),
  "valid_to" TIMESTAMP(6),
  "ttl" SMALLINT,
  PRIMARY KEY ("it's ""?""", "n", "cdc_version"));

-- a text
CREATE TABLE "demo_history" (
  "it's ""?""" VARCHAR(500) NOT NULL,
  "data" CLOB(16M),
  "aux" CLOB(16M),
  "cdc_version" VARCHAR(160) NOT NULL,
  "op" VARCHAR(4096),
  "valid_from" TIMESTAMP(6),
  "valid_to" TIMESTAMP(6),
  "ttl" SMALLINT,
  PRIMARY KEY ("it's ""?""", "cdc_version"));

-- two texts
CREATE TABLE "demo_history" (
  "it's ""?""" VARCHAR(500) NOT NULL,
  "s" VARCHAR(500) NOT NULL,
  "data" CLOB(16M),
  "aux" CLOB(16M),
  "cdc_version" VARCHAR(160) NOT NULL,
  "op" VARCHAR(4096),
  "valid_from" TIMESTAMP(6),
  "valid_to" TIMESTAMP(6),
  "ttl" SMALLINT,
  PRIMARY KEY ("it's ""?""", "s", "cdc_version"));

-- document
CREATE TABLE "demo_history" (
  "id" VARCHAR(1000) NOT NULL,
  "data" CLOB(16M),
  "aux" CLOB(16M),
  "cdc_version" VARCHAR(160) NOT NULL,
  "op" VARCHAR(4096),
  "valid_from" TIMESTAMP(6),
  "valid_to" TIMESTAMP(6),
  "ttl" SMALLINT,
  PRIMARY KEY ("id", "cdc_version"));

-- a write
SELECT "cdc_version", REPLACE(VARCHAR_FORMAT("valid_from", 'YYYY-MM-DD HH24:MI:SS.FF6'), ' ', 'T') || 'Z', REPLACE(VARCHAR_FORMAT("valid_to", 'YYYY-MM-DD HH24:MI:SS.FF6'), ' ', 'T') || 'Z' FROM "demo_history" WHERE "it's ""?""" = ? AND "n" = ? ORDER BY "cdc_version" DESC FETCH FIRST 1 ROWS ONLY;

-- a write
SELECT "cdc_version", REPLACE(VARCHAR_FORMAT("valid_from", 'YYYY-MM-DD HH24:MI:SS.FF6'), ' ', 'T') || 'Z', REPLACE(VARCHAR_FORMAT("valid_to", 'YYYY-MM-DD HH24:MI:SS.FF6'), ' ', 'T') || 'Z' FROM "demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" >= COALESCE((SELECT MAX("cdc_version") FROM "demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" < ?), ?) AND "cdc_version" <= COALESCE((SELECT MIN("cdc_version") FROM "demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" > ?), ?);

-- a write
DELETE FROM "demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" = ?;

-- a write
INSERT INTO "demo_history" ("it's ""?""", "n", "data", "aux", "cdc_version", "op", "valid_from", "valid_to", "ttl") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- a write
UPDATE "demo_history" SET "valid_to" = ? WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" = ?;

