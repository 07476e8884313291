#include "sink/sql/sql_state.h"

#include <gtest/gtest.h>

namespace ctk::sink::sql {
namespace {

TEST(SqlState, SaysWhatAFailureConcerns) {
  struct Case {
    const char* code;
    Scope scope;
    ErrorKind kind;
  };
  const Case cases[] = {
      {"22P02", Scope::row, ErrorKind::refused},          {"22021", Scope::row, ErrorKind::refused},
      {"23514", Scope::row, ErrorKind::refused},          {"54000", Scope::row, ErrorKind::refused},
      {"54001", Scope::doubtful, ErrorKind::refused},     {"40P01", Scope::conflict, ErrorKind::unreachable},
      {"40001", Scope::conflict, ErrorKind::unreachable}, {"42P01", Scope::doubtful, ErrorKind::not_found},
      {"42501", Scope::doubtful, ErrorKind::denied},      {"42703", Scope::doubtful, ErrorKind::refused},
      {"53100", Scope::call, ErrorKind::throttled},       {"53300", Scope::call, ErrorKind::throttled},
      {"57P01", Scope::lost, ErrorKind::unreachable},     {"57P03", Scope::lost, ErrorKind::unreachable},
      {"57014", Scope::doubtful, ErrorKind::unreachable}, {"08006", Scope::lost, ErrorKind::unreachable},
      {"28P01", Scope::call, ErrorKind::denied},          {"3D000", Scope::call, ErrorKind::not_found},
      {"25006", Scope::lost, ErrorKind::unreachable},     {"25P02", Scope::lost, ErrorKind::unreachable},
      {"26000", Scope::again, ErrorKind::unreachable},    {"42P05", Scope::again, ErrorKind::unreachable},
      {"08P01", Scope::lost, ErrorKind::unreachable},     {"55P03", Scope::doubtful, ErrorKind::throttled},
      {"P0004", Scope::row, ErrorKind::refused},          {"0A000", Scope::doubtful, ErrorKind::refused},
      {"XX000", Scope::doubtful, ErrorKind::unreachable}, {"", Scope::doubtful, ErrorKind::refused},
  };
  for (const Case& each : cases) {
    EXPECT_EQ(meaning_of(each.code).scope, each.scope) << each.code;
    EXPECT_EQ(meaning_of(each.code).kind, each.kind) << each.code;
  }
}

}  // namespace
}  // namespace ctk::sink::sql
