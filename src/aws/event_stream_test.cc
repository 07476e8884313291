// The framing of event streams, by the examples that AWS's SDKs test themselves with, whole, in pieces, and spoilt.
#include "aws/event_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "aws/test_vectors.h"

namespace ctk::aws {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

// From the tests of Amazon's botocore.
const std::string kEmpty = "\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2\x48\xeb\x7d\x98\xc8\xff"s;
const std::string kPayloadOnly = "\x00\x00\x00\x1d\x00\x00\x00\x00\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36"s;
const std::string kNumberHeader =
    "\x00\x00\x00\x2d\x00\x00\x00\x10\x41\xc4\x24\xb8\x0a"
    "event-type\x04\x00\x00\xa0\x0c{'foo':'bar'}\x36\xf4\x80\xa0"s;

std::optional<EventMessage> decode_one(std::string_view bytes) {
  EventDecoder decoder;
  decoder.add(bytes);
  const auto message = decoder.next();
  EXPECT_TRUE(message) << to_string(message.error());
  EXPECT_FALSE(decoder.inside_message());
  return message.value_or(std::nullopt);
}

Error refusal_of(std::string_view bytes, size_t longest = kLongestEvent) {
  EventDecoder decoder(longest);
  decoder.add(bytes);
  const auto message = decoder.next();
  EXPECT_FALSE(message) << "decoded";
  return message ? Error{} : message.error();
}

EventMessage subscribe_event(std::string payload) {
  return {{{":message-type", "event"}, {":event-type", "SubscribeToShardEvent"}}, std::move(payload)};
}

TEST(EventStream, ReadsThePublishedExamples) {
  EXPECT_EQ(decode_one(kEmpty), EventMessage{});
  EXPECT_EQ(decode_one(kPayloadOnly), (EventMessage{{}, "{'foo':'bar'}"}));
  EXPECT_EQ(decode_one(kNumberHeader), (EventMessage{{}, "{'foo':'bar'}"})) << "headers that are no text are dropped";
}

TEST(EventStream, WritesThePublishedExamples) {
  EXPECT_EQ(encode_event({}), kEmpty);
  EXPECT_EQ(encode_event({{}, "{'foo':'bar'}"}), kPayloadOnly);
}

TEST(EventStream, FindsHeadersByName) {
  const auto message = decode_one(encode_event(subscribe_event("{}")));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->header(":event-type"), "SubscribeToShardEvent");
  EXPECT_EQ(message->header(":error-code"), "");
}

RC_GTEST_PROP(EventStream, GivesTheSameMessagesHoweverTheBytesAreCut, ()) {
  const auto payloads = *rc::gen::container<std::vector<std::string>>(rc::gen::string<std::string>());
  std::string bytes;
  for (const std::string& payload : payloads) bytes += encode_event(subscribe_event(payload));
  EventDecoder decoder;
  std::vector<std::string> found;
  for (size_t at = 0; at < bytes.size();) {
    const size_t piece = *rc::gen::inRange<size_t>(1, 60);
    decoder.add(std::string_view(bytes).substr(at, piece));
    at += piece;
    while (auto message = decoder.next().value()) found.push_back(message->payload);
  }
  RC_ASSERT(found == payloads);
  RC_ASSERT(!decoder.inside_message());
}

TEST(EventStream, WaitsForTheRestOfAMessage) {
  for (size_t cut = 1; cut < kNumberHeader.size(); ++cut) {
    EventDecoder decoder;
    decoder.add(kNumberHeader.substr(0, cut));
    const auto message = decoder.next();
    ASSERT_TRUE(message) << cut;
    EXPECT_FALSE(*message) << cut;
    EXPECT_TRUE(decoder.inside_message()) << "a stream that ends here is cut";
  }
}

