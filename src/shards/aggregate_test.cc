#include "shards/aggregate.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

#include "shards/aggregate_testing.h"

namespace ctk::shards {
namespace {

/// What KPL wrote: partition keys "a" and "b", an explicit hash key "7".
const std::string kMessage = text_field(1, "a") + text_field(1, "b") + text_field(2, "7") + packed_record(0, "first") +
                             packed_record(1, "second") + packed_record(0, "third", 0);

TEST(Aggregate, IsTakenApart) {
  const std::string whole = sealed(kMessage);
  const auto records = take_apart(whole);
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 3u);
  EXPECT_EQ((*records)[0].data, "first");
  EXPECT_EQ((*records)[1].data, "second");
  EXPECT_EQ((*records)[2].data, "third");
  EXPECT_EQ((*records)[0].key, aws::hash_of("a"));
  EXPECT_EQ((*records)[1].key, aws::hash_of("b"));
  EXPECT_EQ((*records)[2].key, aws::HashKey{7}) << "the explicit key counts";
}

/// The bytes themselves, made by hand from the format's text; their checksum by md5sum.
TEST(Aggregate, ReadsTheFormatAsItIsWritten) {
  constexpr std::string_view kWhole(
      "\xF3\x89\x9A\xC2"
      "\x0A\x01\x61"
      "\x1A\x06\x08\x00\x1A\x02\x68\x69"
      "\xED\x4F\xF2\x87\x77\x96\x6A\xE6\xDF\x59\x91\x1C\xB0\x53\x0C\xC2",
      4 + 3 + 8 + 16);
  const auto records = take_apart(kWhole);
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 1u);
  EXPECT_EQ(records->front().data, "hi");
}

/// Statement 30: what is corrupt behind the magic number is a record like all others.
TEST(Aggregate, WhatIsNotValidIsAnOrdinaryRecord) {
  const std::string whole = sealed(kMessage);
  for (size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_FALSE(take_apart(damaged)) << i;
    EXPECT_FALSE(take_apart(whole.substr(0, i))) << i;
  }
  for (const std::string& message : {
           std::string(),                                           // no record
           text_field(1, "a"),                                      // none either
           text_field(3, number_field(1, 0)),                       // a record without data
           text_field(3, text_field(3, "data")),                    // a record without a key
           text_field(3, text_field(1, "0") + text_field(3, "x")),  // its key is no number
           packed_record(0, "x") + "\x0a",                          // a length is missing
           packed_record(0, "x") + "\x0a\x05" + "abcd",             // a text is cut off
           packed_record(0, "x") + varint(1 << 3 | 3),              // a group begins
           packed_record(0, "x") + number_field(0, 1),              // no such field can be
           packed_record(0, "x") + "\x08" + std::string(10, '\x80') + '\x01',
       }) {
    EXPECT_FALSE(take_apart(sealed(message)));
  }
}

TEST(Aggregate, PassesOverWhatItDoesNotKnow) {
  const std::string tag = text_field(4, text_field(1, "name") + text_field(2, "value"));
  const std::string fixed = varint(9 << 3 | 1) + "12345678" + varint(10 << 3 | 5) + "1234";
  const std::string record = text_field(3, tag + text_field(3, "data") + fixed + number_field(1, 0));
  const std::string whole = sealed(number_field(77, 1) + record + fixed + text_field(1, "a"));
  const auto records = take_apart(whole);
  ASSERT_TRUE(records);
  EXPECT_EQ(records->front().data, "data");
  EXPECT_EQ(records->front().key, aws::hash_of("a"));
}

/// It says so of that record alone: the others are good.
TEST(Aggregate, ARecordMayNameAKeyThatIsNotThere) {
  const std::string whole = sealed(text_field(1, "a") + text_field(2, "no number") + packed_record(1, "x") +
                                   packed_record(0, "y", 1) + packed_record(0, "z", 0) + packed_record(0, "good"));
  const auto records = take_apart(whole);
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 4u);
  for (size_t i = 0; i < 3; ++i) EXPECT_FALSE((*records)[i].key) << i;
  EXPECT_TRUE((*records)[3].key);
}

RC_GTEST_PROP(Aggregate, AllDataComesBack, (const std::vector<std::string>& data)) {
  RC_PRE(!data.empty());
  const std::string whole = aggregate_of(data);
  const auto records = take_apart(whole);
  RC_ASSERT(records.has_value() && records->size() == data.size());
  for (size_t i = 0; i < data.size(); ++i) {
    RC_ASSERT((*records)[i].data == data[i]);
    RC_ASSERT((*records)[i].key == aws::hash_of("key " + std::to_string(i)));
  }
}

}  // namespace
}  // namespace ctk::shards
