#include "cli/wiring.h"

#include <ostream>

#include "aws/dynamodb_http.h"
#include "aws/dynamodb_streams_http.h"
#include "aws/fan_out_http.h"
#include "sink/cratedb/cratedb_sink.h"
#include "sink/ndjson/ndjson_sink.h"
#include "sink/sql/odbc_targets.h"
#include "sink/sql/sql_targets.h"
#include "source/file_source.h"
#include "source/kinesis_source.h"
#include "source/scan_source.h"
#include "source/streams_source.h"

namespace ctk::cli {
namespace {

std::string user_agent() { return "ctk/" CTK_VERSION; }

/// MYSQL_PWD where the URL says none, as MySQL's own clients do.
sink::TargetOptions with_mysql_password(sink::TargetOptions target, const aws::Environment& environment) {
  const std::optional<std::string> password = environment.get("MYSQL_PWD");
  if (password && !target.url.password) target.url.password = Secret(*password);
  return target;
}

}  // namespace

net::CurlOptions curl_options_for_aws(const aws::Environment& environment, Metrics* metrics) {
  net::CurlOptions options;
  options.metrics = metrics;
  options.ca_bundle = environment.get("AWS_CA_BUNDLE").value_or(environment.get("SSL_CERT_FILE").value_or(""));
  options.user_agent = user_agent();
  return options;
}

net::CurlOptions curl_options_for_target(const sink::TargetOptions& target, const aws::Environment& environment,
                                         Metrics* metrics) {
  net::CurlOptions options;
  options.metrics = metrics;
  options.ca_bundle = environment.get("SSL_CERT_FILE").value_or("");
  // As libpq has it: `require` encrypts and looks at no certificate, `verify-ca` at whoever signed it.
  const std::string mode = target.sslmode.value_or("verify-full");
  options.verify_certificates = mode != "require";
  options.verify_host = mode != "require" && mode != "verify-ca";
  options.user_agent = user_agent();
  return options;
}

Result<std::unique_ptr<WiredSource>> WiredSource::make(const SourcePlan& plan, World& world, EventLoop& loop) {
  std::unique_ptr<WiredSource> wired(new WiredSource);
  if (const auto* file = std::get_if<FilePlan>(&plan.from)) {
    wired->stream_ = source::make_file_source(file->path, std::make_unique<ThreadExecutor>(loop, "ctk-source"));
    return wired;
  }
  auto reached = WiredAws::make(*plan.credentials(), world, loop);
  if (!reached) return std::unexpected(reached.error());
  WiredAws& aws = *(wired->aws_ = std::move(*reached));
  if (plan.follow) wired->stream_ = wired->make_stream(plan, world, loop);
  if (!plan.scan) return wired;
  if (!wired->tables_) {
    wired->tables_ = aws::make_dynamodb_http(plan.scan->tables, aws.credentials(), aws.calls(), aws.decoder(), world.clock,
                                             plan.scan->compression);
  }
  const source::ScanSourceOptions options{aws::TableName(plan.scan->table), plan.scan->read_capacity};
  wired->snapshot_ = source::make_scan_source(*wired->tables_, options, loop, world.clock);
  return wired;
}

std::unique_ptr<source::StreamSource> WiredSource::make_stream(const SourcePlan& plan, World& world, EventLoop& loop) {
  if (const auto* table = std::get_if<TablePlan>(&plan.from)) {
    tables_ = aws::make_dynamodb_http(table->tables, aws_->credentials(), aws_->calls(), aws_->decoder(), world.clock,
                                      table->compression);
    streams_ = aws::make_dynamodb_streams_http(table->streams, aws_->credentials(), aws_->calls(), aws_->decoder(),
                                               world.clock, table->compression);
    const source::StreamsSourceOptions options{table->table, table->enable_stream};
    return source::make_streams_source(*tables_, *streams_, options, loop, world.clock);
  }
  return make_kinesis_stream(plan, world, loop);
}

std::unique_ptr<source::StreamSource> WiredSource::make_kinesis_stream(const SourcePlan& plan, World& world,
                                                                       EventLoop& loop) {
  const auto& kinesis = std::get<KinesisPlan>(plan.from);
  kinesis_ = aws::make_kinesis_http(kinesis.endpoint, aws_->credentials(), aws_->calls(), aws_->decoder(), world.clock,
                                    kinesis.format);
  source::KinesisSourceOptions options{kinesis.stream, kinesis.create, kinesis.create_shards, kinesis.whole_aggregates};
  if (kinesis.fan_out) {
    fan_out_ = aws::make_fan_out_http(
        kinesis.endpoint,
        {aws_->credentials(), aws_->calls(), aws_->streams(), aws_->decoder(), loop, world.clock, world.metrics},
        kinesis.format);
    const size_t memory = plan.options.size("max-memory").value_or(relay::RelayOptions().max_memory);
    options.fan_out = source::FanOutOptions{fan_out_.get(), *kinesis.fan_out, memory / 4};
  }
  return source::make_kinesis_source(*kinesis_, options, loop, world.clock);
}

std::unique_ptr<sink::Sink> make_dry_run_sink(const sink::TargetOptions& target, const sink::SinkEnvironment& environment,
                                              std::ostream& out) {
  using table::Target;
  if (target.kind == Target::cratedb) return sink::make_cratedb_dry_run_sink(target, environment, out);
  if (target.kind == Target::postgres) return sink::make_postgres_dry_run_sink(target, environment, out);
  const bool mysql = target.kind == Target::mysql || target.kind == Target::mariadb;
  if (mysql) return sink::make_mysql_dry_run_sink(target, environment, out);
  if (target.kind == Target::sqlite) return sink::make_sqlite_dry_run_sink(target, environment, out);
  if (table::odbc_kind(target.kind)) return sink::make_odbc_dry_run_sink(target, environment, out);
  sink::TargetOptions printed = target;  // the rows themselves are what this target would get
  printed.url.path = "-";
  printed.dead_letters_file.reset();
  return sink::make_ndjson_sink(printed, environment);
}

sink::SinkEnvironment sink_environment(World& world, EventLoop& loop) {
  observe::Terminal& terminal = world.terminal;
  return {loop,
          world.clock,
          world.random,
          world.log,
          nullptr,
          [&loop](const char* name) { return std::make_unique<ThreadExecutor>(loop, name); },
          [&terminal](int descriptor, const std::function<void()>& write) { terminal.beside(descriptor, write); }};
}

WiredSink::WiredSink(const sink::TargetOptions& target, World& world, EventLoop& loop, std::ostream* dry_run_out)
    : printed_(world.terminal) {
  sink::SinkEnvironment environment = sink_environment(world, loop);
  if (target.dry_run) {
    sink_ = make_dry_run_sink(target, environment, dry_run_out != nullptr ? *dry_run_out : printed_);
    return;
  }
  using table::Target;
  if (target.kind == Target::cratedb) {
    http_ = std::make_unique<net::CurlClient>(loop, curl_options_for_target(target, world.environment(), world.metrics));
    environment.http = http_.get();
    wire(sink::make_cratedb_sink(target, environment));
  } else if (target.kind == Target::postgres) {
    wire(sink::make_postgres_sink(target, environment));
  } else if (target.kind == Target::mysql || target.kind == Target::mariadb) {
    wire(sink::make_mysql_sink(with_mysql_password(target, world.environment()), environment));
  } else if (target.kind == Target::sqlite) {
    wire(sink::make_sqlite_sink(target, environment));
  } else if (table::odbc_kind(target.kind)) {
    wire(sink::make_odbc_sink(target, environment));
  } else {
    sink_ = sink::make_ndjson_sink(target, environment);
  }
}

void WiredSink::wire(std::unique_ptr<sink::Database> database) {
  console_ = database.get();
  rows_ = database.get();
  repairer_ = database.get();
  target_check_ = &database->target_check();
  sink_ = std::move(database);
}

}  // namespace ctk::cli
