#include "codec/secret_mark.hpp"

#include <unistd.h>

#include <array>
#include <map>

#include "troupe/base/assert.hpp"

namespace troupe {
namespace {

constexpr char kEnd = ';';

const std::string& mark_head() {
  static const std::string head = [] {
    std::array<unsigned char, 16> bits{};
    TROUPE_ASSERT(getentropy(bits.data(), bits.size()) == 0, "the operating system has random bits");
    return "secret:" + to_hex(bits.data(), bits.size()) + ":";
  }();
  return head;
}

/// Goes through all strings of a document.
class Filler {
 public:
  explicit Filler(const ResolveSecret& resolve) : resolve_(resolve) {}

  Result<Done> fill(Json& value) {
    if (value.is_string()) return fill_text(value.get_ref<std::string&>());
    if (!value.is_structured()) return Done{};
    for (Json& member : value)
      if (auto filled = fill(member); !filled) return filled;
    return Done{};
  }

 private:
  Result<Done> fill_text(std::string& text) {
    const std::string& head = mark_head();
    std::size_t mark = text.find(head);
    if (mark == std::string::npos) return Done{};
    std::string filled;  // values are not looked into again
    std::size_t at = 0;
    for (; mark != std::string::npos; mark = text.find(head, at)) {
      const std::size_t end = text.find(kEnd, mark + head.size());
      TROUPE_ASSERT(end != std::string::npos, "only secret_mark() makes marks");
      const auto value = value_of(text.substr(mark + head.size(), end - mark - head.size()));
      if (!value) return value.error();
      filled.append(text, at, mark - at).append(*value);
      at = end + 1;
    }
    text = filled.append(text, at);
    return Done{};
  }

  Result<std::string> value_of(const std::string& name) {
    const auto known = values_.find(name);
    if (known != values_.end()) return known->second;
    auto value = resolve_(name);
    if (value) values_.emplace(name, *value);
    return value;
  }

  const ResolveSecret& resolve_;
  std::map<std::string, std::string> values_;
};

}  // namespace

std::string secret_mark(std::string_view name) { return mark_head() + std::string(name) + kEnd; }

bool holds_secret_marks(std::string_view text) { return text.find(mark_head()) != std::string_view::npos; }

Result<Document> fill_secret_marks(const Document& document, const ResolveSecret& resolve) {
  Json value = from_document(document);
  if (auto filled = Filler(resolve).fill(value); !filled) return filled.error();
  return to_document(value);
}

}  // namespace troupe
