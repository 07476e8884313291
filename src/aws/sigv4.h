// AWS Signature Version 4, in headers. Pure: the time is a parameter.
// Source: AWS General Reference, "Signature Version 4 signing process"; held to AWS's published test suite.
#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "aws/credentials.h"
#include "base/time.h"

namespace ctk::aws {

struct SigningScope {
  std::string region;
  std::string service;
};

/// What is signed. `path` and `query` as they go over the wire (percent-encoded).
struct SigningRequest {
  std::string method;
  std::string path = "/";
  std::string query;                                         ///< without the `?`
  std::vector<std::pair<std::string, std::string>> headers;  ///< must hold Host
  std::string body;
};

struct SigningOptions {
  bool normalize_path = true;
  bool sign_body_header = false;    ///< add and sign X-Amz-Content-Sha256
  bool double_encode_path = true;   ///< every service but S3
  bool omit_session_token = false;  ///< add the token after signing
};

/// Steps of a signature, kept for the tests against AWS's vectors.
struct Signature {
  std::string canonical_request;
  std::string string_to_sign;
  std::string signature;  ///< 64 hexadecimal digits
  /// X-Amz-Date, X-Amz-Security-Token where there is one, and Authorization.
  std::vector<std::pair<std::string, std::string>> headers;
};

/// The key that signatures of one day and scope are made with. Deriving it costs four HMACs, so a client keeps it.
struct SigningKey {
  std::string date;  ///< "20150830", UTC
  std::array<unsigned char, 32> bytes{};
};

SigningKey derive_signing_key(const Secret& secret_key, const SigningScope& scope, Timestamp now);

/// `key` must be that of the credentials, the scope and the day of `now`.
Signature sign_with_key(const SigningRequest& request, const Credentials& credentials, const SigningScope& scope,
                        const SigningKey& key, Timestamp now, const SigningOptions& options = {});

Signature sign(const SigningRequest& request, const Credentials& credentials, const SigningScope& scope, Timestamp now,
               const SigningOptions& options = {});

/// "20150830T123600Z", as X-Amz-Date has it; its first eight characters are the day of a SigningKey.
std::string amz_date(Timestamp now);

}  // namespace ctk::aws
