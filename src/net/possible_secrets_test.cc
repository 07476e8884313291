#include "net/possible_secrets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ctk::net {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr const char* kSecret = "Sup3rS3cret";

TEST(PossibleSecrets, WhateverSlashesStandBehindTheScheme) {
  for (const char* scheme : {"dynamodb+cdc", "kinesis+dynamodb+cdc", "dynamodb", "postgresql", "mysql", "crate", "odbc",
                             "http", "sqlite", "file+dynamodb+cdc", "POSTGRES"}) {
    for (const char* slashes : {":", ":/", "://", ":///", ":////", ":// "}) {
      const std::string begin = std::string(scheme) + slashes;
      EXPECT_THAT(possible_secrets(begin + "u:" + kSecret + "@h/db"), Contains(kSecret)) << begin;
      EXPECT_THAT(possible_secrets(begin + "u%3A" + kSecret + "%40h/db?x=y"), Contains(kSecret)) << begin;
    }
  }
}

TEST(PossibleSecrets, InAnySegmentAndOption) {
  EXPECT_THAT(possible_secrets("dynamodb+cdc://aws/AKIA:Sup3rS3cret@orders"), Contains(kSecret));
  EXPECT_THAT(possible_secrets("mysql://h/db?connections=u:Sup3rS3cret@x"), Contains(kSecret));
  EXPECT_THAT(possible_secrets("dynamodb://h/t?endpoint-url=http:/u:Sup3rS3cret@x"), Contains(kSecret));
  EXPECT_THAT(possible_secrets("mysql:/u:a/b:c@d?e@h/db"), Contains("a/b:c@d?e"));
}

TEST(PossibleSecrets, BehindAColonWithoutAnAt) {
  EXPECT_THAT(possible_secrets("mysql:u:Sup3rS3cret"), ElementsAre(kSecret));
  EXPECT_THAT(possible_secrets("dynamodb:/AKIA:Sup3rS3cret/orders?region=x"), ElementsAre(kSecret, "Sup3rS3cret/orders"));
}

TEST(PossibleSecrets, NamedMembers) {
  EXPECT_THAT(possible_secrets("odbc:///?dsn=x;PWD=Sup3rS3cret"), ElementsAre(kSecret));
  EXPECT_THAT(possible_secrets("odbc:///PWD=Sup3rS3cret;UID=u"), ElementsAre(kSecret));
  EXPECT_THAT(possible_secrets("odbc:///?connection=DSN%3Dx%3BPWD%3D%7Ba%3Bbcdefghi%7D"), Contains("a;bcdefghi"));
  EXPECT_THAT(possible_secrets("postgresql://h/d?options=-cx%20password=Sup3rS3cret%20y=z"), Contains(kSecret));
  EXPECT_THAT(possible_secrets_of_members("x;PWD=Sup3rS3cret;y=z"), ElementsAre(kSecret));
  EXPECT_THAT(possible_secrets_of_members("UPDATE t SET password='x', note=';'"), IsEmpty());
}

TEST(PossibleSecrets, ShortOnesWithTheirUserOrName) {
  EXPECT_THAT(possible_secrets("odbc:///?dsn=x;PWD=p&table=t"), ElementsAre("PWD=p"));
  EXPECT_THAT(possible_secrets("postgresql:/app:s3cret@h/db"), ElementsAre("app:s3cret@"));
  EXPECT_THAT(possible_secrets("postgresql:/app:s3cret"), ElementsAre("app:s3cret"));
}

TEST(PossibleSecrets, NothingOfUrlsThatHaveNone) {
  for (const char* text :
       {"dynamodb+cdc://aws/orders?region=eu-central-1",
        "dynamodb+cdc:arn:aws:dynamodb:eu-west-1:123456789012:table/orders/stream/2026-01-01T00:00:00.000",
        "kinesis+dynamodb+cdc://localhost:4566/arn:aws:kinesis:eu-west-1:123456789012:stream/cdc",
        "postgresql://host-a:5432,host-b:5433/database?table=schema.table", "crate://[fe80::1234:5678]:4200/",
        "sqlite:////data/2026:backups/me@host.db", "file+dynamodb+cdc:day:2026-11-30/me@host.ndjson"}) {
    EXPECT_THAT(possible_secrets(text), IsEmpty()) << text;
  }
}

TEST(PossibleSecrets, OfATextOfSignsAloneAreFew) {
  std::string signs = "mysql:";
  for (int i = 0; i < 10000; ++i) signs += "a:/@?";
  EXPECT_LE(possible_secrets(signs).size(), 100u);
  std::string members;
  for (int i = 0; i < 10000; ++i) members += ";pwd=" + std::to_string(i);
  EXPECT_LE(possible_secrets_of_members(members).size(), 100u);
}

}  // namespace
}  // namespace ctk::net
