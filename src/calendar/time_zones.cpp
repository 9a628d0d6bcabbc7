#include "calendar/time_zones.hpp"

#include <cctz/time_zone.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace troupe {
namespace {

constexpr std::size_t kNameBytes = 64;

using Seconds = std::chrono::duration<std::int64_t>;

class DatabaseZone final : public TimeZone {
 public:
  explicit DatabaseZone(cctz::time_zone zone) : zone_(zone) {}

  Millis offset_at(Timestamp at) const override {
    return std::chrono::seconds(zone_.lookup(std::chrono::floor<Seconds>(at)).offset);
  }
  std::optional<Timestamp> next_change(Timestamp at) const override {
    cctz::time_zone::civil_transition change;
    if (!zone_.next_transition(std::chrono::floor<Seconds>(at), &change)) return {};
    return zone_.lookup(change.to).trans;
  }

 private:
  cctz::time_zone zone_;
};

std::filesystem::path database() {
  const char* folder = std::getenv("TZDIR");
  return folder != nullptr && *folder != '\0' ? folder : "/usr/share/zoneinfo";
}

/// Nothing that would lead out of the database, and none of what lies in it besides zones: copies with leap seconds,
/// and the machine's own choice.
bool is_zone_name(std::string_view name) {
  const auto is_allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '+' || c == '/';
  };
  if (name.empty() || name.size() > kNameBytes || name.front() == '/') return false;
  if (!std::all_of(name.begin(), name.end(), is_allowed)) return false;
  return !name.starts_with("posix/") && !name.starts_with("right/") && name != "localtime" && name != "posixrules";
}

/// Looked at before the library does, which keeps every name it is asked for.
bool is_zone_file(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  std::array<char, 4> head{};
  std::ifstream(path, std::ios::binary).read(head.data(), head.size());
  return std::string_view(head.data(), head.size()) == "TZif";
}

}  // namespace

Result<TimeZonePtr> find_time_zone(std::string_view name) {
  if (name == "UTC") return utc();
  const auto wrong = [](std::string message) {
    return Error{ErrorCode::validation_failed, std::move(message), false, {}};
  };
  if (!is_zone_name(name))
    return wrong("is no name of a time zone; names are those of the IANA database, like Europe/Berlin or UTC");
  std::error_code error;
  const std::filesystem::path folder = database();
  if (!std::filesystem::is_directory(folder, error))
    return wrong("cannot be looked up: the server's machine has no time zone database in " + folder.string() +
                 "; install the package tzdata there (UTC works without it)");
  cctz::time_zone zone;
  if (!is_zone_file(folder / name) || !cctz::load_time_zone(std::string(name), &zone))
    return wrong("is not in the time zone database of the server's machine (" + folder.string() +
                 "); names are like Europe/Berlin or UTC, and capitals count");
  return TimeZonePtr(std::make_shared<const DatabaseZone>(zone));
}

}  // namespace troupe
