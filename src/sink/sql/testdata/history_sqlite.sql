-- a text and a number
CREATE TABLE IF NOT EXISTS "demo_history" (
  "it's ""?""" TEXT NOT NULL,
  "n" NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT NOT NULL,
  "op" TEXT,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "ttl" boolean,
  PRIMARY KEY ("it's ""?""", "n", "cdc_version"));

-- a text
CREATE TABLE IF NOT EXISTS "demo_history" (
  "it's ""?""" TEXT NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT NOT NULL,
  "op" TEXT,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "ttl" boolean,
  PRIMARY KEY ("it's ""?""", "cdc_version"));

-- two texts
CREATE TABLE IF NOT EXISTS "demo_history" (
  "it's ""?""" TEXT NOT NULL,
  "s" TEXT NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT NOT NULL,
  "op" TEXT,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "ttl" boolean,
  PRIMARY KEY ("it's ""?""", "s", "cdc_version"));

-- document
CREATE TABLE IF NOT EXISTS "demo_history" (
  "id" TEXT NOT NULL,
  "data" TEXT,
  "aux" TEXT,
  "cdc_version" TEXT NOT NULL,
  "op" TEXT,
  "valid_from" TEXT,
  "valid_to" TEXT,
  "ttl" boolean,
  PRIMARY KEY ("id", "cdc_version"));

-- a write
SELECT "cdc_version", "valid_from", "valid_to" FROM "demo_history" WHERE "it's ""?""" COLLATE BINARY = ?1 AND "n" COLLATE BINARY = ?2 ORDER BY "cdc_version" DESC LIMIT 1;

-- a write
SELECT "cdc_version", "valid_from", "valid_to" FROM "demo_history" WHERE "it's ""?""" COLLATE BINARY = ?1 AND "n" COLLATE BINARY = ?2 AND "cdc_version" >= COALESCE((SELECT MAX("cdc_version") FROM "demo_history" WHERE "it's ""?""" COLLATE BINARY = ?3 AND "n" COLLATE BINARY = ?4 AND "cdc_version" < ?5), ?6) AND "cdc_version" <= COALESCE((SELECT MIN("cdc_version") FROM "demo_history" WHERE "it's ""?""" COLLATE BINARY = ?7 AND "n" COLLATE BINARY = ?8 AND "cdc_version" > ?9), ?10);

-- a write
DELETE FROM "demo_history" WHERE "it's ""?""" COLLATE BINARY = ?1 AND "n" COLLATE BINARY = ?2 AND "cdc_version" = ?3;

-- a write
INSERT INTO "demo_history" ("it's ""?""", "n", "data", "aux", "cdc_version", "op", "valid_from", "valid_to", "ttl") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9);

-- a write
UPDATE "demo_history" SET "valid_to" = ?1 WHERE "it's ""?""" COLLATE BINARY = ?2 AND "n" COLLATE BINARY = ?3 AND "cdc_version" = ?4;

