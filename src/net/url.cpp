#include "net/url.hpp"

#include <curl/curl.h>
#include <locale.h>

#include <memory>

#include "troupe/base/ascii.hpp"

namespace troupe {
namespace {

using CurlUrl = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

// libidn2 reads international names in the locale's character set, which a daemon has not set; ours are UTF-8.
class Utf8Locale {
 public:
  Utf8Locale() : before_(uselocale(utf8())) {}
  ~Utf8Locale() { uselocale(before_); }
  Utf8Locale(const Utf8Locale&) = delete;
  Utf8Locale& operator=(const Utf8Locale&) = delete;

 private:
  static locale_t utf8() {
    static const locale_t locale = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
    return locale;  // null where the machine lacks it: such names are then refused
  }
  const locale_t before_;
};

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK || text == nullptr) return {};
  std::string copy(text);
  curl_free(text);
  return copy;
}

Error invalid(std::string why) { return Error{ErrorCode::invalid_config, "invalid URL: " + std::move(why), false, {}}; }

Result<Url> read(CURLU* parsed) {
  const Utf8Locale utf8;
  Url url;
  url.scheme = part(parsed, CURLUPART_SCHEME);
  if (url.scheme != "http" && url.scheme != "https") return invalid("only http and https are allowed");
  if (!part(parsed, CURLUPART_USER).empty() || !part(parsed, CURLUPART_PASSWORD).empty())
    return invalid("credentials do not belong in a URL; use a header");
  url.host = to_lower(part(parsed, CURLUPART_HOST, CURLU_PUNYCODE));
  if (url.host.empty()) return invalid("it has no usable host");
  if (url.host.front() == '[') url.host = url.host.substr(1, url.host.size() - 2);
  if (url.host.back() == '.') url.host.pop_back();
  if (url.host.empty()) return invalid("it has no usable host");
  url.port = part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT);
  url.path = part(parsed, CURLUPART_PATH);
  curl_url_set(parsed, CURLUPART_FRAGMENT, nullptr, 0);
  url.text = part(parsed, CURLUPART_URL, CURLU_PUNYCODE);
  return url;
}

Result<Url> set_and_read(CURLU* parsed, std::string_view text) {
  if (text.find('\0') != text.npos) return invalid("it contains a NUL");
  const CURLUcode code = curl_url_set(parsed, CURLUPART_URL, std::string(text).c_str(), CURLU_NON_SUPPORT_SCHEME);
  if (code != CURLUE_OK) return invalid(curl_url_strerror(code));
  return read(parsed);
}

}  // namespace

std::string Url::authority() const {
  const bool v6 = host.find(':') != host.npos;
  return (v6 ? "[" + host + "]" : host) + ":" + port;
}

bool Url::same_origin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

std::string Url::display() const {
  const bool standard = port == (scheme == "https" ? "443" : "80");
  std::string shown = scheme + "://" + authority();
  if (standard) shown.resize(shown.size() - port.size() - 1);
  return shown + path + (text.find('?') != text.npos ? "?…" : "");
}

Result<Url> parse_url(std::string_view text) {
  CurlUrl parsed(curl_url(), curl_url_cleanup);
  return set_and_read(parsed.get(), text);
}

Result<Url> resolve_url(const Url& base, std::string_view reference) {
  CurlUrl parsed(curl_url(), curl_url_cleanup);
  if (curl_url_set(parsed.get(), CURLUPART_URL, base.text.c_str(), 0) != CURLUE_OK) return invalid("bad base");
  return set_and_read(parsed.get(), reference);
}

}  // namespace troupe
