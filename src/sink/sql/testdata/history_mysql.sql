-- a text and a number
CREATE TABLE IF NOT EXISTS `test`.`demo_history` (
  `it's "?"` VARBINARY(2048) NOT NULL,
  `n` DECIMAL(65,30) NOT NULL,
  `data` JSON,
  `aux` JSON,
  `cdc_version` VARBINARY(160) NOT NULL,
  `op` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `valid_from` DATETIME(6),
  `valid_to` DATETIME(6),
  `ttl` BOOLEAN,
  PRIMARY KEY (`it's "?"`, `n`, `cdc_version`));

-- a text
CREATE TABLE IF NOT EXISTS `test`.`demo_history` (
  `it's "?"` VARBINARY(2048) NOT NULL,
  `data` JSON,
  `aux` JSON,
  `cdc_version` VARBINARY(160) NOT NULL,
  `op` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `valid_from` DATETIME(6),
  `valid_to` DATETIME(6),
  `ttl` BOOLEAN,
  PRIMARY KEY (`it's "?"`, `cdc_version`));

-- two texts
CREATE TABLE IF NOT EXISTS `test`.`demo_history` (
  `it's "?"` VARBINARY(2048) NOT NULL,
  `s` VARBINARY(1024) NOT NULL,
  `data` JSON,
  `aux` JSON,
  `cdc_version` VARBINARY(160) NOT NULL,
  `op` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `valid_from` DATETIME(6),
  `valid_to` DATETIME(6),
  `ttl` BOOLEAN,
  `cdc_row` BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  KEY (`it's "?"`(1900), `s`(1000), `cdc_version`));

-- document
CREATE TABLE IF NOT EXISTS `test`.`demo_history` (
  `id` VARBINARY(3072) NOT NULL,
  `data` JSON,
  `aux` JSON,
  `cdc_version` VARBINARY(160) NOT NULL,
  `op` LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
  `valid_from` DATETIME(6),
  `valid_to` DATETIME(6),
  `ttl` BOOLEAN,
  `cdc_row` BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  KEY (`id`(2900), `cdc_version`));

-- a write
SELECT `cdc_version`, DATE_FORMAT(`valid_from`, '%Y-%m-%dT%H:%i:%s.%fZ'), DATE_FORMAT(`valid_to`, '%Y-%m-%dT%H:%i:%s.%fZ') FROM `test`.`demo_history` WHERE `it's "?"` = ? AND `n` = ? ORDER BY `cdc_version` DESC LIMIT 1;

-- a write
SELECT `cdc_version`, DATE_FORMAT(`valid_from`, '%Y-%m-%dT%H:%i:%s.%fZ'), DATE_FORMAT(`valid_to`, '%Y-%m-%dT%H:%i:%s.%fZ') FROM `test`.`demo_history` WHERE `it's "?"` = ? AND `n` = ? AND `cdc_version` >= COALESCE((SELECT MAX(`cdc_version`) FROM `test`.`demo_history` WHERE `it's "?"` = ? AND `n` = ? AND `cdc_version` < ?), ?) AND `cdc_version` <= COALESCE((SELECT MIN(`cdc_version`) FROM `test`.`demo_history` WHERE `it's "?"` = ? AND `n` = ? AND `cdc_version` > ?), ?);

-- a write
DELETE FROM `test`.`demo_history` WHERE `it's "?"` = ? AND `n` = ? AND `cdc_version` = ?;

-- a write
INSERT INTO `test`.`demo_history` (`it's "?"`, `n`, `data`, `aux`, `cdc_version`, `op`, `valid_from`, `valid_to`, `ttl`) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?), (?, ?, ?, ?, ?, ?, ?, ?, ?);

-- a write
UPDATE `test`.`demo_history` SET `valid_to` = ? WHERE `it's "?"` = ? AND `n` = ? AND `cdc_version` = ?;

