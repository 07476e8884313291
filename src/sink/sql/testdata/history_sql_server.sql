-- a text and a number
CREATE TABLE "dbo"."demo_history" (
  "it's ""?""" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "n" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "data" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "aux" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "cdc_version" VARCHAR(160) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "op" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "valid_from" DATETIME2(6),
  "valid_to" DATETIME2(6),
  "ttl" BIT,
  PRIMARY KEY ("it's ""?""", "n", "cdc_version"));

-- a text
CREATE TABLE "dbo"."demo_history" (
  "it's ""?""" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "data" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "aux" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "cdc_version" VARCHAR(160) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "op" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "valid_from" DATETIME2(6),
  "valid_to" DATETIME2(6),
  "ttl" BIT,
  PRIMARY KEY ("it's ""?""", "cdc_version"));

-- two texts
CREATE TABLE "dbo"."demo_history" (
  "it's ""?""" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "s" VARCHAR(450) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "data" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "aux" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "cdc_version" VARCHAR(160) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "op" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "valid_from" DATETIME2(6),
  "valid_to" DATETIME2(6),
  "ttl" BIT,
  PRIMARY KEY ("it's ""?""", "s", "cdc_version"));

-- document
CREATE TABLE "dbo"."demo_history" (
  "id" VARCHAR(900) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "data" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "aux" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "cdc_version" VARCHAR(160) COLLATE Latin1_General_100_BIN2_UTF8 NOT NULL,
  "op" VARCHAR(MAX) COLLATE Latin1_General_100_BIN2_UTF8,
  "valid_from" DATETIME2(6),
  "valid_to" DATETIME2(6),
  "ttl" BIT,
  PRIMARY KEY ("id", "cdc_version"));

-- a write
SELECT "cdc_version", CONVERT(VARCHAR(40), "valid_from", 126) + 'Z', CONVERT(VARCHAR(40), "valid_to", 126) + 'Z' FROM "dbo"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? ORDER BY "cdc_version" DESC OFFSET 0 ROWS FETCH NEXT 1 ROWS ONLY;

-- a write
SELECT "cdc_version", CONVERT(VARCHAR(40), "valid_from", 126) + 'Z', CONVERT(VARCHAR(40), "valid_to", 126) + 'Z' FROM "dbo"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" >= COALESCE((SELECT MAX("cdc_version") FROM "dbo"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" < ?), ?) AND "cdc_version" <= COALESCE((SELECT MIN("cdc_version") FROM "dbo"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" > ?), ?);

-- a write
DELETE FROM "dbo"."demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" = ?;

-- a write
INSERT INTO "dbo"."demo_history" ("it's ""?""", "n", "data", "aux", "cdc_version", "op", "valid_from", "valid_to", "ttl") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- a write
UPDATE "dbo"."demo_history" SET "valid_to" = ? WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" = ?;

