// The cases of the conformance suite about dead letters that are applied again.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "sink/conformance_test.h"

namespace ctk::sink::testing {
namespace {

using Kind = ChangeOutcome::Kind;
using Changes = std::vector<std::shared_ptr<const dynamodb::Change>>;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::UnorderedElementsAre;

}  // namespace

DeadLetter ConformanceOfLetters::letter_of(const dynamodb::Change& change, const std::string& reason) const {
  const DeadLetterOrigin origin{
      relay.str(), "cdc", incarnation, "source", std::string(change.shard), std::string(change.position), 0};
  DeadLetter letter = make_dead_letter(origin, from_micros(1'700'000'000'000'000), "refused", reason, change.record);
  letter.key = change.key;
  letter.version = table::version_text(1, change.order);
  return letter;
}

void ConformanceOfLetters::keep(std::vector<DeadLetter> kept) {
  auto batch = std::make_shared<Batch>();
  batch->relay = relay;
  batch->dead_letters = std::move(kept);
  const Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
}

Result<BatchOutcome> ConformanceOfLetters::replay(const Changes& changes, std::vector<std::string> settled) {
  const std::shared_ptr<Batch> batch = batch_of(changes);
  batch->stop_on_refusal = true;
  batch->settled = std::move(settled);
  return apply(batch);
}

Result<RowVersions> ConformanceOfLetters::versions(std::vector<std::string> keys) {
  return await<RowVersions>([&](auto done) { sink->row_versions(opened->record.table, std::move(keys), std::move(done)); });
}

Result<std::vector<std::string>> ConformanceOfLetters::retyping(const table::TableSpec& spec) {
  return await<std::vector<std::string>>([&](auto done) { sink->retyping(spec, std::move(done)); });
}

namespace {

TEST_P(ConformanceOfLetters, ALetterGoesWithTheRowOfItsChange) {
  const auto first = put(1, text_key("a"), R"({"v":{"N":"1"}})"), second = put(2, text_key("b"), "{}");
  open(*first);
  keep({letter_of(*first), letter_of(*second)});
  ASSERT_EQ(letters().size(), 2u);
  const Result<BatchOutcome> outcome = replay({first}, {letter_of(*first).id});
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_THAT(outcome->refused, IsEmpty());
  EXPECT_EQ(outcome->tables.at(0).at(0).kind, Kind::applied);
  EXPECT_EQ(items()["a"], expected(R"({"v":{"N":"1"}})"));
  ASSERT_EQ(letters().size(), 1u);
  EXPECT_EQ(letters()[0].id, letter_of(*second).id);
}

TEST_P(ConformanceOfLetters, ALetterThatIsGoneIsSettled) {
  const auto change = put(1, text_key("a"), "{}");
  open(*change);
  for (int times = 0; times < 2; ++times) {
    const Result<BatchOutcome> outcome = replay({change}, {letter_of(*change).id});
    ASSERT_TRUE(outcome) << to_string(outcome.error());
  }
  EXPECT_EQ(rows().size(), 1u);
  EXPECT_THAT(letters(), IsEmpty());
}

TEST_P(ConformanceOfLetters, LettersMayBeAllThatIsSettled) {
  const auto change = put(1, text_key("a"), "{}");
  open(*change);
  keep({letter_of(*change)});
  auto batch = std::make_shared<Batch>();
  batch->settled = {letter_of(*change).id};
  const Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_THAT(letters(), IsEmpty());
}

TEST_P(ConformanceOfLetters, AChangeThatIsRefusedAgainKeepsItsLetter) {
  options.tables.key_types["n"] = table::ColumnType::bigint;
  sink = backend->make_sink(options);
  const auto good = put(1, R"({"n":{"N":"1"}})", "{}"), bad = put(2, R"({"n":{"N":"1.5"}})", "{}");
  open(*good);
  keep({letter_of(*good), letter_of(*bad)});
  const Result<BatchOutcome> outcome = replay({good, bad}, {letter_of(*good).id, letter_of(*bad).id});
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  ASSERT_EQ(outcome->refused.size(), 1u);
  EXPECT_EQ(outcome->refused[0].change, bad);
  EXPECT_EQ(letters().size(), 2u);
  keep({letter_of(*bad, outcome->refused[0].reason)});
  ASSERT_TRUE(replay({good}, {letter_of(*good).id}));
  ASSERT_EQ(letters().size(), 1u);
  EXPECT_THAT(letters()[0].reason, ::testing::HasSubstr("key-type.n=text"));
  EXPECT_EQ(rows().size(), 1u);
}

TEST_P(ConformanceOfLetters, AChangeStaysInItsOwnEpoch) {
  using Wish = coordination::LoadRequest::Kind;
  const Timestamp cut = from_micros(1'700'000'000'000'000);
  open_loading(cut, Wish::initial);
  ASSERT_TRUE(finish_load(opened->record.epoch));
  const coordination::Epoch before = opened->record.epoch;
  open_loading(cut, Wish::again);
  ASSERT_GT(opened->record.epoch, before);
  const auto newer = put(1, text_key("a"), R"({"v":{"N":"1"}})");
  apply(Changes{newer});
  const auto late = put(9, text_key("a"), R"({"v":{"N":"9"}})"), alone = put(9, text_key("b"), R"({"v":{"N":"9"}})");
  const std::shared_ptr<Batch> batch = batch_of({late, alone});
  TableWrites& writes = batch->tables[0];
  writes.of_changes = before;
  for (FoldedChange& folded : writes.changes)
    folded.rendered = opened->renderer->render(*folded.changes[0], writes.version_epoch());
  const Result<BatchOutcome> outcome = apply(batch);
  ASSERT_TRUE(outcome) << to_string(outcome.error());
  EXPECT_EQ(items()["a"], expected(R"({"v":{"N":"1"}})")) << "a row of a later epoch is newer";
  EXPECT_THAT(*versions({text_key("b")}),
              UnorderedElementsAre(Pair(text_key("b"), table::version_text(before, alone->order))));
}

TEST_P(ConformanceOfLetters, AnEpochThatIsOverStopsThem) {
  const auto change = put(1, text_key("a"), "{}");
  open(*change);
  keep({letter_of(*change)});
  const std::shared_ptr<Batch> batch = batch_of({change});
  batch->settled = {letter_of(*change).id};
  batch->tables[0].of_changes = 1;
  batch->tables[0].epoch = 7;
  const Result<BatchOutcome> outcome = apply(batch);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().kind, ErrorKind::stale_epoch);
  EXPECT_EQ(letters().size(), 1u);
}

TEST_P(ConformanceOfLetters, VersionsOfRowsAreToldByTheirKeys) {
  const auto first = put(1, text_key("a"), "{}"), second = removal(2, text_key("b"));
  open(*first);
  apply(Changes{first, second});
  const Result<RowVersions> found =
      versions({text_key("a"), text_key("b"), text_key("nobody's"), R"({"other":{"N":"1"}})", "no key"});
  ASSERT_TRUE(found) << to_string(found.error());
  EXPECT_THAT(*found, UnorderedElementsAre(Pair(text_key("a"), table::version_text(1, first->order)),
                                           Pair(text_key("b"), table::version_text(1, second->order))));
  EXPECT_THAT(*versions({}), IsEmpty());
}

TEST_P(ConformanceOfLetters, AKeysColumnGetsTheTypeThatIsAskedFor) {
  options.tables.key_types["n"] = table::ColumnType::bigint;
  sink = backend->make_sink(options);
  const auto first = put(1, R"({"n":{"N":"12"}})", R"({"v":{"N":"1"}})");
  open(*first);
  apply(Changes{first});
  EXPECT_THAT(*retyping(spec_of("demo", *first)), IsEmpty());
  options.tables.key_types["n"] = table::ColumnType::text;
  const Result<std::vector<std::string>> statements = retyping(spec_of("demo", *first));
  ASSERT_TRUE(statements) << to_string(statements.error());
  EXPECT_FALSE(statements->empty());
  if (options.kind == table::Target::cratedb) return;  // the fake has no ALTER CLUSTER; definition_test pins the text
  EXPECT_FALSE(open(*sink, "demo", *first)) << "nothing but these statements changes it";
  for (const std::string& sql : *statements) {
    const Result<ResultSet> done = query(sql);
    ASSERT_TRUE(done) << sql << ": " << to_string(done.error());
  }
  sink = backend->make_sink(options);
  open(*first);
  apply(Changes{put(2, R"({"n":{"N":"12"}})", R"({"v":{"N":"2"}})"), put(3, R"({"n":{"N":"1.5"}})", "{}")});
  EXPECT_EQ(items()["12"], expected(R"({"v":{"N":"2"}})"));
  EXPECT_EQ(rows().size(), 2u);
  EXPECT_EQ(count(backend->quoted(name("demo_live"))), 2);
  EXPECT_THAT(*retyping(spec_of("demo", *first)), IsEmpty());
}

TEST_P(ConformanceOfLetters, ATableThatIsNotThereHasNothingToBeRetyped) {
  options.tables.key_types["pk"] = table::ColumnType::text;
  EXPECT_THAT(*retyping(spec_of("nothing", *put(1, text_key("a"), "{}"))), IsEmpty());
}

/// However many there are, and however long: some at a time, each once.
TEST_P(ConformanceOfLetters, LettersAreReadInPages) {
  const auto page_from = [&](const std::string& from, size_t bytes) {
    return await<DeadLetterPage>([&](auto done) { sink->dead_letter_page(from, bytes, std::move(done)); }).value();
  };
  open(*put(1, text_key("a"), "{}"));
  EXPECT_THAT(page_from("", 1000).letters, IsEmpty());
  std::set<std::string> kept;
  std::vector<DeadLetter> some;
  for (size_t i = 0; i < kMostLettersOfAPage + 30; ++i) {
    const std::string padding(i % 100 == 0 ? 20'000 : 10, 'x');
    some.push_back(letter_of(*put(i + 1, text_key("k" + std::to_string(i)), R"({"x":{"S":")" + padding + R"("}})")));
    kept.insert(some.back().id);
  }
  keep(some);
  for (const size_t bytes : {size_t{1}, size_t{30'000}, size_t{100} << 20}) {
    std::set<std::string> found;
    std::string from, last;
    size_t pages = 0;
    do {
      const DeadLetterPage page = page_from(from, bytes);
      ASSERT_FALSE(page.letters.empty());
      ASSERT_LE(page.letters.size(), bytes == 1 ? 1u : kMostLettersOfAPage);
      size_t held = 0;
      for (const DeadLetter& letter : page.letters) {
        EXPECT_GT(letter.id, last);
        last = letter.id;
        held += letter.change.size();
        EXPECT_TRUE(found.insert(letter.id).second);
        const auto original = std::ranges::find(some, letter.id, &DeadLetter::id);
        ASSERT_NE(original, some.end());
        EXPECT_EQ(letter.change, original->change);
        EXPECT_EQ(letter.key, original->key);
      }
      EXPECT_TRUE(held <= bytes || page.letters.size() == 1);
      from = page.next;
      // One letter a page is as good as many.
      if (bytes == 1 && ++pages == 5) break;
    } while (!from.empty());
    if (bytes > 1) {
      EXPECT_EQ(found, kept);
    }
  }
}

}  // namespace
}  // namespace ctk::sink::testing
