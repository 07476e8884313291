// libmariadb, the client of MySQL and MariaDB, which is loaded when it is first needed: the program starts without it.
#pragma once

#include <mariadb/mysql.h>

#include "base/error.h"

namespace ctk::sink::sql {

/// Its functions, by their names there without `mysql_`. Those in pairs do not block (its manual, "Using the Non-blocking
/// Library").
struct MysqlLibrary {
  decltype(&::mysql_init) init;
  decltype(&::mysql_close) close;
  decltype(&::mysql_optionsv) optionsv;
  decltype(&::mysql_real_connect_start) real_connect_start;
  decltype(&::mysql_real_connect_cont) real_connect_cont;
  decltype(&::mysql_real_query_start) real_query_start;
  decltype(&::mysql_real_query_cont) real_query_cont;
  decltype(&::mysql_store_result_start) store_result_start;
  decltype(&::mysql_store_result_cont) store_result_cont;
  decltype(&::mysql_next_result_start) next_result_start;
  decltype(&::mysql_next_result_cont) next_result_cont;
  decltype(&::mysql_more_results) more_results;
  decltype(&::mysql_field_count) field_count;
  decltype(&::mysql_affected_rows) affected_rows;
  decltype(&::mysql_num_fields) num_fields;
  decltype(&::mysql_fetch_fields) fetch_fields;
  decltype(&::mysql_fetch_row) fetch_row;
  decltype(&::mysql_fetch_lengths) fetch_lengths;
  decltype(&::mysql_free_result) free_result;
  decltype(&::mysql_errno) error_number;
  decltype(&::mysql_error) error;
  decltype(&::mysql_get_server_info) server_info;
  decltype(&::mysql_get_ssl_cipher) get_ssl_cipher;
  decltype(&::mysql_get_socket) socket;
  decltype(&::mysql_thread_id) thread_id;
};

/// Loaded once a program, from any thread; else which package has it.
const Result<MysqlLibrary>& mysql_library();

}  // namespace ctk::sink::sql
