// YAML to JSON over yaml-cpp's events. Not over its nodes: those share aliased subtrees, know no duplicate keys and
// read scalars by YAML 1.1.
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "codec/utf8.hpp"
#include "codec/workflow_codec.hpp"

namespace troupe {
namespace {

/// Every value counts, and an alias as often as it is used: a file of a few lines can otherwise become gigabytes.
constexpr std::size_t kNodesMax = 100'000;

struct YamlFault {
  ErrorCode code;
  std::string message;
};

[[noreturn]] void refuse(const YAML::Mark& mark, std::string_view reason, ErrorCode code = ErrorCode::malformed_json) {
  throw YamlFault{code, "line " + std::to_string(mark.line + 1) + ", column " + std::to_string(mark.column + 1) + ": " +
                            std::string(reason)};
}

bool is_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_number(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    std::string_view exponent = text.substr(e + 1);
    if (!exponent.empty() && (exponent[0] == '-' || exponent[0] == '+')) exponent.remove_prefix(1);
    if (!is_digits(exponent)) return false;
    text = text.substr(0, e);
  }
  const auto point = text.find('.');
  if (point == std::string_view::npos) return is_digits(text);
  const std::string_view before = text.substr(0, point), behind = text.substr(point + 1);
  return (before.empty() || is_digits(before)) && (behind.empty() ? !before.empty() : is_digits(behind));
}

template <class Number>
std::optional<Json> read_number(std::string_view text, int base) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return Json(number);
}

std::optional<Json> read_integer(std::string_view text, int base) {
  if (auto number = read_number<std::uint64_t>(text, base)) return number;
  return read_number<std::int64_t>(text, base);
}

