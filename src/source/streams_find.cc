#include "source/streams_find.h"

#include <fmt/format.h>

#include <utility>

#include "aws/dynamodb_wire.h"
#include "source/streams_source.h"

namespace ctk::source {
namespace {

using aws::StreamView;

std::string enabling_call(const aws::TableName& table) {
  return fmt::format(
      "enable-stream=true switches it on (not in a dry run), as does: aws dynamodb update-table --table-name {} "
      "--stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES",
      table.str());
}

}  // namespace

Error no_stream_error(const aws::TableName& table, bool had_one) {
  const std::string what = had_one ? fmt::format("the stream of table '{}' is switched off", table.str())
                                   : fmt::format("table '{}' has no stream", table.str());
  return {ErrorKind::refused, what, "", enabling_call(table)};
}

Status check_view(const aws::TableName& table, StreamView view) {
  if (view == StreamView::new_image || view == StreamView::new_and_old_images) return {};
  return fail(ErrorKind::refused,
              fmt::format("the stream of table '{}' carries {}: new images are needed", table.str(), aws::to_string(view)),
              "",
              fmt::format("a stream's view cannot be changed: switch it off (aws dynamodb update-table --table-name {} "
                          "--stream-specification StreamEnabled=false) and on again with "
                          "StreamViewType=NEW_AND_OLD_IMAGES",
                          table.str()));
}

void StreamFinder::find(Done<aws::StreamsDescription> done) {
  if (is_table_stream_arn(table_)) return describe(aws::Arn(table_), std::move(done));
  tables_.describe_table(aws::TableName(table_),
                         lifeline_.guard([this, done = std::move(done)](Result<aws::TableDescription> table) mutable {
                           take_table(std::move(table), std::move(done));
                         }));
}

void StreamFinder::take_table(Result<aws::TableDescription> table, Done<aws::StreamsDescription> done) {
  if (!table) return done(forward_error(std::move(table)));
  if (table->status == "CREATING")
    return done(fail(ErrorKind::unreachable, fmt::format("table '{}' is still being created", table->name.str())));
  const bool off = !table->stream || !table->stream->enabled;
  if (off && std::exchange(enable_, false)) {
    return tables_.enable_stream(
        table->name, StreamView::new_and_old_images,
        lifeline_.guard([this, done = std::move(done)](Result<aws::TableDescription> changed) mutable {
          // A table that is being changed refuses to be changed: the next try finds it as it is
          // then.
          if (!changed) enable_ = true;
          take_table(std::move(changed), std::move(done));
        }));
  }
  if (!table->stream) return done(std::unexpected(no_stream_error(table->name, false)));
  if (table->stream->enabled) {
    if (auto checked = check_view(table->name, table->stream->view); !checked)
      return done(forward_error(std::move(checked)));
  }
  // One that was switched off can be read to its end for a day.
  describe(table->stream->arn, std::move(done));
}

void StreamFinder::describe(const aws::Arn& stream, Done<aws::StreamsDescription> done) {
  streams_.describe_stream({stream, std::nullopt, std::nullopt}, [stream, done = std::move(done)](
                                                                     Result<aws::StreamsDescription> found) mutable {
    if (!found) return done(std::move(found));
    if (found->status == "ENABLING" || (found->status == "ENABLED" && found->shards.empty()))
      return done(fail(ErrorKind::unreachable, fmt::format("stream {} is still being made", stream.str())));
    if (auto checked = check_view(found->table, found->view); !checked) return done(forward_error(std::move(checked)));
    done(std::move(found));
  });
}

}  // namespace ctk::source
