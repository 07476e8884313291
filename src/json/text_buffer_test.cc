#include "json/text_buffer.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <vector>

namespace ctk::json {
namespace {

/// Texts of every length around the block's, with something to escape here and there.
rc::Gen<std::string> text() {
  auto size = rc::gen::oneOf(rc::gen::inRange(0, 40), rc::gen::inRange(1000, 1050), rc::gen::just(5000));
  return rc::gen::mapcat(size, [](int length) {
    return rc::gen::map(rc::gen::pair(rc::gen::element<std::string>("", "\"", "\\", "\n", "\x1f", "\x7f", "é"),
                                      rc::gen::inRange(0, length + 1)),
                        [length](const auto& special) {
                          std::string made(static_cast<size_t>(length), 'a');
                          return made.insert(static_cast<size_t>(special.second), special.first);
                        });
  });
}

RC_GTEST_PROP(TextBuffer, WritesWhatAppendingWrites, ()) {
  auto texts = *rc::gen::container<std::vector<std::string>>(text());
  std::string expected = "x", out = "x";
  {
    TextBuffer buffer(out);
    for (const std::string& each : texts) {
      expected += ',';
      append_string(expected, each);
      expected += each;
      append_string(expected, each);
      expected += each;
      buffer.put(',');
      buffer.put_string(each);
      buffer.put(each);
      const std::string longer = each + std::string(TextBuffer::kSlack, '"');
      buffer.put_slack_string(std::string_view(longer).substr(0, each.size()));
      buffer.put_slack(std::string_view(longer).substr(0, each.size()));
    }
  }
  RC_ASSERT(out == expected);
}

TEST(TextBuffer, FindsEveryByteToEscapeAtEveryPlace) {
  for (size_t size = 1; size < 40; ++size) {
    for (size_t at = 0; at < size; ++at) {
      for (char special : {'"', '\\', '\0', '\x1f', ' ', '\x7f', '\x80', '\xff'}) {
        std::string each(size, 'a'), expected, out;
        each[at] = special;
        append_string(expected, each);
        TextBuffer buffer(out);
        buffer.put_string(each);
        buffer.flush();
        ASSERT_EQ(out, expected) << size << " " << at;
        const std::string longer = each + std::string(TextBuffer::kSlack, '\\');
        buffer.put_slack_string(std::string_view(longer).substr(0, size));
        buffer.flush();
        ASSERT_EQ(out, expected + expected) << size << " " << at;
      }
    }
  }
}

}  // namespace
}  // namespace ctk::json
