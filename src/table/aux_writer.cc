#include "table/aux_writer.h"

#include "dynamodb/encode.h"
#include "json/writer.h"

namespace ctk::table {

void append_projected(std::string& out, dynamodb::Value value, const Projection* inside) {
  if (inside == nullptr) {
    dynamodb::append_typed(out, value);
    return;
  }
  out += R"({"M":{)";
  for (const dynamodb::Value child : value) {
    const Projection::Step step = inside->step(child);
    if (!step.kept) continue;
    if (out.back() != '{') out += ',';
    json::append_string(out, step.name);
    out += ':';
    append_projected(out, child, step.inside);
  }
  out += "}}";
}

void AuxWriter::put(const std::vector<std::string_view>& parents, std::string_view name, dynamodb::Value value,
                    const Projection* inside) {
  if (out_.empty()) out_ = "{";
  for (; open_ < parents.size(); ++open_) {
    begin_member(parents[open_]);
    out_ += R"({"M":{)";
  }
  begin_member(name);
  append_projected(out_, value, inside);
}

void AuxWriter::leave(size_t depth) {
  if (depth == 0 || open_ != depth) return;
  out_ += "}}";
  --open_;
}

std::string AuxWriter::finish() {
  out_ += '}';
  return std::move(out_);
}

void AuxWriter::begin_member(std::string_view name) {
  if (out_.back() != '{') out_ += ',';
  json::append_string(out_, name);
  out_ += ':';
}

}  // namespace ctk::table
