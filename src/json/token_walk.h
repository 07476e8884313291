// Walking over a JSON document: simdjson's first stage finds where its tokens begin (and checks its UTF-8, and that its
// texts end), and the walk takes them one after the other, checks the grammar and builds nothing. What is not looked at is
// stepped over. What it must not know: what the values mean.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

namespace ctk::json {

/// Whether a name is this word: told by its length and a comparison of that many bytes, without a call.
template <size_t Size>
bool is_word(std::string_view name, const char (&word)[Size]) {
  const char* const first = name.data();
  return name.size() == Size - 1 && std::memcmp(first, word, Size - 1) == 0;
}

/// Stands before a token of its document. Each call takes what stands there; where that breaks the grammar, the walk has
/// failed, and what follows means nothing. One a thread.
///
///   if (!walk.begin(text, nullptr)) …
///   walk.members([&](std::string_view name) { return name == "id" ? walk.take_text(id) : walk.skip(); });
///   if (!walk.complete()) …
class Walk {
 public:
  /// Values that stand in each other, at most; as many as simdjson's own parser takes.
  static constexpr int kDeepest = 1023;

  /// What a document holds where no object and no array is: `raw` as it stands there, of a text what it says.
  struct Scalar {
    enum class Kind : uint8_t { text, number, word, none };  ///< a word: true, false, null; none: it is no scalar
    Kind kind = Kind::none;
    std::string_view raw{};
  };
  /// Where a walk may go back to.
  struct Place {
    const uint32_t* token = nullptr;
    int depth = 0;
  };

  /// Whether texts of the document may be written other than they are read.
  static bool has_escapes(std::string_view text) { return text.find('\\') != std::string_view::npos; }

  /// Begins a document. `text` outlives the walk over it; behind it come a NUL and further bytes, kPadding in all, that may
  /// be read. `plain` is as long, padding included, which has_escapes asks for: texts are written there, each in its own
  /// place. Else null.
  bool begin(std::string_view text, char* plain);

  /// Where the texts of the document lie: all views that are given point into this buffer.
  const char* base() const { return plain_ != nullptr ? plain_ : text_; }
  bool failed() const { return failed_; }
  /// All of it has been taken.
  bool complete() const { return !failed_ && token_ == end_; }
  Place place() const { return {token_, depth_}; }
  void go_to(const Place& place) {
    token_ = place.token;
    depth_ = place.depth;
  }
  /// The document's bytes between two places.
  std::string_view between(const Place& from, const Place& to) const {
    return {text_ + *from.token, *to.token - *from.token};
  }

  /// The first byte of the next token, and of the one behind it; NUL behind the last.
  char head() const { return text_[*token_]; }
  char second() const { return token_ == end_ ? '\0' : text_[token_[1]]; }

  /// Takes a bracket or a comma, if it stands there.
  bool take(char token) {
    if (head() != token) return false;
    ++token_;
    return true;
  }
  /// Takes a bracket, one level down and up again.
  bool open(char bracket) { return (take(bracket) && ++depth_ <= kDeepest) || fail(); }
  bool close(char bracket) {
    --depth_;
    return take(bracket) || fail();
  }
  [[gnu::always_inline]] bool take_text(std::string_view& text) {
    if (head() != '"') return fail();
    const uint32_t begin = *token_ + 1;
    ++token_;
    // Behind a text there are only blanks before the next token.
    uint32_t end = *token_ - 1;
    while (text_[end] != '"') --end;
    if (plain_ != nullptr) return take_escaped(begin, end, text);
    text = {text_ + begin, end - begin};
    return true;
  }
  /// Whether an object stands there that holds one text and nothing else: `{"S":"a"}`.
  bool at_pair() const {
    if (end_ - token_ < kPairTokens || depth_ >= kDeepest) return false;
    const char* const text = text_;
    const uint32_t* const token = token_;
    const auto differs = [=](int place, char c) { return text[token[place]] ^ c; };
    // One question, since its answer is nearly always the same.
    return (differs(0, '{') | differs(1, '"') | differs(2, ':') | differs(3, '"') | differs(4, '}')) == 0;
  }
  /// Takes such an object; false where a text is none.
  [[gnu::always_inline]] bool take_pair(std::string_view& name, std::string_view& text) {
    ++token_;
    const bool named = take_text(name);
    ++token_;
    const bool good = named && take_text(text);
    ++token_;
    return good;
  }
  [[gnu::always_inline]] bool take_name(std::string_view& name) { return take_text(name) && (take(':') || fail()); }
  /// A text, number or word; false without failing where an object or array stands, which is left there.
  bool take_scalar(Scalar& scalar);
  /// Takes a value with all that is in it.
  bool skip();

  /// Calls `each(name)` before the value of each member of an object, which takes it: false leaves the walk where it is.
  template <class Each>
  bool members(Each each) {
    if (!open('{')) return false;
    if (head() == '}') return close('}');
    do {
      std::string_view name;
      if (!take_name(name) || !each(name)) return false;
    } while (take(','));
    return close('}');
  }
  /// The same for the values of an array.
  template <class Each>
  bool elements(Each each) {
    if (!open('[')) return false;
    if (head() == ']') return close(']');
    do {
      if (!each()) return false;
    } while (take(','));
    return close(']');
  }

 private:
  bool fail() {
    failed_ = true;
    return false;
  }
  bool take_escaped(uint32_t begin, uint32_t end, std::string_view& text);
  bool skip_text();

  static constexpr int kPairTokens = 5;

  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage_;
  const char* text_ = "";
  char* plain_ = nullptr;
  const uint32_t* token_ = nullptr;
  const uint32_t* end_ = nullptr;
  int depth_ = 0;
  bool failed_ = true;
};

}  // namespace ctk::json
