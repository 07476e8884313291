// libmariadb, the client of MySQL and MariaDB, which is loaded when it is first needed: the program starts without it.
#pragma once

#include <mariadb/mysql.h>

#include "base/error.h"

namespace ctk::sink::sql {

/// Its functions, by their names there without `mysql_` or `mariadb_`. Those in pairs do not block (its manual, "Using the
/// Non-blocking Library").
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
  decltype(&::mysql_use_result) use_result;
  decltype(&::mysql_fetch_row_start) fetch_row_start;
  decltype(&::mysql_fetch_row_cont) fetch_row_cont;
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
  decltype(&::mariadb_get_infov) get_infov;
  decltype(&::mysql_stmt_init) stmt_init;
  decltype(&::mysql_stmt_close) stmt_close;
  decltype(&::mysql_stmt_prepare_start) stmt_prepare_start;
  decltype(&::mysql_stmt_prepare_cont) stmt_prepare_cont;
  decltype(&::mysql_stmt_attr_set) stmt_attr_set;
  decltype(&::mysql_stmt_bind_param) stmt_bind_param;
  decltype(&::mysql_stmt_execute_start) stmt_execute_start;
  decltype(&::mysql_stmt_execute_cont) stmt_execute_cont;
};

/// Loaded once a program, from any thread; else which package has it.
const Result<MysqlLibrary>& mysql_library();

}  // namespace ctk::sink::sql
