#include "relay/spare_rows.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace ctk::relay {
namespace {

sink::FoldedChange row_of(std::string data) {
  sink::FoldedChange folded;
  folded.changes.push_back(std::make_shared<dynamodb::Change>());
  std::get<table::Row>(folded.rendered).data = std::move(data);
  return folded;
}

void write(SpareRows& spare, std::vector<std::string> texts) {
  const std::shared_ptr<sink::Batch> batch = spare.new_batch();
  std::vector<sink::FoldedChange> rows;
  for (std::string& text : texts) rows.push_back(row_of(std::move(text)));
  batch->tables.push_back({"t", 1, std::move(rows)});
}

TEST(SpareRows, ABatchLeavesTheMemoryOfItsRowsAndNothingElse) {
  const auto spare = std::make_shared<SpareRows>();
  EXPECT_TRUE(spare->take().empty());
  std::string text(100, 'x');
  const char* const memory = text.data();
  std::vector<std::string> texts;
  texts.push_back(std::move(text));
  write(*spare, std::move(texts));
  std::vector<sink::FoldedChange> rows = spare->take();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_TRUE(rows[0].changes.empty()) << "a change holds its record";
  EXPECT_EQ(std::get<table::Row>(rows[0].rendered).data.emplace().data(), memory);
  EXPECT_TRUE(spare->take().empty());
}

TEST(SpareRows, WhoeverStillHasTheBatchMayReadIt) {
  const auto spare = std::make_shared<SpareRows>();
  std::shared_ptr<sink::Batch> batch = spare->new_batch();
  batch->tables.push_back({"t", 1, {}});
  batch->tables[0].changes.push_back(row_of("text"));
  std::shared_ptr<const sink::Batch> other = batch;
  batch.reset();
  EXPECT_TRUE(spare->take().empty());
  EXPECT_EQ(*std::get<table::Row>(other->tables[0].changes[0].rendered).data, "text");
  std::thread([last = std::exchange(other, nullptr)] {}).join();
  EXPECT_EQ(spare->take().size(), 1u);
}

TEST(SpareRows, NeitherLargeRowsNorManyAreKept) {
  const auto spare = std::make_shared<SpareRows>();
  write(*spare, {std::string(1u << 20, 'x')});
  const std::vector<sink::FoldedChange> rows = spare->take();
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_LT(std::get<table::Row>(rows[0].rendered).capacity(), 1024u);
  for (int i = 0; i < 20; ++i) write(*spare, std::vector<std::string>(1000, std::string(1000, 'x')));
  size_t kept = 0;
  while (!spare->take().empty()) ++kept;
  EXPECT_GE(kept, 1u);
  EXPECT_LE(kept, 4u);
}

TEST(SpareRows, MayGoBeforeItsBatches) {
  auto spare = std::make_shared<SpareRows>();
  std::shared_ptr<sink::Batch> batch = spare->new_batch();
  batch->tables.push_back({"t", 1, {}});
  batch->tables[0].changes.push_back(row_of("text"));
  spare.reset();
  batch.reset();
}

}  // namespace
}  // namespace ctk::relay
