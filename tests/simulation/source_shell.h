// A source in front of another one, for what makes one thing differently.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "source/source.h"

namespace ctk::simulation {

/// A source that passes everything on.
class SourceShell : public source::StreamSource {
 public:
  explicit SourceShell(std::unique_ptr<source::StreamSource> inner) : inner_(std::move(inner)) {}
  void open(Done<source::SourceIdentity> done) override { inner_->open(std::move(done)); }
  void list(Done<std::vector<shards::ListedShard>> done) override { inner_->list(std::move(done)); }
  void read(const source::ReadRequest& request, Done<source::Page> done) override {
    inner_->read(request, std::move(done));
  }
  void forget(const aws::ShardId& shard) override { inner_->forget(shard); }
  void leave(const aws::ShardId& shard) override { inner_->leave(shard); }
  void when_ready(std::function<void(const aws::ShardId& shard)> ready) override { inner_->when_ready(std::move(ready)); }
  void children(const aws::ShardId& shard, Done<std::vector<shards::ListedShard>> done) override {
    inner_->children(shard, std::move(done));
  }
  void exists(const aws::ShardId& shard, Done<bool> done) override { inner_->exists(shard, std::move(done)); }
  std::optional<Error> ended() const override { return inner_->ended(); }

 private:
  std::unique_ptr<source::StreamSource> inner_;
};

}  // namespace ctk::simulation
