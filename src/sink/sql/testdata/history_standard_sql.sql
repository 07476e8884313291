-- a text and a number
CREATE TABLE "demo_history" (
  "it's ""?""" VARCHAR(255) NOT NULL,
  "n" VARCHAR(255) NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" VARCHAR(160) NOT NULL,
  "op" TEXT,
  "valid_from" VARCHAR(40),
  "valid_to" VARCHAR(40),
  "ttl" SMALLINT,
  PRIMARY KEY ("it's ""?""", "n", "cdc_version"));

-- a text
CREATE TABLE "demo_history" (
  "it's ""?""" VARCHAR(255) NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" VARCHAR(160) NOT NULL,
  "op" TEXT,
  "valid_from" VARCHAR(40),
  "valid_to" VARCHAR(40),
  "ttl" SMALLINT,
  PRIMARY KEY ("it's ""?""", "cdc_version"));

-- two texts
CREATE TABLE "demo_history" (
  "it's ""?""" VARCHAR(255) NOT NULL,
  "s" VARCHAR(255) NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" VARCHAR(160) NOT NULL,
  "op" TEXT,
  "valid_from" VARCHAR(40),
  "valid_to" VARCHAR(40),
  "ttl" SMALLINT,
  PRIMARY KEY ("it's ""?""", "s", "cdc_version"));

-- document
CREATE TABLE "demo_history" (
  "id" VARCHAR(255) NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" VARCHAR(160) NOT NULL,
  "op" TEXT,
  "valid_from" VARCHAR(40),
  "valid_to" VARCHAR(40),
  "ttl" SMALLINT,
  PRIMARY KEY ("id", "cdc_version"));

-- a write
SELECT "cdc_version", "valid_from", "valid_to" FROM "demo_history" WHERE "it's ""?""" = ?1 AND "n" = ?2 AND "cdc_version" >= COALESCE((SELECT MAX("cdc_version") FROM "demo_history" WHERE "it's ""?""" = ?3 AND "n" = ?4 AND "cdc_version" < ?5), ?6) AND "cdc_version" <= COALESCE((SELECT MIN("cdc_version") FROM "demo_history" WHERE "it's ""?""" = ?7 AND "n" = ?8 AND "cdc_version" > ?9), ?10);

-- a write
DELETE FROM "demo_history" WHERE "it's ""?""" = ?1 AND "n" = ?2 AND "cdc_version" = ?3;

-- a write
INSERT INTO "demo_history" ("it's ""?""", "n", "data", "aux", "cdc_version", "op", "valid_from", "valid_to", "ttl") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- a write
UPDATE "demo_history" SET "valid_to" = ?1 WHERE "it's ""?""" = ?2 AND "n" = ?3 AND "cdc_version" = ?4;

