#include "codec/pattern.hpp"

#include <oniguruma.h>

namespace troupe {
namespace {

constexpr unsigned long kRetriesMax = 1'000'000;  // about 10 ms
constexpr unsigned int kStackMax = 200'000;  // marks to step back to, one for each character of `[ab]*`; about 10 MB

const OnigUChar* bytes(std::string_view text) { return reinterpret_cast<const OnigUChar*>(text.data()); }

/// Oniguruma's Java syntax has ECMAScript's escapes; named groups are added, and set operations within brackets taken
/// out, so that `[a&&[b]` is what ECMAScript makes of it.
OnigSyntaxType* ecmascript() {
  static OnigSyntaxType syntax = [] {
    OnigEncoding encodings[] = {ONIG_ENCODING_UTF8};
    onig_initialize(encodings, 1);
    OnigSyntaxType copy;
    onig_copy_syntax(&copy, ONIG_SYNTAX_JAVA);
    const unsigned int op2 = onig_get_syntax_op2(&copy);
    onig_set_syntax_op2(&copy, (op2 & ~static_cast<unsigned int>(ONIG_SYN_OP2_CCLASS_SET_OP)) |
                                   ONIG_SYN_OP2_QMARK_LT_NAMED_GROUP | ONIG_SYN_OP2_ESC_K_NAMED_BACKREF);
    return copy;
  }();
  return &syntax;
}

/// `^` and `$` are the ends of the whole text in ECMAScript, and those of any line in oniguruma.
std::string with_text_anchors(std::string_view expression) {
  std::string result;
  bool in_brackets = false;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    const char c = expression[i];
    if (c == '\\' && i + 1 < expression.size()) {
      result += c;
      result += expression[++i];
    } else if (!in_brackets && c == '^') {
      result += "\\A";
    } else if (!in_brackets && c == '$') {
      result += "\\z";
    } else {
      if (c == '[') in_brackets = true;
      if (c == ']') in_brackets = false;
      result += c;
    }
  }
  return result;
}

}  // namespace

Result<Pattern> Pattern::compile(std::string_view expression) {
  OnigSyntaxType* const syntax = ecmascript();
  const std::string text = with_text_anchors(expression);
  regex_t* regex = nullptr;
  OnigErrorInfo info;
  const OnigOptionType options = ONIG_OPTION_CAPTURE_GROUP | ONIG_OPTION_WORD_IS_ASCII | ONIG_OPTION_DIGIT_IS_ASCII;
  const int status =
      onig_new(&regex, bytes(text), bytes(text) + text.size(), options, ONIG_ENCODING_UTF8, syntax, &info);
  if (status != ONIG_NORMAL) {
    OnigUChar message[ONIG_MAX_ERROR_MESSAGE_LEN];
    const int length = onig_error_code_to_str(message, status, &info);
    return {ErrorCode::validation_failed, std::string(reinterpret_cast<const char*>(message), length > 0 ? length : 0)};
  }
  return Pattern(std::shared_ptr<void>(regex, [](void* r) { onig_free(static_cast<regex_t*>(r)); }));
}

Pattern::Match Pattern::search(std::string_view text) const {
  const std::unique_ptr<OnigMatchParam, void (*)(OnigMatchParam*)> bounds(onig_new_match_param(),
                                                                          onig_free_match_param);
  onig_initialize_match_param(bounds.get());
  onig_set_retry_limit_in_match_of_match_param(bounds.get(), kRetriesMax);
  onig_set_retry_limit_in_search_of_match_param(bounds.get(), kRetriesMax);
  onig_set_match_stack_limit_size_of_match_param(bounds.get(), kStackMax);
  const OnigUChar* const end = bytes(text) + text.size();
  const int found = onig_search_with_param(static_cast<regex_t*>(compiled_.get()), bytes(text), end, bytes(text), end,
                                           nullptr, ONIG_OPTION_NONE, bounds.get());
  if (found >= 0) return Match::yes;
  return found == ONIG_MISMATCH ? Match::no : Match::too_costly;
}

}  // namespace troupe
