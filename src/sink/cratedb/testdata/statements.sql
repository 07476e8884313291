-- ctk: table
CREATE TABLE IF NOT EXISTS "testdrive"."demo" (
  "pk" OBJECT(STRICT) AS ("device" TEXT PRIMARY KEY, "it's ""n""" BIGINT PRIMARY KEY),
  "data" OBJECT(STRICT),
  "aux" OBJECT(IGNORED),
  "cdc_version" TEXT,
  "cdc_deleted" BOOLEAN,
  "cdc_time" TIMESTAMP WITH TIME ZONE
);

-- ctk: view
CREATE VIEW "testdrive"."demo_live" AS
SELECT "pk", "data", "aux" FROM "testdrive"."demo" WHERE NOT coalesce("cdc_deleted", false);

-- ctk: upsert
INSERT INTO "testdrive"."demo" ("pk", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time")
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT ("pk"['device'], "pk"['it''s "n"']) DO UPDATE SET
  "data" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."data" ELSE "data" END,
  "aux" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."aux" ELSE "aux" END,
  "cdc_version" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_version" ELSE "cdc_version" END,
  "cdc_deleted" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_deleted" ELSE "cdc_deleted" END,
  "cdc_time" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_time" ELSE "cdc_time" END;

-- ctk: due marks
SELECT "pk"['device'], "pk"['it''s "n"'], "cdc_version", "_seq_no", "_primary_term" FROM "testdrive"."demo" WHERE "cdc_deleted" AND "cdc_time" < ? LIMIT ?;

-- ctk: older epochs
SELECT "pk"['device'], "pk"['it''s "n"'], "cdc_version", "_seq_no", "_primary_term" FROM "testdrive"."demo" WHERE "cdc_version" < ? LIMIT ?;

-- ctk: delete a mark
DELETE FROM "testdrive"."demo" WHERE "pk"['device'] = ? AND "pk"['it''s "n"'] = ? AND "_seq_no" = ? AND "_primary_term" = ?;

-- ctk: some rows
SELECT "pk"['device'], "pk"['it''s "n"'], "cdc_version", coalesce("cdc_deleted", FALSE) FROM "testdrive"."demo" WHERE ("pk"['device'] = ? AND "pk"['it''s "n"'] = ?) OR ("pk"['device'] = ? AND "pk"['it''s "n"'] = ?);

-- ctk: highest version
SELECT "cdc_version" FROM "testdrive"."demo" WHERE "cdc_version" IS NOT NULL ORDER BY "cdc_version" DESC LIMIT 1;

-- columns: table
CREATE TABLE IF NOT EXISTS "testdrive"."demo" (
  "device" TEXT,
  "it's ""n""" BIGINT,
  "data" OBJECT(STRICT),
  "aux" OBJECT(IGNORED),
  "cdc_version" TEXT,
  "cdc_deleted" BOOLEAN,
  "cdc_time" TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY ("device", "it's ""n""")
);

-- columns: view
CREATE VIEW "testdrive"."demo_live" AS
SELECT "device", "it's ""n""", "data", "aux" FROM "testdrive"."demo" WHERE NOT coalesce("cdc_deleted", false);

-- columns: upsert
INSERT INTO "testdrive"."demo" ("device", "it's ""n""", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time")
VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT ("device", "it's ""n""") DO UPDATE SET
  "data" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."data" ELSE "data" END,
  "aux" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."aux" ELSE "aux" END,
  "cdc_version" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_version" ELSE "cdc_version" END,
  "cdc_deleted" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_deleted" ELSE "cdc_deleted" END,
  "cdc_time" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_time" ELSE "cdc_time" END;

-- columns: due marks
SELECT "device", "it's ""n""", "cdc_version", "_seq_no", "_primary_term" FROM "testdrive"."demo" WHERE "cdc_deleted" AND "cdc_time" < ? LIMIT ?;

-- columns: older epochs
SELECT "device", "it's ""n""", "cdc_version", "_seq_no", "_primary_term" FROM "testdrive"."demo" WHERE "cdc_version" < ? LIMIT ?;

-- columns: delete a mark
DELETE FROM "testdrive"."demo" WHERE "device" = ? AND "it's ""n""" = ? AND "_seq_no" = ? AND "_primary_term" = ?;

-- columns: some rows
SELECT "device", "it's ""n""", "cdc_version", coalesce("cdc_deleted", FALSE) FROM "testdrive"."demo" WHERE ("device" = ? AND "it's ""n""" = ?) OR ("device" = ? AND "it's ""n""" = ?);

-- columns: highest version
SELECT "cdc_version" FROM "testdrive"."demo" WHERE "cdc_version" IS NOT NULL ORDER BY "cdc_version" DESC LIMIT 1;

-- document: table
CREATE TABLE IF NOT EXISTS "testdrive"."demo" (
  "id" TEXT PRIMARY KEY,
  "data" OBJECT(STRICT),
  "aux" OBJECT(IGNORED),
  "cdc_version" TEXT,
  "cdc_deleted" BOOLEAN,
  "cdc_time" TIMESTAMP WITH TIME ZONE
);

-- document: view
CREATE VIEW "testdrive"."demo_live" AS
SELECT "id", "data", "aux" FROM "testdrive"."demo" WHERE NOT coalesce("cdc_deleted", false);

-- document: upsert
INSERT INTO "testdrive"."demo" ("id", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time")
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT ("id") DO UPDATE SET
  "data" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."data" ELSE "data" END,
  "aux" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."aux" ELSE "aux" END,
  "cdc_version" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_version" ELSE "cdc_version" END,
  "cdc_deleted" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_deleted" ELSE "cdc_deleted" END,
  "cdc_time" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_time" ELSE "cdc_time" END;

-- document: due marks
SELECT "id", "cdc_version", "_seq_no", "_primary_term" FROM "testdrive"."demo" WHERE "cdc_deleted" AND "cdc_time" < ? LIMIT ?;

-- document: older epochs
SELECT "id", "cdc_version", "_seq_no", "_primary_term" FROM "testdrive"."demo" WHERE "cdc_version" < ? LIMIT ?;

-- document: delete a mark
DELETE FROM "testdrive"."demo" WHERE "id" = ? AND "_seq_no" = ? AND "_primary_term" = ?;

-- document: some rows
SELECT "id", "cdc_version", coalesce("cdc_deleted", FALSE) FROM "testdrive"."demo" WHERE ("id" = ?) OR ("id" = ?);

-- document: highest version
SELECT "cdc_version" FROM "testdrive"."demo" WHERE "cdc_version" IS NOT NULL ORDER BY "cdc_version" DESC LIMIT 1;

-- typed=false: table
CREATE TABLE IF NOT EXISTS "testdrive"."demo" (
  "pk" OBJECT(STRICT) AS ("device" TEXT PRIMARY KEY, "it's ""n""" BIGINT PRIMARY KEY),
  "data" OBJECT(IGNORED),
  "aux" OBJECT(IGNORED),
  "cdc_version" TEXT,
  "cdc_deleted" BOOLEAN,
  "cdc_time" TIMESTAMP WITH TIME ZONE
);

-- deletes=soft: upsert
INSERT INTO "testdrive"."demo" ("id", "data", "aux", "cdc_version", "cdc_deleted", "cdc_time")
VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT ("id") DO UPDATE SET
  "data" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') AND NOT (excluded."cdc_deleted" AND excluded."data" IS NULL AND excluded."aux" IS NULL) THEN excluded."data" ELSE "data" END,
  "aux" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') AND NOT (excluded."cdc_deleted" AND excluded."data" IS NULL AND excluded."aux" IS NULL) THEN excluded."aux" ELSE "aux" END,
  "cdc_version" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_version" ELSE "cdc_version" END,
  "cdc_deleted" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_deleted" ELSE "cdc_deleted" END,
  "cdc_time" = CASE WHEN excluded."cdc_version" > coalesce("cdc_version", '') THEN excluded."cdc_time" ELSE "cdc_time" END;

-- columns
ALTER TABLE "testdrive"."demo"
  ADD COLUMN "data"['a'] OBJECT(STRICT),
  ADD COLUMN "data"['a']['o''b'] DOUBLE PRECISION,
  ADD COLUMN "data"['l'] ARRAY(OBJECT(IGNORED)),
  ADD COLUMN "data"['t'] ARRAY(TEXT);

-- own columns
ALTER TABLE "testdrive"."demo"
  ADD COLUMN "cdc_deleted" BOOLEAN,
  ADD COLUMN "cdc_time" TIMESTAMP WITH TIME ZONE;

-- ctk_tables
CREATE TABLE IF NOT EXISTS "testdrive"."ctk_tables" (
  "table" TEXT PRIMARY KEY, source_table TEXT, incarnation TEXT, kind TEXT,
  epoch INTEGER, load TEXT, cut TEXT, relays TEXT, sweep_watermark TEXT, sweep_time TEXT, names TEXT,
  loaded TEXT, "keys" TEXT, since TEXT,
  witnesses TEXT INDEX OFF STORAGE WITH (columnstore = false)
) CLUSTERED INTO 1 SHARDS;

-- ctk_positions
CREATE TABLE IF NOT EXISTS "testdrive"."ctk_positions" (
  relay TEXT, shard TEXT, position TEXT, incarnation TEXT, epoch INTEGER,
  read_to TEXT, fence BIGINT, worker TEXT, updated TEXT,
  PRIMARY KEY (relay, shard)
) CLUSTERED INTO 1 SHARDS;

-- ctk_dead_letters
CREATE TABLE IF NOT EXISTS "testdrive"."ctk_dead_letters" (
  id TEXT PRIMARY KEY, "time" TEXT, relay TEXT, shard TEXT, position TEXT,
  source_table TEXT, kind TEXT,
  "key" TEXT INDEX OFF STORAGE WITH (columnstore = false),
  version TEXT INDEX OFF STORAGE WITH (columnstore = false),
  reason TEXT INDEX OFF STORAGE WITH (columnstore = false),
  change TEXT INDEX OFF STORAGE WITH (columnstore = false)
) CLUSTERED INTO 1 SHARDS;

-- a table's record
SELECT "table", source_table, incarnation, kind, epoch, load, cut, relays, sweep_watermark, sweep_time, names, loaded, "keys", since, witnesses, _seq_no, _primary_term FROM "testdrive"."ctk_tables" WHERE "table" = ?;

-- make a record
INSERT INTO "testdrive"."ctk_tables" ("table", source_table, incarnation, kind, epoch, load, cut, relays, sweep_watermark, sweep_time, names, loaded, "keys", since, witnesses)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?);

-- change a record
UPDATE "testdrive"."ctk_tables" SET source_table = ?, incarnation = ?, kind = ?, epoch = ?, load = ?, cut = ?, relays = ?,
  sweep_watermark = ?, sweep_time = ?, names = ?, loaded = ?, "keys" = ?, since = ?, witnesses = ?
WHERE "table" = ? AND _seq_no = ? AND _primary_term = ?;

-- add to the records
ALTER TABLE "testdrive"."ctk_tables" ADD COLUMN since TEXT, ADD COLUMN witnesses TEXT INDEX OFF STORAGE WITH (columnstore = false);

-- make positions
INSERT INTO "testdrive"."ctk_positions" (relay, shard, position, incarnation, epoch, read_to, fence, worker, updated)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (relay, shard) DO NOTHING;

-- raise fences
INSERT INTO "testdrive"."ctk_positions" (relay, shard, position, incarnation, epoch, read_to, fence, worker, updated)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (relay, shard) DO UPDATE SET
  epoch = CASE WHEN excluded.fence >= fence THEN excluded.epoch ELSE epoch END,
  fence = CASE WHEN excluded.fence >= fence THEN excluded.fence ELSE fence END,
  worker = CASE WHEN excluded.fence >= fence THEN excluded.worker ELSE worker END,
  updated = CASE WHEN excluded.fence >= fence THEN excluded.updated ELSE updated END;

-- move positions
INSERT INTO "testdrive"."ctk_positions" (relay, shard, position, incarnation, epoch, read_to, fence, worker, updated)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (relay, shard) DO UPDATE SET
  position = CASE WHEN excluded.fence >= fence THEN excluded.position ELSE position END,
  epoch = CASE WHEN excluded.fence >= fence THEN excluded.epoch ELSE epoch END,
  worker = CASE WHEN excluded.fence >= fence THEN excluded.worker ELSE worker END,
  updated = CASE WHEN excluded.fence >= fence THEN excluded.updated ELSE updated END,
  fence = CASE WHEN excluded.fence >= fence THEN excluded.fence ELSE fence END,
  read_to = CASE WHEN excluded.fence >= fence AND excluded.read_to > coalesce(read_to, '') THEN excluded.read_to ELSE read_to END;

-- set positions back
INSERT INTO "testdrive"."ctk_positions" (relay, shard, position, incarnation, epoch, read_to, fence, worker, updated)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (relay, shard) DO UPDATE SET
  position = CASE WHEN excluded.fence >= fence THEN excluded.position ELSE position END,
  read_to = CASE WHEN excluded.fence >= fence THEN excluded.read_to ELSE read_to END,
  epoch = CASE WHEN excluded.fence >= fence THEN excluded.epoch ELSE epoch END,
  worker = CASE WHEN excluded.fence >= fence THEN excluded.worker ELSE worker END,
  updated = CASE WHEN excluded.fence >= fence THEN excluded.updated ELSE updated END,
  fence = CASE WHEN excluded.fence >= fence THEN excluded.fence ELSE fence END;

-- dead letters
INSERT INTO "testdrive"."ctk_dead_letters" (id, "time", relay, shard, position, source_table, "key", version, kind, reason, change)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING;

-- dead letters again
INSERT INTO "testdrive"."ctk_dead_letters" (id, "time", relay, shard, position, source_table, "key", version, kind, reason, change)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO UPDATE SET reason = excluded.reason, kind = excluded.kind;

