#include "aws/dynamodb_wire.h"

#include <algorithm>
#include <array>

#include "aws/common_wire.h"
#include "json/writer.h"

namespace ctk::aws {
namespace {

using json::Element;
using json::Piece;

constexpr std::array<std::pair<StreamView, std::string_view>, 4> kViews = {{
    {StreamView::keys_only, "KEYS_ONLY"},
    {StreamView::new_image, "NEW_IMAGE"},
    {StreamView::old_image, "OLD_IMAGE"},
    {StreamView::new_and_old_images, "NEW_AND_OLD_IMAGES"},
}};

/// A request whose members `write(out)` adds.
template <class Write>
std::string request(Write write) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  write(out);
  out.end_object();
  return text;
}

void write_text(json::Writer& out, std::string_view name, std::string_view value) {
  out.key(name);
  out.string(value);
}

/// The key's attributes, the hash key first, with their types.
std::vector<KeyAttribute> read_keys(Element table) {
  std::vector<KeyAttribute> keys;
  for_each(table, "KeySchema", [&](Element element) {
    KeyAttribute key{text_member(element, "AttributeName"), 'S'};
    const bool hash = text_member(element, "KeyType") == "HASH";
    keys.insert(hash ? keys.begin() : keys.end(), std::move(key));
    return true;
  });
  for_each(table, "AttributeDefinitions", [&](Element element) {
    const std::string type = text_member(element, "AttributeType");
    const auto key = std::ranges::find(keys, text_member(element, "AttributeName"), &KeyAttribute::name);
    if (key != keys.end() && type.size() == 1) key->type = type.front();
    return true;
  });
  return keys;
}

std::optional<double> read_capacity(Element table) {
  const auto billing = json::member(table, "BillingModeSummary");
  if (billing && text_member(*billing, "BillingMode") == "PAY_PER_REQUEST") return std::nullopt;
  const auto provisioned = json::member(table, "ProvisionedThroughput");
  const int64_t units = provisioned ? json::int_member(*provisioned, "ReadCapacityUnits").value_or(0) : 0;
  return units > 0 ? std::optional(static_cast<double>(units)) : std::nullopt;
}

/// The specification is there only while the stream is enabled; the ARN of a disabled one stays.
std::optional<TableStream> read_stream(Element table) {
  const std::string arn = text_member(table, "LatestStreamArn");
  if (arn.empty()) return std::nullopt;
  TableStream stream{Arn(arn), false, StreamView::new_and_old_images};
  if (const auto specification = json::member(table, "StreamSpecification")) {
    stream.enabled = json::bool_member(*specification, "StreamEnabled").value_or(false);
    stream.view = parse_stream_view(text_member(*specification, "StreamViewType")).value_or(stream.view);
  }
  return stream;
}

uint64_t count_member(Element table, std::string_view name) {
  return static_cast<uint64_t>(std::max<int64_t>(0, json::int_member(table, name).value_or(0)));
}

bool read_items(Piece list, ScanPage& page) {
  return json::for_each_entry(list, [&](Piece entry) {
    const auto item = json::object_text(entry);
    if (!item) return false;
    page.items.emplace_back(item->text);
    return true;
  });
}

}  // namespace

std::string_view to_string(StreamView view) {
  return std::ranges::find(kViews, view, &std::pair<StreamView, std::string_view>::first)->second;
}

std::optional<StreamView> parse_stream_view(std::string_view text) {
  const auto found = std::ranges::find(kViews, text, &std::pair<StreamView, std::string_view>::second);
  return found == kViews.end() ? std::nullopt : std::optional(found->first);
}

std::string describe_table_request(const TableName& table) {
  return request([&](json::Writer& out) { write_text(out, "TableName", table.str()); });
}

