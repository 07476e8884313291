-- columns: table
CREATE TABLE IF NOT EXISTS `test`.`demo` (
  `b` VARBINARY(2048) NOT NULL,
  `it's "?"` VARBINARY(1024) NOT NULL,
  `n` DECIMAL(65,30) NOT NULL,
  `data` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `aux` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `cdc_version` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `cdc_deleted` BOOLEAN,
  `cdc_time` DATETIME(6),
  PRIMARY KEY (`b`, `it's "?"`, `n`));

-- columns: view
CREATE VIEW `test`.`demo_live` AS
  SELECT `b`, `it's "?"`, `n`, `data`, `aux`
  FROM `test`.`demo`
  WHERE `cdc_deleted` IS NOT TRUE;

-- columns: index of marks
CREATE INDEX `demo_cdc_deleted_idx` ON `test`.`demo` (`cdc_deleted`);

-- columns: upsert
INSERT INTO `test`.`demo` (`b`, `it's "?"`, `n`, `data`, `aux`, `cdc_version`, `cdc_deleted`, `cdc_time`) VALUES (?, ?, ?, ?, ?, ?, IF((@ctk_row := @ctk_row + 1) < 0, NULL, ?), ?) ON DUPLICATE KEY UPDATE `data` = IF((@ctk_newer := (`cdc_version` IS NULL OR CAST(VALUES(`cdc_version`) AS BINARY) > CAST(`cdc_version` AS BINARY))), VALUES(`data`), `data`), `aux` = IF(@ctk_newer, VALUES(`aux`), `aux`), `cdc_deleted` = IF(@ctk_newer, VALUES(`cdc_deleted`), `cdc_deleted`), `cdc_time` = IF(@ctk_newer, VALUES(`cdc_time`), `cdc_time`), `cdc_version` = IF(@ctk_newer, VALUES(`cdc_version`), IF((@ctk_stale := CONCAT(@ctk_stale, @ctk_row, ' ')) IS NULL, `cdc_version`, `cdc_version`));

-- columns: upsert of two
INSERT INTO `test`.`demo` (`b`, `it's "?"`, `n`, `data`, `aux`, `cdc_version`, `cdc_deleted`, `cdc_time`) VALUES (?, ?, ?, ?, ?, ?, IF((@ctk_row := @ctk_row + 1) < 0, NULL, ?), ?), (?, ?, ?, ?, ?, ?, IF((@ctk_row := @ctk_row + 1) < 0, NULL, ?), ?) ON DUPLICATE KEY UPDATE `data` = IF((@ctk_newer := (`cdc_version` IS NULL OR CAST(VALUES(`cdc_version`) AS BINARY) > CAST(`cdc_version` AS BINARY))), VALUES(`data`), `data`), `aux` = IF(@ctk_newer, VALUES(`aux`), `aux`), `cdc_deleted` = IF(@ctk_newer, VALUES(`cdc_deleted`), `cdc_deleted`), `cdc_time` = IF(@ctk_newer, VALUES(`cdc_time`), `cdc_time`), `cdc_version` = IF(@ctk_newer, VALUES(`cdc_version`), IF((@ctk_stale := CONCAT(@ctk_stale, @ctk_row, ' ')) IS NULL, `cdc_version`, `cdc_version`));

-- columns: one row
SELECT 1 WHERE `b` = ? AND `it's "?"` = ? AND `n` = ?;

-- columns: add
ALTER TABLE `test`.`demo` ADD COLUMN `aux` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- columns: add
ALTER TABLE `test`.`demo` ADD COLUMN `cdc_version` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- columns: add
ALTER TABLE `test`.`demo` ADD COLUMN `cdc_deleted` BOOLEAN;

-- columns: add
ALTER TABLE `test`.`demo` ADD COLUMN `cdc_time` DATETIME(6);

-- columns: keys as text
ALTER TABLE `test`.`demo` MODIFY `b` VARBINARY(2048) NOT NULL, MODIFY `n` VARBINARY(1024) NOT NULL;

