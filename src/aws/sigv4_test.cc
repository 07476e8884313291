#include "aws/sigv4.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "aws/test_vectors.h"
#include "json/reader.h"

namespace ctk::aws {
namespace {

using test_vectors::read_text;
using testing::ElementsAre;
using testing::Pair;

const Credentials kExample{AccessKeyId("AKIDEXAMPLE"), Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), std::nullopt,
                           "test"};

Timestamp moment(const char* text) { return parse_timestamp(text).value(); }

std::string hex(const SigningKey& key) {
  std::string text;
  for (unsigned char byte : key.bytes) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

TEST(SigV4, DerivesTheKeyOfTheDocumentedExample) {
  SigningKey key = derive_signing_key(kExample.secret_key, {"us-east-1", "iam"}, moment("2015-08-30T12:36:00Z"));
  EXPECT_EQ(key.date, "20150830");
  EXPECT_EQ(hex(key), "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}

TEST(SigV4, SignsTheDocumentedExample) {
  SigningRequest request;
  request.method = "GET";
  request.query = "Action=ListUsers&Version=2010-05-08";
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}, {"Host", "iam.amazonaws.com"}};
  Signature signature = sign(request, kExample, {"us-east-1", "iam"}, moment("2015-08-30T12:36:00Z"));
  EXPECT_EQ(signature.signature, "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7");
  EXPECT_THAT(signature.headers,
              ElementsAre(Pair("X-Amz-Date", "20150830T123600Z"),
                          Pair("Authorization",
                               "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
                               "SignedHeaders=content-type;host;x-amz-date, "
                               "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7")));
}

TEST(SigV4, JoinsAHeaderThatIsThereMoreThanOnce) {
  SigningRequest request;
  request.method = "GET";
  request.headers = {{"X-B", "last "}, {"Host", "h"}, {"x-a", " two"}, {"X-A", "one  more"}, {"X-a", ""}};
  const Signature signature = sign(request, kExample, {"us-east-1", "iam"}, moment("2015-08-30T12:36:00Z"));
  EXPECT_THAT(signature.canonical_request,
              testing::HasSubstr(
                  "\nhost:h\nx-a:two,one more,\nx-amz-date:20150830T123600Z\nx-b:last\n\nhost;x-a;x-amz-date;x-b\n"));
}

TEST(SigV4, SignsTheTokenOrAddsItAfterwards) {
  Credentials temporary = kExample;
  temporary.session_token = Secret("TOKEN");
  SigningRequest request;
  request.method = "POST";
  request.headers = {{"Host", "kinesis.eu-central-1.amazonaws.com"}};
  SigningOptions after;
  after.omit_session_token = true;
  Signature with = sign(request, temporary, {"eu-central-1", "kinesis"}, from_micros(0));
  Signature without = sign(request, temporary, {"eu-central-1", "kinesis"}, from_micros(0), after);
  EXPECT_THAT(with.canonical_request, testing::HasSubstr("\nx-amz-security-token:TOKEN\n"));
  EXPECT_THAT(without.canonical_request, testing::Not(testing::HasSubstr("x-amz-security-token")));
  EXPECT_THAT(with.headers, testing::Contains(Pair("X-Amz-Security-Token", "TOKEN")));
  EXPECT_THAT(without.headers, testing::Contains(Pair("X-Amz-Security-Token", "TOKEN")));
}

TEST(SigV4, EncodesAnEncodedPathAgain) {
  SigningRequest request;
  request.method = "GET";
  request.path = "/a%20b/./../c//d/";
  request.headers = {{"Host", "h"}};
  EXPECT_THAT(sign(request, kExample, {"r", "s"}, from_micros(0)).canonical_request, testing::StartsWith("GET\n/c/d/\n"));
  SigningOptions raw;
  raw.normalize_path = false;
  EXPECT_THAT(sign(request, kExample, {"r", "s"}, from_micros(0), raw).canonical_request,
              testing::StartsWith("GET\n/a%2520b/./../c//d/\n"));
  raw.double_encode_path = false;
  EXPECT_THAT(sign(request, kExample, {"r", "s"}, from_micros(0), raw).canonical_request,
              testing::StartsWith("GET\n/a%20b/./../c//d/\n"));
}

RC_GTEST_PROP(SigV4Properties, AKeptKeySignsLikeAFreshOne, (std::string body, std::string region)) {
  SigningScope scope{region, "kinesis"};
  Timestamp now = from_micros(*rc::gen::inRange<int64_t>(0, 4'000'000'000'000'000));
  SigningRequest request;
  request.method = "POST";
  request.headers = {{"Host", "h"}};
  request.body = body;
  SigningKey key = derive_signing_key(kExample.secret_key, scope, now);
  RC_ASSERT(sign_with_key(request, kExample, scope, key, now).headers == sign(request, kExample, scope, now).headers);
}

/// "METHOD target HTTP/1.1", headers (a line that begins with space continues the one before), an empty line, the body.
SigningRequest read_request(const std::string& text) {
  SigningRequest request;
  size_t line_end = text.find('\n');
  std::string line = text.substr(0, line_end);
  size_t method_end = line.find(' ');
  std::string target = line.substr(method_end + 1, line.rfind(' ') - method_end - 1);
  request.method = line.substr(0, method_end);
  request.path = target.substr(0, target.find('?'));
  if (target.find('?') != std::string::npos) request.query = target.substr(target.find('?') + 1);
  size_t at = line_end + 1;
  while (at < text.size()) {
    line_end = std::min(text.find('\n', at), text.size());
    line = text.substr(at, line_end - at);
    at = line_end + 1;
    if (line.empty()) break;
    if (line.front() == ' ') {
      request.headers.back().second += "\n" + line;
    } else {
      request.headers.emplace_back(line.substr(0, line.find(':')), line.substr(line.find(':') + 1));
    }
  }
  if (at < text.size()) request.body = text.substr(at);
  return request;
}

void check_case(const std::filesystem::path& folder) {
  SCOPED_TRACE(folder.filename().string());
  json::Parser parser;
  json::Element context = parser.parse(read_text(folder / "context.json").value()).value();
  json::Element keys = json::member(context, "credentials").value();
  Credentials credentials;
  credentials.access_key = AccessKeyId(std::string(json::string_member(keys, "access_key_id").value()));
  credentials.secret_key = Secret(std::string(json::string_member(keys, "secret_access_key").value()));
  if (auto token = json::string_member(keys, "token")) credentials.session_token = Secret(std::string(*token));
  SigningOptions options;
  options.normalize_path = json::bool_member(context, "normalize").value_or(true);
  options.sign_body_header = json::bool_member(context, "sign_body").value_or(false);
  options.omit_session_token = json::bool_member(context, "omit_session_token").value_or(false);
  SigningScope scope{std::string(json::string_member(context, "region").value()),
                     std::string(json::string_member(context, "service").value())};
  Timestamp now = parse_timestamp(json::string_member(context, "timestamp").value()).value();
  Signature signature = sign(read_request(read_text(folder / "request.txt").value()), credentials, scope, now, options);
  EXPECT_EQ(signature.canonical_request, read_text(folder / "header-canonical-request.txt"));
  EXPECT_EQ(signature.string_to_sign, read_text(folder / "header-string-to-sign.txt"));
  EXPECT_EQ(signature.signature, read_text(folder / "header-signature.txt"));
  EXPECT_THAT(read_text(folder / "header-signed-request.txt").value(), testing::HasSubstr(signature.headers.back().second));
}

TEST(SigV4, GivesTheSignaturesThatAwsPublished) {
  auto vectors = test_vectors::folder(CTK_SOURCE_DIR);
  if (!vectors) GTEST_SKIP() << "AWS's test vectors are not beside this repository (CTK_AWS_VECTORS can name them)";
  auto cases = test_vectors::folders_in(*vectors / "sigv4");
  EXPECT_GT(cases.size(), 30u);
  for (const auto& folder : cases) check_case(folder);
}

}  // namespace
}  // namespace ctk::aws