std::string scan_request(const ScanRequest& scan) {
  return request([&](json::Writer& out) {
    write_text(out, "TableName", scan.table.str());
    out.key("ConsistentRead");
    out.boolean(scan.consistent);
    write_text(out, "ReturnConsumedCapacity", "TOTAL");
    out.key("Segment");
    out.number(int64_t{scan.segment});
    out.key("TotalSegments");
    out.number(int64_t{scan.total_segments});
    if (!scan.start_key.empty()) {
      out.key("ExclusiveStartKey");
      out.raw(scan.start_key);
    }
    if (scan.limit > 0) {
      out.key("Limit");
      out.number(int64_t{scan.limit});
    }
  });
}

std::string get_item_request(const TableName& table, std::string_view key) {
  return request([&](json::Writer& out) {
    write_text(out, "TableName", table.str());
    out.key("Key");
    out.raw(key);
    out.key("ConsistentRead");
    out.boolean(true);
  });
}

std::string enable_stream_request(const TableName& table, StreamView view) {
  return request([&](json::Writer& out) {
    write_text(out, "TableName", table.str());
    out.key("StreamSpecification");
    out.begin_object();
    out.key("StreamEnabled");
    out.boolean(true);
    write_text(out, "StreamViewType", to_string(view));
    out.end_object();
  });
}

Result<TableDescription> read_table_description(std::string_view body, std::string_view member) {
  const std::string_view action = member == "Table" ? "DescribeTable" : "UpdateTable";
  json::Parser parser;
  Result<Element> document = parser.parse(body);
  if (!document) return strange_answer("DynamoDB", action, document.error().peer);
  const auto table = json::member(*document, member);
  if (!table) return strange_answer("DynamoDB", action, "no " + std::string(member));
  TableDescription description;
  description.name = TableName(text_member(*table, "TableName"));
  description.arn = Arn(text_member(*table, "TableArn"));
  description.status = text_member(*table, "TableStatus");
  description.created = time_member(*table, "CreationDateTime").value_or(Timestamp{});
  description.keys = read_keys(*table);
  description.items = count_member(*table, "ItemCount");
  description.bytes = count_member(*table, "TableSizeBytes");
  description.read_capacity = read_capacity(*table);
  description.stream = read_stream(*table);
  if (description.name.empty()) return strange_answer("DynamoDB", action, "no TableName");
  return description;
}

Result<std::optional<std::string>> read_item(json::PieceParser& parser, std::string& body) {
  Result<json::PieceObject> answer = parser.parse(body);
  if (!answer) return strange_answer("DynamoDB", "GetItem", answer.error().peer);
  std::optional<std::string> item;
  const bool good = json::for_each_member(*answer, [&](std::string_view name, Piece value) {
    if (name != "Item") return true;
    const auto text = json::object_text(value);
    if (text) item = std::string(text->text);
    return text.has_value();
  });
  if (!good) return strange_answer("DynamoDB", "GetItem", "broken JSON");
  return item;
}

Result<ScanPage> read_scan_page(json::PieceParser& parser, std::string& body) {
  Result<json::PieceObject> answer = parser.parse(body);
  if (!answer) return strange_answer("DynamoDB", "Scan", answer.error().peer);
  ScanPage page;
  page.answer_bytes = body.size();
  bool has_items = false;
  const bool good = json::for_each_member(*answer, [&](std::string_view name, Piece value) {
    if (name == "Items") return has_items = true, read_items(value, page);
    if (name == "LastEvaluatedKey") {
      const auto key = json::object_text(value);
      if (key) page.next_key = std::string(key->text);
      return key.has_value();
    }
    if (name != "ConsumedCapacity") return true;
    const auto consumed = json::object_of(value);
    return consumed && json::for_each_member(*consumed, [&](std::string_view what, Piece units) {
             if (what == "CapacityUnits") page.consumed_capacity = json::number_of(units).value_or(0);
             return true;
           });
  });
  if (!good || !has_items) return strange_answer("DynamoDB", "Scan", good ? "no Items" : "broken JSON");
  return page;
}

}  // namespace ctk::aws