TEST(EventStream, KeepsNoRoomForWhatWasGiven) {
  EventDecoder decoder;
  decoder.add(encode_event({{}, std::string(100'000, 'x')}));
  ASSERT_TRUE(decoder.next().value());
  EXPECT_LT(decoder.room(), 100U);
}

TEST(EventStream, FindsEveryFlippedBit) {
  const std::string whole = encode_event(subscribe_event(R"({"Records":[]})"));
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string spoilt = whole;
    spoilt[bit / 8] = static_cast<char>(spoilt[bit / 8] ^ (1 << bit % 8));
    EXPECT_EQ(refusal_of(spoilt).kind, ErrorKind::corrupt) << bit;
  }
}

TEST(EventStream, NeverWaitsForAMessageThatIsTooLong) {
  const std::string whole = encode_event(subscribe_event(std::string(1000, 'x')));
  EXPECT_THAT(refusal_of(whole.substr(0, 12), 999).message, HasSubstr("the longest is 999"));
  EXPECT_TRUE(decode_one(whole)) << "as long as it may be";
}

TEST(EventStream, RefusesWhatCannotBeThoughItsChecksumsAreRight) {
  const std::vector<std::pair<const char*, std::string>> kHostile = {
      {"shorter than any", "\x00\x00\x00\x0f\x00\x00\x00\x00\xe7\x72\x48\xb8\x45\xab\x32\xb2"s},
      {"headers beyond it", "\x00\x00\x00\x10\x00\x00\x00\x01\x72\xc5\x78\x7d\x75\x75\x6f\x6d"s},
      {"a name beyond", "\x00\x00\x00\x13\x00\x00\x00\x03\xdb\x6b\x63\x81\x09\x61\x00\x11\x6d\x2e\x84"s},
      {"no type", "\x00\x00\x00\x12\x00\x00\x00\x02\x91\x0c\x7a\xa7\x01\x61\x58\x6f\x56\x91"s},
      {"no such type", "\x00\x00\x00\x13\x00\x00\x00\x03\xdb\x6b\x63\x81\x01\x61\x0a\xff\xab\x96\x22"s},
      {"a text beyond",
       "\x00\x00\x00\x18\x00\x00\x00\x08\x3b\x69\x8b\x18\x01\x61\x07\x00\x05\x61\x62\x63\xe2\x9d\xa9\xbe"s},
      {"no name", "\x00\x00\x00\x12\x00\x00\x00\x02\x91\x0c\x7a\xa7\x00\x00\x7b\xc1\x36\x1e"s},
      {"a number beyond", "\x00\x00\x00\x15\x00\x00\x00\x05\xbd\x48\x33\x14\x01\x61\x05\x00\x00\x37\x79\x12\x15"s},
  };
  for (const auto& [what, bytes] : kHostile) EXPECT_EQ(refusal_of(bytes).kind, ErrorKind::corrupt) << what;
}

TEST(EventStream, AgreesWithThePublishedVectors) {
  const auto vectors = test_vectors::folder(CTK_SOURCE_DIR);
  if (!vectors) GTEST_SKIP() << "AWS's test vectors are not beside this repository (CTK_AWS_VECTORS can name them)";
  size_t cases = 0;
  for (const auto& file : std::filesystem::directory_iterator(*vectors / "event-stream")) {
    const std::string name = file.path().filename().string();
    EventDecoder decoder;
    decoder.add(test_vectors::read_text(file.path()).value_or(""));
    const auto message = decoder.next();
    EXPECT_EQ(message.has_value() && message->has_value(), name.starts_with("valid_")) << name;
    if (name == "valid_with_all_headers_and_payload" && message && *message) {
      EXPECT_EQ((*message)->header("str"), "some str");
      EXPECT_EQ((*message)->payload, "some payload");
    }
    ++cases;
  }
  EXPECT_GE(cases, 10u);
}

TEST(EventStream, StaysBroken) {
  EventDecoder decoder;
  decoder.add("\x00\x00\x00\x10\x00\x00\x00\x00\x05\xc2\x48\xec"s);
  EXPECT_FALSE(decoder.next());
  decoder.add(kEmpty);
  EXPECT_FALSE(decoder.next()) << "nobody knows where a message begins now";
  EXPECT_EQ(decoder.held(), 0u);
}

}  // namespace
}  // namespace ctk::aws
