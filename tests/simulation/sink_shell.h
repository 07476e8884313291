// A sink in front of another one, for what makes one thing differently.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "sink/sink.h"

namespace ctk::simulation {

/// Passes everything on.
class SinkShell : public sink::Sink {
 public:
  explicit SinkShell(std::unique_ptr<sink::Sink> inner) : inner_(std::move(inner)) {}
  const table::TargetTraits& traits() const override { return inner_->traits(); }
  sink::WriteBounds bounds() const override { return inner_->bounds(); }
  void connect(Done<bool> done) override { inner_->connect(std::move(done)); }
  void open(const table::TableSpec& spec, const coordination::TableRegistration& registration,
            Done<sink::OpenTable> done) override {
    inner_->open(spec, registration, std::move(done));
  }
  void records(Done<std::vector<coordination::TableRecord>> done) override { inner_->records(std::move(done)); }
  void exists(const table::QualifiedName& name, Done<bool> done) override { inner_->exists(name, std::move(done)); }
  void apply(std::shared_ptr<const sink::Batch> batch, Done<sink::BatchOutcome> done) override {
    inner_->apply(std::move(batch), std::move(done));
  }
  coordination::PositionStore& positions() override { return inner_->positions(); }
  void finish_load(const sink::LoadEnd& load, Done<sink::LoadEnding> done) override {
    inner_->finish_load(load, std::move(done));
  }
  void sweep(const sink::SweepRequest& request, Done<sink::SweepOutcome> done) override {
    inner_->sweep(request, std::move(done));
  }
  void close(Done<bool> done) override { inner_->close(std::move(done)); }

 private:
  std::unique_ptr<sink::Sink> inner_;
};

}  // namespace ctk::simulation
