#include "cli/display.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace troupe::cli {
namespace {

constexpr std::string_view kReset = "\x1b[0m";

bool starts_character(char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }

std::string_view colour_of(std::string_view status) {
  if (status == "success") return "\x1b[32m";
  if (status == "failed") return "\x1b[31m";
  if (status == "cancelled") return "\x1b[35m";
  if (status == "running") return "\x1b[36m";
  return "\x1b[2m";  // pending, skipped
}

}  // namespace

std::string printable(std::string_view text, bool keep_lines) {
  std::string shown;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 … U+009F are control characters too: C2 80 … C2 9F.
    const bool c1 = byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1) ++i;
    const bool control = c1 || byte < 0x20 || byte == 0x7F;
    shown += control && !(keep_lines && byte == '\n') ? ' ' : text[i];
  }
  return shown;
}

std::size_t columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), starts_character));
}

std::string cut(std::string_view text, std::size_t width) {
  if (columns(text) <= width) return std::string(text);
  if (width == 0) return {};
  std::string kept;
  for (std::size_t seen = 0; const char c : text) {
    if (starts_character(c) && ++seen == width) break;
    kept += c;
  }
  return kept + "…";
}

const Json& member(const Json& object, std::string_view name) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto found = object.find(name);
  return found == object.end() ? kNull : *found;
}

std::string member_text(const Json& object, std::string_view name) {
  const Json& value = member(object, name);
  if (value.is_null()) return {};
  return printable(value.is_string() ? value.get_ref<const std::string&>() : to_text(value));
}

std::string short_time(std::string_view rfc3339) {
  std::string text(rfc3339.substr(0, 19));
  if (text.size() == 19 && text[10] == 'T') text[10] = ' ';
  return text;
}

std::string short_bytes(std::uint64_t bytes) {
  static constexpr std::array<const char*, 5> kUnits = {" kB", " MB", " GB", " TB", " PB"};
  if (bytes < 1000) return std::to_string(bytes) + " bytes";
  double value = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f%s", value, kUnits[unit]);
  return text.data();
}

std::string percent(const Json& fraction) {
  if (!fraction.is_number()) return {};
  return std::to_string(std::lround(std::clamp(fraction.get<double>(), 0.0, 1.0) * 100)) + "%";
}

std::string in_status_colour(std::string_view status, std::string_view text, bool colour) {
  if (!colour) return std::string(text);
  return std::string(colour_of(status)) + std::string(text) + std::string(kReset);
}

Table::Table(std::vector<std::string> heads) { rows_.push_back(std::move(heads)); }

void Table::add(std::vector<std::string> cells) {
  TROUPE_ASSERT(cells.size() == rows_.front().size(), "a row has a cell for each head");
  rows_.push_back(std::move(cells));
}

void Table::print(std::ostream& out, bool colour) const {
  const auto& heads = rows_.front();
  std::vector<std::size_t> widths(heads.size(), 0);
  for (const auto& row : rows_)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], columns(row[i]));
  for (std::size_t r = 0; r < rows_.size(); ++r) {
    std::string line;
    for (std::size_t i = 0; i < heads.size(); ++i) {
      const std::string& cell = rows_[r][i];
      const bool last = i + 1 == heads.size();
      line += r > 0 && heads[i] == "STATUS" ? in_status_colour(cell, cell, colour) : cell;
      if (!last) line += std::string(widths[i] - columns(cell) + 2, ' ');
    }
    out << line << '\n';
  }
}

}  // namespace troupe::cli
