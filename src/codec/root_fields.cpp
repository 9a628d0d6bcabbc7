#include "codec/root_fields.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "codec/jq_text.hpp"

namespace troupe {
namespace {

/// Words behind which `.` is something else.
constexpr std::string_view kLeaving[] = {"as", "catch", "def"};
/// Words that something follows which does not belong to them: `if .a`, `1 and (.a)`.
constexpr std::string_view kOpening[] = {"and", "elif", "else", "foreach", "if", "or", "reduce", "then", "try"};

template <std::size_t N>
bool is_one_of(const std::string_view (&words)[N], std::string_view word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

class Search {
 public:
  explicit Search(std::string_view jq) : jq_(jq) {}

  std::vector<RootField> run() {
    while (at_ < jq_.size() && !assigns_) take();
    return assigns_ ? std::vector<RootField>() : std::move(found_);
  }

 private:
  void take() {
    const char c = jq_[at_];
    if (is_blank(c))
      ++at_;
    else if (c == '#')
      at_ = std::min(jq_.find('\n', at_), jq_.size());
    else if (c == '"')
      take_string();
    else if (c == '.')
      take_dot();
    else if (is_jq_name_char(c) || c == '$' || c == '@')
      take_word();
    else
      take_sign(c);
  }

  void take_string() {
    at_ = jq_string_end(jq_, at_);
    goes_on_ = true;
  }

  void take_word() {
    const std::size_t begin = at_++;
    while (at_ < jq_.size() && is_jq_name_char(jq_[at_])) ++at_;
    const std::string_view word = jq_.substr(begin, at_ - begin);
    goes_on_ = !is_one_of(kOpening, word);
    std::size_t next = at_;
    while (next < jq_.size() && is_blank(jq_[next])) ++next;
    const bool is_call = goes_on_ && next < jq_.size() && jq_[next] == '(';
    if (is_call || is_one_of(kLeaving, word)) left_ = true;
  }

  void take_sign(char c) {
    const std::string_view rest = jq_.substr(at_);
    const bool compares = std::any_of(std::begin(kComparing), std::end(kComparing),
                                      [&](std::string_view sign) { return rest.starts_with(sign); });
    at_ += compares ? 2 : 1;
    if (c == '=' && !compares) assigns_ = true;
    if (c == '|') left_ = true;
    goes_on_ = c == ']' || c == ')' || c == '}' || c == '?';
  }

  void take_dot() {
    const bool is_of_root = !goes_on_ && !left_;
    ++at_;
    goes_on_ = true;
    if (at_ < jq_.size() && jq_[at_] == '.') {  // `..`
      ++at_;
      return;
    }
    if (const auto name = take_name(); name && is_of_root) found_.push_back({*name, jq_.substr(at_)});
  }

  /// What follows a dot, if it is a name; one with escapes is passed over.
  std::optional<std::string_view> take_name() {
    const std::size_t begin = at_;
    if (begin < jq_.size() && is_jq_name_start(jq_[begin])) {
      while (at_ < jq_.size() && is_jq_name_char(jq_[at_])) ++at_;
      return jq_.substr(begin, at_ - begin);
    }
    const std::string_view rest = jq_.substr(begin);
    const bool in_brackets = rest.starts_with("[\"");
    if (!in_brackets && !rest.starts_with('"')) return std::nullopt;
    const std::size_t open = in_brackets ? 2 : 1, end = rest.find_first_of("\"\\", open);
    if (end == std::string_view::npos || rest[end] == '\\') return std::nullopt;
    if (in_brackets && !rest.substr(end + 1).starts_with(']')) return std::nullopt;
    at_ += end + (in_brackets ? 2 : 1);
    return rest.substr(open, end - open);
  }

  static constexpr std::string_view kComparing[] = {"==", "!=", "<=", ">="};

  const std::string_view jq_;
  std::size_t at_ = 0;
  bool goes_on_ = false;  ///< does a `.name` here belong to what stands before it?
  bool left_ = false;     ///< may `.` be something else?
  bool assigns_ = false;
  std::vector<RootField> found_;
};

}  // namespace

std::vector<RootField> root_fields(std::string_view jq) { return Search(jq).run(); }

}  // namespace troupe
