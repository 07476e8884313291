// Signs, sends, and answers two refusals by itself, once each: a clock that is off, and credentials that have expired.
#include "aws/kinesis_http.h"

#include <fmt/format.h>

#include "aws/errors.h"
#include "aws/kinesis_wire.h"
#include "aws/sigv4.h"
#include "json/reader.h"

namespace ctk::aws {
namespace {

constexpr std::string_view kService = "kinesis";

/// An endpoint's URL in the parts that a request is signed and sent with.
struct Address {
  std::string url;   ///< with the path
  std::string host;  ///< as the Host header has it
  std::string path;
};

Address split_endpoint(const std::string& url) {
  size_t host = url.find("://");
  host = host == std::string::npos ? 0 : host + 3;
  size_t path = std::min(url.find('/', host), url.size());
  Address address{url, url.substr(host, path - host), url.substr(path)};
  if (address.path.empty()) {
    address.path = "/";
    address.url += '/';
  }
  std::string usual = url.starts_with("https:") ? ":443" : ":80";
  if (address.host.ends_with(usual)) address.host.resize(address.host.size() - usual.size());
  return address;
}

/// One call, with what has been tried for it.
struct Call {
  std::string action;
  std::string body;
  std::string stream = {};  ///< empty where only an iterator is known
  std::string shard = {};
  size_t max_answer_bytes = 16u << 20;
  bool clock_corrected = false;
  bool credentials_reloaded = false;
};

class KinesisHttp final : public KinesisApi {
 public:
  KinesisHttp(ServiceEndpoint endpoint, CredentialsSource& credentials, net::HttpClient& http, Executor& decoder,
              Clock& clock)
      : endpoint_(std::move(endpoint)),
        address_(split_endpoint(endpoint_.url)),
        credentials_(credentials),
        http_(http),
        decoder_(decoder),
        clock_(clock) {}

  void describe_stream(const StreamName& stream, Done<StreamSummary> done) override {
    Call call{.action = "DescribeStreamSummary", .body = describe_stream_request(stream), .stream = stream.str()};
    send(std::move(call), [this, done = std::move(done)](Result<net::HttpResponse> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      Result<StreamSummary> summary = read_stream_summary(answer->body);
      if (summary) summary->server_time = server_time(*answer);
      done(std::move(summary));
    });
  }

  void list_shards(const StreamName& stream, const std::optional<std::string>& token, Done<ShardPage> done) override {
    Call call{.action = "ListShards", .body = list_shards_request(stream, token), .stream = stream.str()};
    send(std::move(call), [done = std::move(done)](Result<net::HttpResponse> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      done(read_shard_page(answer->body));
    });
  }

  void get_shard_iterator(const StreamName& stream, const ShardId& shard, const IteratorStart& start,
                          Done<std::string> done) override {
    Call call{.action = "GetShardIterator",
              .body = shard_iterator_request(stream, shard, start),
              .stream = stream.str(),
              .shard = shard.str()};
    std::string arn = is_arn(stream) ? stream.str() : "";
    send(std::move(call), [arn, done = std::move(done)](Result<net::HttpResponse> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      Result<std::string> iterator = read_shard_iterator(answer->body);
      if (iterator) iterator = mark_iterator(arn, std::move(*iterator));
      done(std::move(iterator));
    });
  }

  void get_records(const std::string& iterator, int limit, size_t max_answer_bytes, Done<RecordPage> done) override {
    Call call{.action = "GetRecords", .body = records_request(iterator, limit), .max_answer_bytes = max_answer_bytes};
    std::string arn(unmark_iterator(iterator).arn);
    send(std::move(call), [this, arn, done = std::move(done)](Result<net::HttpResponse> answer) mutable {
      if (!answer) return done(forward_error(std::move(answer)));
      Timestamp time = server_time(*answer);
      auto job = [parser = parser_, body = std::move(answer->body)]() mutable {
        Result<RecordPage> page = read_record_page(*parser, body);
        constexpr size_t kLarge = 1u << 20;
        if (body.size() > kLarge) *parser = json::Parser();  // its buffers are several times as large as the text
        return page;
      };
      auto deliver = [arn, time, alive = std::weak_ptr<int>(alive_),
                      done = std::move(done)](Result<RecordPage> page) mutable {
        if (alive.expired()) return;
        if (page) page->server_time = time;
        if (page && page->next_iterator) page->next_iterator = mark_iterator(arn, std::move(*page->next_iterator));
        done(std::move(page));
      };
      run_on(decoder_, std::move(job), std::move(deliver));
    });
  }

  void create_stream(const StreamName& stream, int shards, Done<bool> done) override {
    Call call{.action = "CreateStream", .body = create_stream_request(stream, shards), .stream = stream.str()};
    send(std::move(call), [done = std::move(done)](Result<net::HttpResponse> answer) mutable {
      if (answer) return done(true);
      if (answer.error().peer.starts_with("ResourceInUseException")) return done(false);
      done(forward_error(std::move(answer)));
    });
  }

 private:
  using Answered = std::move_only_function<void(Result<net::HttpResponse>)>;

