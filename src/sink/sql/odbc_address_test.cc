#include "sink/sql/odbc_address.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sink/sql/odbc_errors.h"
#include "sink/sql/odbc_params.h"

namespace ctk::sink::sql {
namespace {

using table::OdbcDialect;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(OdbcAddress, OfADataSource) {
  const auto url = net::parse_url("odbc://u:p%3Bw@/?dsn=shop");
  ASSERT_TRUE(url);
  const auto address = odbc_address(*url, "shop", std::nullopt);
  ASSERT_TRUE(address) << to_string(address.error());
  EXPECT_EQ(address->connection.reveal(), "DSN=shop;UID=u;PWD={p;w};");
  EXPECT_THAT(address->secrets, ElementsAre("p;w"));
  EXPECT_EQ(address->shown, "the ODBC data source shop");
}

TEST(OdbcAddress, AConnectionStaysAsItWasWritten) {
  const auto address =
      odbc_address(net::parse_url("odbc:///").value(), std::nullopt, "Driver={A b};Server=h;Port=1;PWD={x}}y}");
  ASSERT_TRUE(address) << to_string(address.error());
  EXPECT_EQ(address->connection.reveal(), "Driver={A b};Server=h;Port=1;PWD={x}}y};");
  EXPECT_EQ(address->driver, "A b");
  EXPECT_EQ(address->shown, "the ODBC driver A b (h, 1)");
  EXPECT_EQ(without_secrets("bad password 'x}y', x}y", address->secrets), "bad password '***', ***");
}

TEST(OdbcErrors, TheDatabasesOwnCodesDecide) {
  const auto scope = [](OdbcDialect dialect, const char* state, int native) {
    return odbc_failure(dialect, {state, native, "words"}, "there").scope;
  };
  EXPECT_EQ(scope(OdbcDialect::postgresql, "40P01", 1), Scope::conflict);
  EXPECT_EQ(scope(OdbcDialect::postgresql, "08S01", 1), Scope::lost);
  EXPECT_EQ(scope(OdbcDialect::postgresql, "HY000", 1), Scope::doubtful);
  EXPECT_EQ(scope(OdbcDialect::mariadb, "40001", 1213), Scope::conflict);
  EXPECT_EQ(scope(OdbcDialect::mariadb, "HY000", 2013), Scope::lost);
  EXPECT_EQ(scope(OdbcDialect::mariadb, "22001", 1406), Scope::row);
  EXPECT_EQ(scope(OdbcDialect::sqlite, "HY000", 19), Scope::row);
  EXPECT_EQ(scope(OdbcDialect::sqlite, "HY000", 5), Scope::call);
  EXPECT_EQ(scope(OdbcDialect::sqlite, "HY000", 1), Scope::doubtful);
}

TEST(OdbcErrors, OfConnecting) {
  const auto error = [](const char* state, const char* words, const char* driver) {
    return odbc_connect_error({state, 0, words}, "there", driver);
  };
  EXPECT_EQ(error("08001", "FATAL: password authentication failed", "").kind, ErrorKind::denied);
  EXPECT_EQ(error("08001", "FATAL: database \"x\" does not exist", "").kind, ErrorKind::not_found);
  EXPECT_EQ(error("08001", "Connection refused", "").kind, ErrorKind::unreachable);
  EXPECT_EQ(error("IM002", "", "").kind, ErrorKind::not_found);
  EXPECT_THAT(error("01000", "can't open lib", "FreeTDS").hint, HasSubstr("tdsodbc"));
  EXPECT_THAT(error("IM002", "", "Other").hint, Not(HasSubstr("package")));
}

TEST(OdbcParams, RowsOfOneKindShareACall) {
  const std::string text = "a\u00e4", longer(100, 'x');
  const std::vector<Param> params = {Param::of(text),   Param::of_integer(1),
                                     Param{},           Param::of_integer(2),
                                     Param::of(longer), Param{},
                                     Param::of(text),   Param{Param::Kind::real, {}, 0, 1}};
  const std::vector<size_t> order = {1, 0, 1};
  OdbcParams values;
  EXPECT_EQ(values.fill(params, 2, order, {}, {500}), 3U) << "a whole number and a real one are of two types";
  EXPECT_EQ(values.fill(params, 2, order, {}, {2}), 2U);
  EXPECT_EQ(values.refusal(), "");
  const std::string nul("a\0b", 3);
  const std::vector<Param> cut = {Param::of(nul)};
  const std::vector<size_t> one = {0};
  values.fill(cut, 1, one, {}, {1});
  EXPECT_THAT(values.refusal(), HasSubstr("U+0000"));
  values.fill(cut, 1, one, {.nul_in_text = true}, {1});
  EXPECT_EQ(values.refusal(), "");
}

TEST(OdbcParams, NoCallIsLongerThanItMayBe) {
  const std::string text(100, 'x'), longer(1'000, 'x');
  const std::vector<Param> params = {Param::of(text), Param::of(text), Param::of(text), Param::of(longer), Param{}};
  const std::vector<size_t> one = {0};
  OdbcParams values;
  EXPECT_EQ(values.fill(params, 1, one, {}, {500, 350}), 3U);
  EXPECT_EQ(values.bytes(), 330U);
  EXPECT_EQ(values.fill(params, 1, one, {}, {500, 3'000}), 3U) << "all are as wide as the widest";
  EXPECT_EQ(values.fill(std::span(params).subspan(3), 1, one, {}, {500, 350}), 1U) << "one alone may have more";
  EXPECT_GT(values.bytes(), 1'000U);
}

}  // namespace
}  // namespace ctk::sink::sql