-- columns: keys as text
UPDATE `test`.`demo` SET `n` = IF(INSTR(`n`, '.') > 0, TRIM(TRAILING '.' FROM TRIM(TRAILING '0' FROM `n`)), `n`);

-- document: table
CREATE TABLE IF NOT EXISTS `test`.`demo` (
  `id` VARBINARY(3072) NOT NULL,
  `data` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `aux` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `cdc_version` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `cdc_deleted` BOOLEAN,
  `cdc_time` DATETIME(6),
  PRIMARY KEY (`id`));

-- document, deletes=soft: upsert
INSERT INTO `test`.`demo` (`id`, `data`, `aux`, `cdc_version`, `cdc_deleted`, `cdc_time`) VALUES (?, ?, ?, ?, IF((@ctk_row := @ctk_row + 1) < 0, NULL, ?), ?) ON DUPLICATE KEY UPDATE `data` = IF((@ctk_newer := (`cdc_version` IS NULL OR CAST(VALUES(`cdc_version`) AS BINARY) > CAST(`cdc_version` AS BINARY))), IF(VALUES(`cdc_deleted`) AND VALUES(`data`) IS NULL, `data`, VALUES(`data`)), `data`), `aux` = IF(@ctk_newer, IF(VALUES(`cdc_deleted`) AND VALUES(`data`) IS NULL, `aux`, VALUES(`aux`)), `aux`), `cdc_deleted` = IF(@ctk_newer, VALUES(`cdc_deleted`), `cdc_deleted`), `cdc_time` = IF(@ctk_newer, VALUES(`cdc_time`), `cdc_time`), `cdc_version` = IF(@ctk_newer, VALUES(`cdc_version`), IF((@ctk_stale := CONCAT(@ctk_stale, @ctk_row, ' ')) IS NULL, `cdc_version`, `cdc_version`));

-- ctk_positions
CREATE TABLE IF NOT EXISTS `test`.`ctk_positions` (`relay` VARBINARY(1024) NOT NULL, `shard` VARBINARY(1024) NOT NULL, `position` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `incarnation` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `epoch` BIGINT, `read_to` DATETIME(6), `fence` BIGINT, `worker` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `updated` DATETIME(6), PRIMARY KEY (`relay`, `shard`));

-- ctk_tables
CREATE TABLE IF NOT EXISTS `test`.`ctk_tables` (`table` VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL, `source_table` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `incarnation` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `kind` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `epoch` BIGINT, `load` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `cut` DATETIME(6), `relays` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `sweep_watermark` DATETIME(6), `sweep_time` DATETIME(6), `names` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `loaded` DATETIME(6), `keys` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `since` DATETIME(6), `witnesses` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, PRIMARY KEY (`table`));

-- ctk_dead_letters
CREATE TABLE IF NOT EXISTS `test`.`ctk_dead_letters` (`id` VARBINARY(1024) NOT NULL, `time` DATETIME(6), `relay` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `shard` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `position` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `source_table` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `key` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `version` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `kind` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `reason` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, `change` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin, PRIMARY KEY (`id`));

-- position
UPDATE `test`.`ctk_positions` SET `position` = ?, `read_to` = coalesce(?, `read_to`), `epoch` = coalesce(?, `epoch`), `updated` = ? WHERE `relay` = ? AND `shard` = ? AND `position` = ? AND `fence` = ?;

-- position
INSERT INTO `test`.`ctk_positions` (`relay`, `shard`, `position`, `incarnation`, `epoch`, `read_to`, `fence`, `worker`, `updated`) SELECT `relay`, ? AS `shard`, ? AS `position`, `incarnation`, `epoch`, NULL AS `read_to`, `fence`, `worker`, `updated` FROM `test`.`ctk_positions` WHERE `relay` = ? AND `shard` = ? ON DUPLICATE KEY UPDATE `relay` = VALUES(`relay`);

-- epoch
SELECT 1 FROM `test`.`ctk_tables` WHERE `table` = ? AND `epoch` = ? LOCK IN SHARE MODE;