  /// `done` gets a 2xx answer or an error, never from inside this call.
  void send(Call call, Answered done) {
    Result<Credentials> credentials = credentials_.get();
    if (!credentials) {
      decoder_.submit([] {}, [error = std::move(credentials.error()),
                              done = std::move(done)]() mutable { done(std::unexpected(std::move(error))); });
      return;
    }
    net::HttpRequest request = signed_request(call, *credentials);
    http_.send(std::move(request), [this, alive = std::weak_ptr<int>(alive_), call = std::move(call),
                                    done = std::move(done)](Result<net::HttpResponse> answer) mutable {
      if (!alive.expired()) take_answer(std::move(call), std::move(answer), std::move(done));
    });
  }

  net::HttpRequest signed_request(const Call& call, const Credentials& credentials) {
    Timestamp now = clock_.now() + clock_error_;
    SigningRequest unsigned_request{.method = "POST",
                                    .path = address_.path,
                                    .query = "",
                                    .headers = {{"Host", address_.host},
                                                {"Content-Type", "application/x-amz-json-1.1"},
                                                {"X-Amz-Target", "Kinesis_20131202." + call.action}},
                                    .body = call.body};
    Signature signature = sign_with_key(unsigned_request, credentials, scope(), key_for(credentials, now), now);
    net::HttpRequest request;
    request.method = "POST";
    request.url = address_.url;
    request.headers = std::move(unsigned_request.headers);
    for (auto& header : signature.headers) request.headers.push_back(std::move(header));
    request.body = call.body;
    request.max_answer_bytes = call.max_answer_bytes;
    return request;
  }

  SigningScope scope() const { return {endpoint_.region, std::string(kService)}; }

  /// The derived key lives for a day, or until the secret changes.
  const SigningKey& key_for(const Credentials& credentials, Timestamp now) {
    bool same = key_.date == std::string_view(amz_date(now)).substr(0, 8) && key_secret_ == credentials.secret_key;
    if (!same) {
      key_ = derive_signing_key(credentials.secret_key, scope(), now);
      key_secret_ = credentials.secret_key;
    }
    return key_;
  }

  void take_answer(Call call, Result<net::HttpResponse> answer, Answered done) {
    if (!answer) {
      answer.error().message = fmt::format("{}{}: {}", call.action, about(call), answer.error().message);
      return done(std::move(answer));
    }
    if (answer->status >= 200 && answer->status < 300) return done(std::move(answer));
    ErrorAnswer refusal = read_error_answer(answer->body);
    ErrorKind kind = classify_error_answer(refusal, answer->status);
    if (kind == ErrorKind::skewed && !call.clock_corrected && answer->date()) {
      clock_error_ = *answer->date() - clock_.now();
      call.clock_corrected = true;
      return send(std::move(call), std::move(done));
    }
    if (says_token_expired(refusal) && !call.credentials_reloaded) {
      credentials_.reload();
      call.credentials_reloaded = true;
      return send(std::move(call), std::move(done));
    }
    done(std::unexpected(failure(call, refusal, *answer)));
  }

  Error failure(const Call& call, const ErrorAnswer& refusal, const net::HttpResponse& answer) const {
    Error error = aws_error(call.action, answer.status, answer.body, about(call));
    if (says_token_expired(refusal)) {
      error.kind = ErrorKind::denied;  // reading the credentials again gave no newer ones
      error.hint = "renew the session token";
    }
    if (error.kind == ErrorKind::not_found && !call.stream.empty()) {
      bool of_shard = !call.shard.empty() && refusal.message.find(call.shard) != std::string::npos;
      std::string what = of_shard ? fmt::format("shard {} of stream '{}'", call.shard, call.stream)
                                  : fmt::format("stream '{}'", call.stream);
      error.message = fmt::format("there is no {} in region {} at {}", what, endpoint_.region, endpoint_.url);
    }
    return error;
  }

  /// " of stream 'cdc' in region eu-central-1".
  std::string about(const Call& call) const {
    std::string stream = call.stream.empty() ? "" : fmt::format(" of stream '{}'", call.stream);
    return fmt::format("{} in region {}", stream, endpoint_.region);
  }

  Timestamp server_time(const net::HttpResponse& answer) { return answer.date().value_or(clock_.now()); }

  const ServiceEndpoint endpoint_;
  const Address address_;
  CredentialsSource& credentials_;
  net::HttpClient& http_;
  Executor& decoder_;
  Clock& clock_;
  Duration clock_error_{0};  ///< what is to be added to our clock to get the service's
  SigningKey key_;
  Secret key_secret_;
  std::shared_ptr<json::Parser> parser_ = std::make_shared<json::Parser>();  // used by jobs of the decoder only
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);                    // lets answers that come too late find nobody
};

}  // namespace

std::unique_ptr<KinesisApi> make_kinesis_http(ServiceEndpoint endpoint, CredentialsSource& credentials,
                                              net::HttpClient& http, Executor& decoder, Clock& clock) {
  return std::make_unique<KinesisHttp>(std::move(endpoint), credentials, http, decoder, clock);
}

}  // namespace ctk::aws
