#include "troupe/base/error.hpp"

#include "troupe/base/assert.hpp"

namespace troupe {
namespace {

struct Entry {
  std::string_view text, meaning, remedy;
};

constexpr Entry kEntries[] = {
#define TROUPE_ENTRY(name, meaning, remedy) {#name, meaning, remedy},
    TROUPE_ERROR_CODES(TROUPE_ENTRY)
#undef TROUPE_ENTRY
};

const Entry& entry(ErrorCode code) {
  const auto index = static_cast<std::size_t>(code);
  TROUPE_ASSERT(index < std::size(kEntries), "error code out of its enumeration");
  return kEntries[index];
}

}  // namespace

std::string_view code_text(ErrorCode code) { return entry(code).text; }
std::string_view code_meaning(ErrorCode code) { return entry(code).meaning; }
std::string_view code_remedy(ErrorCode code) { return entry(code).remedy; }

std::optional<ErrorCode> code_from_text(std::string_view text) {
  for (ErrorCode code : all_error_codes())
    if (code_text(code) == text) return code;
  return std::nullopt;
}

const std::vector<ErrorCode>& all_error_codes() {
  static const std::vector<ErrorCode> codes = {
#define TROUPE_CODE(name, meaning, remedy) ErrorCode::name,
      TROUPE_ERROR_CODES(TROUPE_CODE)
#undef TROUPE_CODE
  };
  return codes;
}

}  // namespace troupe
