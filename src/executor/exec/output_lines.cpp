#include "executor/exec/output_lines.hpp"

#include <charconv>
#include <utility>

#include "executor/text.hpp"

namespace troupe {
namespace {

constexpr std::size_t kLineBytes = 64 << 10;
constexpr std::string_view kProgress = "troupe:progress ";

}  // namespace

std::string OutputLines::take(std::string_view bytes) {
  partial_ += bytes;
  std::size_t end = partial_.rfind('\n');
  end = end == partial_.npos ? 0 : end + 1;
  if (partial_.size() - end > kLineBytes) {
    end = partial_.size();  // but not within a character: its first byte stays as well
    const auto byte = [&] { return static_cast<unsigned char>(partial_[end - 1]); };
    for (int i = 0; i < 3 && (byte() & 0xC0) == 0x80; ++i) --end;
    if (byte() >= 0xC0) --end;
  }
  std::string lines = partial_.substr(0, end);
  partial_.erase(0, end);
  return lines;
}

std::string OutputLines::take_rest() { return std::exchange(partial_, {}); }

std::optional<Progress> parse_progress(std::string_view line) {
  if (!line.starts_with(kProgress)) return std::nullopt;
  line.remove_prefix(kProgress.size());
  Progress progress;
  const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), progress.fraction);
  if (error != std::errc() || !(progress.fraction >= 0 && progress.fraction <= 1)) return std::nullopt;
  line.remove_prefix(static_cast<std::size_t>(end - line.data()));
  if (!line.empty() && line[0] != ' ') return std::nullopt;
  const std::size_t first = line.find_first_not_of(' ');
  if (first != line.npos) progress.message = one_line(to_utf8(line.substr(first)));
  return progress;
}

}  // namespace troupe
