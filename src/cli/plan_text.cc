#include "cli/plan_text.h"

#include <fmt/format.h>

#include <cmath>

#include "json/writer.h"

namespace ctk::cli {
namespace {

/// 1234567 as "1,234,567".
std::string grouped(double number) {
  std::string digits = fmt::format("{:.0f}", std::round(number));
  for (size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits;
}

/// "1,234 items", "1 item", "unknown items".
std::string counted(const std::optional<uint64_t>& number, std::string_view thing) {
  const std::string amount = number ? grouped(static_cast<double>(*number)) : "unknown";
  return fmt::format("{} {}{}", amount, thing, number == 1 ? "" : "s");
}

std::string dollars(double amount) { return amount < 1 ? fmt::format("${:.4f}", amount) : fmt::format("${:.2f}", amount); }

void write(json::Writer& out, std::string_view name, double number) {
  out.key(name);
  out.number(fmt::format("{}", number));
}

template <class T>
void write(json::Writer& out, std::string_view name, const std::optional<T>& number) {
  out.key(name);
  if (!number) return out.null();
  out.number(fmt::format("{}", *number));
}

void write_way(json::Writer& out, const check::Way& way) {
  out.begin_object();
  out.key("way");
  out.string(way.way);
  write(out, "hours", way.hours);
  write(out, "requests", std::optional(way.requests));
  write(out, "capacity_units", way.capacity_units);
  write(out, "dollars", way.dollars);
  out.end_object();
}

void write_prices(json::Writer& out, const check::Prices& prices) {
  out.begin_object();
  out.key("dated");
  out.string(check::Prices::dated());
  out.key("source");
  out.string(check::Prices::source());
  out.key("values");
  out.begin_object();
  for (const auto& [name, value] : prices.values()) write(out, name, value);
  out.end_object();
  out.end_object();
}

}  // namespace

std::string figures_text(const LoadFigures& figures) {
  if (figures.is_file)
    return fmt::format("{} in the file; reading it counts its items, and costs nothing\n", counted(figures.bytes, "byte"));
  std::string text = fmt::format("{}, {}, {}\n", counted(figures.items, "item"), counted(figures.bytes, "byte"),
                                 counted(figures.shards, "open shard"));
  if (figures.ways.empty()) {
    text += "\nwhat a load takes is not known: source-table=TABLE says which table feeds the stream\n";
  } else {
    text += fmt::format("\n{:<10}{:>10}{:>14}{:>18}{:>12}\n", "load by", "hours", "requests", "capacity units", "dollars");
  }
  for (const check::Way& way : figures.ways) {
    text += fmt::format("{:<10}{:>10.2f}{:>14}{:>18}{:>12}\n", way.way, way.hours,
                        grouped(static_cast<double>(way.requests)), grouped(way.capacity_units), dollars(way.dollars));
  }
  if (figures.following) {
    const std::string how =
        figures.fan_out ? "by fan-out" : fmt::format("idle-poll={}", format_duration(figures.idle_poll));
    text += fmt::format("\nfollowing, while nothing comes ({}): {} requests, {} a month\n", how,
                        grouped(figures.following->requests_per_month), dollars(figures.following->dollars_per_month));
  }
  text += fmt::format("\nprices of {} ({}); --price NAME=DOLLARS gives others\n", check::Prices::dated(),
                      check::Prices::source());
  if (!figures.ddl.empty()) text += "\n";
  for (const std::string& statement : figures.ddl) text += statement + ";\n";
  return text;
}

std::string figures_json(const LoadFigures& figures) {
  std::string text;
  json::Writer out(text);
  out.begin_object();
  write(out, "items", figures.items);
  write(out, "bytes", figures.bytes);
  write(out, "shards", figures.shards);
  out.key("ways");
  out.begin_array();
  for (const check::Way& way : figures.ways) write_way(out, way);
  out.end_array();
  out.key("following");
  if (figures.following) {
    out.begin_object();
    write(out, "requests_per_month", figures.following->requests_per_month);
    write(out, "dollars_per_month", figures.following->dollars_per_month);
    out.end_object();
  } else {
    out.null();
  }
  out.key("prices");
  write_prices(out, figures.prices);
  out.key("ddl");
  out.begin_array();
  for (const std::string& statement : figures.ddl) out.string(statement);
  out.end_array();
  out.end_object();
  return text + "\n";
}

}  // namespace ctk::cli
