#include "sink/sql/user_transaction.h"

#include <gtest/gtest.h>

namespace ctk::sink::sql {
namespace {

TEST(TransactionWord, IsToldByTheFirstWords) {
  using enum TransactionWord;
  for (const char* sql : {"BEGIN", "begin;", "START TRANSACTION READ ONLY", "-- a\n /* b /* c */ */ Begin Work", ";;begin"})
    EXPECT_EQ(transaction_word(sql), begins) << sql;
  for (const char* sql : {"COMMIT", "commit work", "END", "end transaction", "COMMIT AND CHAIN", "PREPARE TRANSACTION 'x'",
                          "/* ROLLBACK */ COMMIT", "COMMIT--"})
    EXPECT_EQ(transaction_word(sql), commits) << sql;
  for (const char* sql : {"ROLLBACK", "ABORT", "rollback work", "ROLLBACK TRANSACTION AND NO CHAIN", "\n\trollback"})
    EXPECT_EQ(transaction_word(sql), rolls_back) << sql;
  for (const char* sql : {"", "--", "/* COMMIT", "ROLLBACK TO a", "ROLLBACK WORK TO SAVEPOINT a", "COMMIT PREPARED 'x'",
                          "ROLLBACK PREPARED 'x'", "PREPARE a AS SELECT 1", "SELECT 1", "COMMITS", "START", "'COMMIT'"})
    EXPECT_EQ(transaction_word(sql), none) << sql;
}

Error broken() { return {ErrorKind::unreachable, "it broke", "", ""}; }

TEST(UserTransaction, NothingIsRunUntilALostOneIsEnded) {
  UserTransaction user;
  EXPECT_FALSE(user.answer_instead("INSERT"));
  EXPECT_NE(user.lost(broken(), "INSERT", true).message.find("the transaction is lost"), std::string::npos);
  ASSERT_TRUE(user.answer_instead("INSERT"));
  EXPECT_EQ(user.answer_instead("ROLLBACK TO a")->error().kind, ErrorKind::refused);
  const auto committed = user.answer_instead("COMMIT");
  ASSERT_TRUE(committed && !*committed);
  EXPECT_NE(committed->error().message.find("nothing to commit"), std::string::npos);
  EXPECT_FALSE(user.answer_instead("INSERT"));
}

TEST(UserTransaction, RollbackAndBeginEndALostOne) {
  UserTransaction user;
  user.lost(broken(), "SELECT", true);
  EXPECT_TRUE(user.answer_instead("ROLLBACK")->has_value());
  EXPECT_FALSE(user.answer_instead("INSERT"));
  user.lost(broken(), "SELECT", true);
  EXPECT_FALSE(user.answer_instead("BEGIN"));
  EXPECT_FALSE(user.answer_instead("INSERT"));
}

TEST(UserTransaction, ALostCommitIsOver) {
  UserTransaction user;
  EXPECT_NE(user.lost(broken(), "COMMIT", true).hint.find("not known"), std::string::npos);
  EXPECT_FALSE(user.answer_instead("INSERT"));
  EXPECT_NE(user.lost(broken(), "INSERT", false).hint.find("new session"), std::string::npos);
  EXPECT_FALSE(user.answer_instead("INSERT"));
}

}  // namespace
}  // namespace ctk::sink::sql