/// A plain scalar by the core schema of YAML 1.2.
Json read_plain(const YAML::Mark& mark, const std::string& text) {
  if (text == "true" || text == "True" || text == "TRUE") return true;
  if (text == "false" || text == "False" || text == "FALSE") return false;
  std::string_view bare = text;
  if (bare.starts_with("0o"))
    if (auto number = read_integer(bare.substr(2), 8)) return *number;
  if (bare.starts_with("0x"))
    if (auto number = read_integer(bare.substr(2), 16)) return *number;
  std::string_view unsigned_part = bare;
  if (bare.starts_with('+') || bare.starts_with('-')) unsigned_part.remove_prefix(1);
  for (const char* name : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"})
    if (unsigned_part == name) refuse(mark, "\"" + text + "\" is a number that JSON does not have");
  if (!is_number(bare)) return text;
  if (bare.starts_with('+')) bare.remove_prefix(1);
  if (is_digits(unsigned_part))
    if (auto number = read_integer(bare, 10)) return *number;
  double number = 0;
  if (std::from_chars(bare.data(), bare.data() + bare.size(), number).ec != std::errc())
    refuse(mark, "the number is too large");
  return number;
}

std::size_t count_nodes(const Json& value) {
  std::size_t count = 1;
  if (value.is_structured())
    for (const Json& child : value) count += count_nodes(child);
  return count;
}

class Builder final : public YAML::EventHandler {
 public:
  Json take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    if (expects_name()) refuse(mark, "a member has no name (put it in quotes if it looks like null)");
    add(mark, nullptr, anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    if (known == anchors_.end()) refuse(mark, "an alias stands within the value that it names");
    if (expects_name()) refuse(mark, "a member's name must be a plain text");
    count(mark, known->second.nodes - 1);
    if (open_.size() + known->second.height > limits::kJsonDepth) too_deep(mark);
    add(mark, known->second.value, 0);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    if (tag != "?" && tag != "!") refuse_tag(mark, tag);
    if (expects_name()) return name(mark, value);
    if (tag == "!") return add(mark, value, anchor);  // in quotes, or a block
    add(mark, read_plain(mark, value), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(mark, tag, Json::array(), anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(mark, tag, Json::object(), anchor);
  }
  void OnMapEnd() override { close(); }

 private:
  struct Level {
    Json value;
    YAML::anchor_t anchor;
    std::optional<std::string> name;  ///< the member whose value comes next
  };
  struct Anchored {
    Json value;
    std::size_t nodes;
    std::size_t height;
  };

  bool expects_name() const { return !open_.empty() && open_.back().value.is_object() && !open_.back().name; }

  void name(const YAML::Mark& mark, const std::string& text) {
    if (open_.back().value.contains(text)) refuse(mark, "the member name \"" + text + "\" appears twice");
    open_.back().name = text;
  }

  void open(const YAML::Mark& mark, const std::string& tag, Json value, YAML::anchor_t anchor) {
    if (!tag.empty() && tag != "?") refuse_tag(mark, tag);
    if (expects_name()) refuse(mark, "a member's name must be a plain text");
    if (open_.size() == limits::kJsonDepth) too_deep(mark);
    count(mark, 1);
    open_.push_back({std::move(value), anchor, std::nullopt});
  }

  void close() {
    Level level = std::move(open_.back());
    open_.pop_back();
    keep(level.anchor, level.value);
    place(std::move(level.value));
  }

  void add(const YAML::Mark& mark, Json value, YAML::anchor_t anchor) {
    count(mark, 1);
    keep(anchor, value);
    place(std::move(value));
  }

  void place(Json value) {
    if (open_.empty()) {
      root_ = std::move(value);
    } else if (open_.back().value.is_array()) {
      open_.back().value.push_back(std::move(value));
    } else {
      open_.back().value[*open_.back().name] = std::move(value);
      open_.back().name.reset();
    }
  }

  void keep(YAML::anchor_t anchor, const Json& value) {
    if (anchor != YAML::NullAnchor) anchors_[anchor] = {value, count_nodes(value), height(value)};
  }

  static std::size_t height(const Json& value) {
    if (!value.is_structured()) return 0;
    std::size_t highest = 0;
    for (const Json& child : value) highest = std::max(highest, height(child));
    return highest + 1;
  }

  void count(const YAML::Mark& mark, std::size_t nodes) {
    nodes_ += nodes;
    if (nodes_ > kNodesMax)
      refuse(mark,
             "the document, with its aliases written out, has more than " + std::to_string(kNodesMax) + " values");
  }

  [[noreturn]] static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    refuse(mark, "tags (" + tag + ") are not allowed");
  }
  [[noreturn]] static void too_deep(const YAML::Mark& mark) {
    refuse(mark, "nesting goes deeper than " + std::to_string(limits::kJsonDepth) + " levels",
           ErrorCode::json_too_deep);
  }

  Json root_;
  std::vector<Level> open_;
  std::map<YAML::anchor_t, Anchored> anchors_;
  std::size_t nodes_ = 0;
};

}  // namespace

Result<Json> parse_yaml(std::string_view text) {
  if (const auto at = find_invalid_utf8(text); at != std::string_view::npos) {
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n') + 1;
    return {ErrorCode::malformed_json, "line " + std::to_string(line) + ": a byte that is not UTF-8 text"};
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    Builder builder;
    if (!parser.HandleNextDocument(builder)) return {ErrorCode::malformed_json, "the text is empty"};
    Json value = builder.take();
    Builder second;
    if (parser.HandleNextDocument(second))
      return {ErrorCode::malformed_json, "the text holds more than one YAML document"};
    return value;
  } catch (const YamlFault& fault) {
    return {fault.code, fault.message};
  } catch (const YAML::Exception& fault) {
    return {ErrorCode::malformed_json, "line " + std::to_string(fault.mark.line + 1) + ", column " +
                                           std::to_string(fault.mark.column + 1) + ": " + fault.msg};
  } catch (const std::exception& fault) {  // out of memory, and what else the library lets through
    return {ErrorCode::malformed_json, std::string("the text cannot be read: ") + fault.what()};
  }
}

}  // namespace troupe
