#include "secrets/configured_secrets.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "codec/utf8.hpp"

namespace troupe {
namespace {

/// A value or, in words, why there is none.
struct Reading {
  std::optional<std::string> value;
  std::string wrong;
};

Reading wrong(std::string why) { return {std::nullopt, std::move(why)}; }

Reading checked(std::string value) {
  if (value.empty()) return wrong("is empty");
  if (value.size() > ConfiguredSecrets::kBytesMax)
    return wrong("has more than " + std::to_string(ConfiguredSecrets::kBytesMax >> 10) + " KiB");
  if (find_invalid_utf8(value) != std::string_view::npos) return wrong("is not UTF-8 text without NUL");
  return {std::move(value), {}};
}

class File {
 public:
  // Nobody waits for the other end of a pipe.
  explicit File(const std::string& path) : file_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (file_ >= 0) ::close(file_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  bool is_open() const { return file_ >= 0; }
  bool is_regular() const {
    struct stat facts {};
    return ::fstat(file_, &facts) == 0 && S_ISREG(facts.st_mode);
  }
  /// One byte more than is allowed, at most.
  std::optional<std::string> read() const {
    std::string text(ConfiguredSecrets::kBytesMax + 3, '\0');  // with a line break
    std::size_t size = 0;
    while (size < text.size()) {
      const ssize_t more = ::read(file_, text.data() + size, text.size() - size);
      if (more < 0 && errno == EINTR) continue;
      if (more < 0) return std::nullopt;
      if (more == 0) break;
      size += static_cast<std::size_t>(more);
    }
    text.resize(size);
    return text;
  }

 private:
  const int file_;
};

Reading read_file(const std::string& path) {
  const File file(path);
  if (!file.is_open()) return wrong(std::string("cannot be opened: ") + std::strerror(errno));
  if (!file.is_regular()) return wrong("is no file");
  auto text = file.read();
  if (!text) return wrong(std::string("cannot be read: ") + std::strerror(errno));
  if (text->ends_with('\n')) text->pop_back();
  if (text->ends_with('\r')) text->pop_back();
  return checked(*std::move(text));
}

Reading read_source(const SecretSource& source, const ConfiguredSecrets::ReadVariable& read_variable) {
  if (!source.file.empty()) {
    Reading reading = read_file(source.file);
    if (!reading.value) reading.wrong = "the file " + source.file + " " + reading.wrong;
    return reading;
  }
  auto value = read_variable(source.env);
  if (!value) return wrong("the environment variable " + source.env + " is not set");
  Reading reading = checked(*std::move(value));
  if (!reading.value) reading.wrong = "the environment variable " + source.env + " " + reading.wrong;
  return reading;
}

}  // namespace

Result<std::unique_ptr<ConfiguredSecrets>> ConfiguredSecrets::open(const std::vector<SecretSource>& sources,
                                                                   const ReadVariable& read_variable) {
  std::unique_ptr<ConfiguredSecrets> secrets(new ConfiguredSecrets);
  std::vector<Fault> faults;
  for (const SecretSource& source : sources) {
    Reading reading = read_source(source, read_variable);
    if (!reading.value) {
      faults.push_back({"secrets." + source.name + ":", reading.wrong});
      continue;
    }
    if (!source.file.empty()) reading.value->clear();
    secrets->places_[source.name] = {source.file, *std::move(reading.value)};
  }
  if (!faults.empty())
    return Error{ErrorCode::invalid_configuration,
                 faults.size() == 1 ? "a secret is missing" : std::to_string(faults.size()) + " secrets are missing",
                 false, std::move(faults)};
  return secrets;
}

Result<std::string> ConfiguredSecrets::resolve(std::string_view name) {
  const auto place = places_.find(name);
  if (place == places_.end())
    return {ErrorCode::unknown_secret, "the server has no secret \"" + std::string(name) + "\""};
  if (place->second.file.empty()) return place->second.value;
  Reading reading = read_file(place->second.file);
  if (reading.value) return *std::move(reading.value);
  // Whoever sees the error need not know where secrets lie.
  return {ErrorCode::io_failed, "the file of the secret \"" + std::string(name) + "\" " + reading.wrong,
          /*retryable=*/true};
}

std::vector<std::string> ConfiguredSecrets::shorter_than(std::size_t bytes) {
  std::vector<std::string> names;
  for (const auto& [name, place] : places_)
    if (const auto value = resolve(name); value && value->size() < bytes) names.push_back(name);
  return names;
}

}  // namespace troupe
