#include "sink/sql/mysql_library.h"

#include "sink/sql/library_symbols.h"

namespace ctk::sink::sql {
namespace {

constexpr const char* kFile = "libmariadb.so.3";
constexpr const char* kPackage = "install the package libmariadb3 (Debian, Ubuntu), or MariaDB Connector/C 3";

Result<MysqlLibrary> load() {
  // Never closed: it keeps what it has begun to its end.
  void* file = dlopen(kFile, RTLD_NOW | RTLD_LOCAL);
  if (file == nullptr) return fail(ErrorKind::refused, "MySQL and MariaDB need libmariadb", dlerror(), kPackage);
  MysqlLibrary found{};
  const bool whole =
      find_symbol(file, "mysql_init", found.init) && find_symbol(file, "mysql_close", found.close) &&
      find_symbol(file, "mysql_optionsv", found.optionsv) &&
      find_symbol(file, "mysql_real_connect_start", found.real_connect_start) &&
      find_symbol(file, "mysql_real_connect_cont", found.real_connect_cont) &&
      find_symbol(file, "mysql_real_query_start", found.real_query_start) &&
      find_symbol(file, "mysql_real_query_cont", found.real_query_cont) &&
      find_symbol(file, "mysql_store_result_start", found.store_result_start) &&
      find_symbol(file, "mysql_store_result_cont", found.store_result_cont) &&
      find_symbol(file, "mysql_use_result", found.use_result) &&
      find_symbol(file, "mysql_fetch_row_start", found.fetch_row_start) &&
      find_symbol(file, "mysql_fetch_row_cont", found.fetch_row_cont) &&
      find_symbol(file, "mysql_next_result_start", found.next_result_start) &&
      find_symbol(file, "mysql_next_result_cont", found.next_result_cont) &&
      find_symbol(file, "mysql_more_results", found.more_results) &&
      find_symbol(file, "mysql_field_count", found.field_count) &&
      find_symbol(file, "mysql_affected_rows", found.affected_rows) &&
      find_symbol(file, "mysql_num_fields", found.num_fields) &&
      find_symbol(file, "mysql_fetch_fields", found.fetch_fields) &&
      find_symbol(file, "mysql_fetch_row", found.fetch_row) &&
      find_symbol(file, "mysql_fetch_lengths", found.fetch_lengths) &&
      find_symbol(file, "mysql_free_result", found.free_result) && find_symbol(file, "mysql_errno", found.error_number) &&
      find_symbol(file, "mysql_error", found.error) && find_symbol(file, "mysql_get_server_info", found.server_info) &&
      find_symbol(file, "mysql_get_ssl_cipher", found.get_ssl_cipher) &&
      find_symbol(file, "mysql_get_socket", found.socket) && find_symbol(file, "mysql_thread_id", found.thread_id) &&
      find_symbol(file, "mariadb_get_infov", found.get_infov) && find_symbol(file, "mysql_stmt_init", found.stmt_init) &&
      find_symbol(file, "mysql_stmt_close", found.stmt_close) &&
      find_symbol(file, "mysql_stmt_prepare_start", found.stmt_prepare_start) &&
      find_symbol(file, "mysql_stmt_prepare_cont", found.stmt_prepare_cont) &&
      find_symbol(file, "mysql_stmt_attr_set", found.stmt_attr_set) &&
      find_symbol(file, "mysql_stmt_bind_param", found.stmt_bind_param) &&
      find_symbol(file, "mysql_stmt_execute_start", found.stmt_execute_start) &&
      find_symbol(file, "mysql_stmt_execute_cont", found.stmt_execute_cont);
  if (!whole) return fail(ErrorKind::refused, "libmariadb lacks what ctk calls", dlerror(), kPackage);
  return found;
}

}  // namespace

const Result<MysqlLibrary>& mysql_library() {
  static const Result<MysqlLibrary> library = load();
  return library;
}

}  // namespace ctk::sink::sql
