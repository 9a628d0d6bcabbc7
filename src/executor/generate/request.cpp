#include "executor_generate/request.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "codec/json.hpp"
#include "codec/step_config.hpp"
#include "codec/utf8.hpp"
#include "troupe/base/limits.hpp"

namespace troupe::generate {
namespace {

constexpr std::string_view kFields[] = {"prompt", "count", "width", "height", "seed", "style"};
constexpr std::size_t kShownChars = 60;

/// A value as a message shows it: not longer than a line.
std::string shown(const Json& value) {
  std::string text = to_text(value);
  if (text.size() <= kShownChars) return text;
  std::size_t end = kShownChars;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  return text.substr(0, end) + "…";
}

/// Whole numbers only; 4.0 is one, as expressions may print it.
std::optional<std::int64_t> whole_number(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    return number <= kSeedMax ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_number_float()) return std::nullopt;
  const double number = value.get<double>();
  if (std::abs(number) > static_cast<double>(kSeedMax) || number != std::floor(number)) return std::nullopt;
  return static_cast<std::int64_t>(number);
}

class Reader {
 public:
  explicit Reader(const Json& config) : config_(config) {}

  void refuse(std::string_view field, std::string what) {
    faults_.push_back({pointer_append("", field), std::string(field) + ": " + what});
  }

  void refuse_unknown_fields() {
    for (const auto& [name, value] : config_.items()) {
      if (std::find(std::begin(kFields), std::end(kFields), name) == std::end(kFields)) {
        refuse(name, "there is no such field; a generate step takes prompt, count, width, height, seed, style");
      }
    }
  }

  std::string prompt() {
    const Json* value = field("prompt");
    if (value == nullptr) {
      refuse("prompt", "is required");
    } else if (!value->is_string()) {
      refuse("prompt", shown(*value) + " is not a string");
    } else {
      const auto& text = value->get_ref<const std::string&>();
      const std::size_t characters = count_characters(text);
      if (characters >= 1 && characters <= kPromptCharsMax) return text;
      refuse("prompt", "has " + std::to_string(characters) + " characters; 1 to " + std::to_string(kPromptCharsMax) +
                           " are allowed");
    }
    return {};
  }

  std::int64_t number(std::string_view name, std::int64_t fallback, std::int64_t low, std::int64_t high) {
    const Json* value = field(name);
    if (value == nullptr) return fallback;
    const auto number = whole_number(*value);
    if (number && *number >= low && *number <= high) return *number;
    refuse(name, shown(*value) + " is not a whole number from " + std::to_string(low) + " to " + std::to_string(high));
    return fallback;
  }

  Style style(Style fallback) {
    const Json* value = field("style");
    if (value == nullptr) return fallback;
    const auto style = value->is_string() ? style_from_text(value->get_ref<const std::string&>()) : std::nullopt;
    if (!style) refuse("style", shown(*value) + " is none of " + generate_style_list());
    return style.value_or(fallback);
  }

  const std::vector<Fault>& faults() const { return faults_; }

 private:
  const Json* field(std::string_view name) const {
    const auto found = config_.find(std::string(name));
    return found == config_.end() || found->is_null() ? nullptr : &*found;
  }

  const Json& config_;
  std::vector<Fault> faults_;
};

Error invalid(std::vector<Fault> faults) {
  std::string message;
  for (const Fault& fault : faults) message.append(message.empty() ? "" : "; ").append(fault.message);
  return {ErrorCode::invalid_config, std::move(message), false, std::move(faults)};
}

}  // namespace

Result<Request> parse_request(const Document& config) {
  const Json json = from_document(config);
  if (!json.is_object()) return invalid({{"", "the config is not an object"}});
  Reader reader(json);
  reader.refuse_unknown_fields();
  Request request;
  request.prompt = reader.prompt();
  const std::uint64_t hash = hash_text(request.prompt);
  request.count = static_cast<int>(reader.number("count", kCountDefault, 1, limits::kGenerateCountMax));
  request.width =
      static_cast<int>(reader.number("width", kSideDefault, limits::kGenerateSideMin, limits::kGenerateSideMax));
  request.height =
      static_cast<int>(reader.number("height", kSideDefault, limits::kGenerateSideMin, limits::kGenerateSideMax));
  request.seed = static_cast<std::uint64_t>(
      reader.number("seed", static_cast<std::int64_t>(hash & 0xFFFFFFFF), 0, static_cast<std::int64_t>(kSeedMax)));
  request.style = reader.style(style_for(words_of(request.prompt), hash));
  if (!reader.faults().empty()) return invalid(reader.faults());
  return request;
}

}  // namespace troupe::generate
