-- a text and a number
CREATE TABLE "demo_history" (
  "it's ""?""" VARCHAR2(2048 BYTE) NOT NULL,
  "n" NUMBER NOT NULL,
  "data" CLOB,
  "aux" CLOB,
  "cdc_version" VARCHAR2(160 BYTE) NOT NULL,
  "op" VARCHAR2(4000 BYTE),
  "valid_from" TIMESTAMP(6),
  "valid_to" TIMESTAMP(6),
  "ttl" NUMBER(1),
  PRIMARY KEY ("it's ""?""", "n", "cdc_version"));

-- a text
CREATE TABLE "demo_history" (
  "it's ""?""" VARCHAR2(2048 BYTE) NOT NULL,
  "data" CLOB,
  "aux" CLOB,
  "cdc_version" VARCHAR2(160 BYTE) NOT NULL,
  "op" VARCHAR2(4000 BYTE),
  "valid_from" TIMESTAMP(6),
  "valid_to" TIMESTAMP(6),
  "ttl" NUMBER(1),
  PRIMARY KEY ("it's ""?""", "cdc_version"));

-- two texts
CREATE TABLE "demo_history" (
  "it's ""?""" VARCHAR2(2048 BYTE) NOT NULL,
  "s" VARCHAR2(2048 BYTE) NOT NULL,
  "data" CLOB,
  "aux" CLOB,
  "cdc_version" VARCHAR2(160 BYTE) NOT NULL,
  "op" VARCHAR2(4000 BYTE),
  "valid_from" TIMESTAMP(6),
  "valid_to" TIMESTAMP(6),
  "ttl" NUMBER(1),
  PRIMARY KEY ("it's ""?""", "s", "cdc_version"));

-- document
CREATE TABLE "demo_history" (
  "id" VARCHAR2(4000 BYTE) NOT NULL,
  "data" CLOB,
  "aux" CLOB,
  "cdc_version" VARCHAR2(160 BYTE) NOT NULL,
  "op" VARCHAR2(4000 BYTE),
  "valid_from" TIMESTAMP(6),
  "valid_to" TIMESTAMP(6),
  "ttl" NUMBER(1),
  PRIMARY KEY ("id", "cdc_version"));

-- a write
SELECT "cdc_version", TO_CHAR("valid_from", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"'), TO_CHAR("valid_to", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"') FROM "demo_history" WHERE "it's ""?""" = ? AND "n" = ? ORDER BY "cdc_version" DESC FETCH FIRST 1 ROWS ONLY;

-- a write
SELECT "cdc_version", TO_CHAR("valid_from", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"'), TO_CHAR("valid_to", 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"') FROM "demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" >= COALESCE((SELECT MAX("cdc_version") FROM "demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" < ?), ?) AND "cdc_version" <= COALESCE((SELECT MIN("cdc_version") FROM "demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" > ?), ?);

-- a write
DELETE FROM "demo_history" WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" = ?;

-- a write
INSERT INTO "demo_history" ("it's ""?""", "n", "data", "aux", "cdc_version", "op", "valid_from", "valid_to", "ttl") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- a write
UPDATE "demo_history" SET "valid_to" = ? WHERE "it's ""?""" = ? AND "n" = ? AND "cdc_version" = ?;

