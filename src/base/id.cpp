#include "troupe/base/id.hpp"

#include "troupe/base/ascii.hpp"
#include "troupe/base/bytes.hpp"
#include "troupe/base/clock.hpp"

namespace troupe {
namespace {

constexpr bool is_dash_before(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

}  // namespace

std::string format_uuid(const std::array<std::uint8_t, 16>& bytes) {
  std::string text(36, '-');
  char* out = write_hex(text.data(), bytes.data(), 4);
  for (const std::size_t from : {4, 6, 8}) out = write_hex(out + 1, &bytes[from], 2);
  write_hex(out + 1, &bytes[10], 6);
  return text;
}

std::optional<std::array<std::uint8_t, 16>> parse_uuid(std::string_view text) {
  if (text.size() != 36) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (is_dash_before(i) && text[at++] != '-') return std::nullopt;
    const int high = hex_value(text[at]), low = hex_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes[i] = static_cast<std::uint8_t>((high << 4) | low);
    at += 2;
  }
  return bytes;
}

bool is_client_job_id(std::string_view text) {
  if (text.empty() || text.size() > 128 || parse_uuid(text)) return false;
  for (char c : text) {
    const bool allowed = is_letter_or_digit(c) || c == '.' || c == '_' || c == ':' || c == '-';
    if (!allowed) return false;
  }
  return true;
}

std::array<std::uint8_t, 16> IdFactory::next(Slot slot) {
  const std::int64_t now = to_unix_ms(clock_.now());
  if (now > last_ms_) {
    last_ms_ = now;
    counter_ = 0;
  } else if (++counter_ > 0x0FFF) {  // 4096 ids within a millisecond: borrow the next one rather than wait
    ++last_ms_;
    counter_ = 0;
  }
  std::array<std::uint8_t, 16> bytes{};
  for (int i = 0; i < 6; ++i) bytes[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(last_ms_ >> (40 - 8 * i));
  bytes[6] = static_cast<std::uint8_t>(0x70 | (counter_ >> 8));
  bytes[7] = static_cast<std::uint8_t>(counter_);
  const std::uint64_t random = random_.next();
  for (std::size_t i = 0; i < 7; ++i) bytes[8 + i] = static_cast<std::uint8_t>(random >> (8 * i));
  bytes[8] = static_cast<std::uint8_t>(0x80 | (bytes[8] & 0x3F));
  bytes[14] = static_cast<std::uint8_t>((bytes[14] & 0xF0) | ((slot >> 8) & 0x0F));
  bytes[15] = static_cast<std::uint8_t>(slot);
  return bytes;
}

}  // namespace troupe
