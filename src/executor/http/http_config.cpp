#include "executor/http/http_config.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "codec/json.hpp"
#include "troupe/base/ascii.hpp"

namespace troupe {
namespace {

constexpr int kFirstStatus = 100, kLastStatus = 599;

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Reads one member after another and gathers what is wrong.
class Reader {
 public:
  Result<HttpConfig> read(const Json& config) {
    if (!config.is_object()) return Error{ErrorCode::invalid_config, "the config is no object", false, {}};
    if (!config.contains("url")) fault("/url", "is missing");
    for (const auto& [name, value] : config.items()) {
      if (name == "url")
        read_url(value);
      else if (name == "method")
        read_method(value);
      else if (name == "headers")
        read_headers(value);
      else if (name == "body")
        read_body(value);
      else if (name == "expect_status")
        read_expectation(value, "/expect_status");
      else if (name == "timeout")
        read_timeout(value);
      else
        fault(pointer_append("", name), "is not known");
    }
    if (!faults_.empty())
      return Error{ErrorCode::invalid_config, "http: " + faults_[0].pointer + " " + faults_[0].message, false, faults_};
    if (!config.contains("expect_status")) result_.expect.add(200, 299);
    if (!body_type_.empty() && !result_.has_header("content-type"))
      result_.headers.emplace_back("Content-Type", body_type_);
    return std::move(result_);
  }

 private:
  void fault(std::string pointer, std::string message) { faults_.push_back({std::move(pointer), std::move(message)}); }

  void read_url(const Json& value) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) return fault("/url", "is no URL");
    result_.url = value;
  }

  void read_method(const Json& value) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) return fault("/method", "is no HTTP method");
    result_.method = value;
    for (char& c : result_.method)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }

  void read_headers(const Json& value) {
    if (!value.is_object()) return fault("/headers", "is no object");
    for (const auto& [name, header] : value.items()) {
      const Json several = header.is_array() ? header : Json::array({header});
      for (const Json& one : several) {
        if (one.is_structured() || one.is_null())
          fault(pointer_append("/headers", name), "is neither text nor a list of texts");
        else
          result_.headers.emplace_back(name, one.is_string() ? one.get<std::string>() : to_text(one));
      }
    }
  }

  void read_body(const Json& value) {
    if (value.is_null()) return;
    result_.body = value.is_string() ? value.get<std::string>() : to_text(value);
    body_type_ = value.is_string() ? "text/plain; charset=utf-8" : "application/json";
  }

  void read_expectation(const Json& value, const std::string& pointer) {
    if (value.is_array() && !value.empty() && pointer == "/expect_status") {
      for (std::size_t i = 0; i < value.size(); ++i) read_expectation(value[i], pointer + "/" + std::to_string(i));
      return;
    }
    std::optional<int> first, last;
    if (value.is_number_integer()) {
      const auto status = value.get<std::int64_t>();
      if (status <= kLastStatus) first = last = static_cast<int>(std::max<std::int64_t>(status, 0));
    } else if (value.is_string()) {
      const std::string text = to_lower(value.get_ref<const std::string&>());
      const std::size_t dash = text.find('-');
      first = number(text.substr(0, dash));
      last = dash == text.npos ? first : number(text.substr(dash + 1));
      if (text.size() == 3 && text.ends_with("xx") && (first = number(text.substr(0, 1)))) {
        first = *first * 100;
        last = *first + 99;
      }
    }
    if (!first || !last || *first < kFirstStatus || *last > kLastStatus || *first > *last)
      return fault(pointer, "is neither a status (200), a class (2xx), a range (200-204) nor a list of these");
    result_.expect.add(*first, *last);
  }

  void read_timeout(const Json& value) {
    if (value.is_string()) result_.timeout = parse_duration(value.get<std::string>());
    if (value.is_number()) result_.timeout = parse_duration(to_text(value));
    if (!result_.timeout || *result_.timeout <= Millis(0)) fault("/timeout", "is no duration above zero (30s, 5m)");
  }

  HttpConfig result_;
  std::string body_type_;
  std::vector<Fault> faults_;
};

}  // namespace

bool StatusSet::contains(int status) const { return overlaps(status, status); }

bool StatusSet::overlaps(int first, int last) const {
  return std::any_of(ranges_.begin(), ranges_.end(),
                     [&](const Range& range) { return range.first <= last && first <= range.last; });
}

std::string StatusSet::text() const {
  std::string all;
  for (const Range& range : ranges_) {
    if (!all.empty()) all += ", ";
    all += std::to_string(range.first);
    if (range.first % 100 == 0 && range.last == range.first + 99)
      all.replace(all.size() - 2, 2, "xx");
    else if (range.last != range.first)
      all += "-" + std::to_string(range.last);
  }
  return all;
}

bool HttpConfig::has_header(std::string_view lower_case_name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return to_lower(header.first) == lower_case_name; });
}

std::string HttpConfig::shown_url() const {
  std::string shown = url.substr(0, url.find_first_of("?#"));
  const std::size_t authority = shown.find("://");
  if (authority != shown.npos) {
    const std::size_t path = shown.find('/', authority + 3);
    const std::size_t at = shown.rfind('@', path);
    if (at != shown.npos && at > authority) shown.erase(authority + 3, at - authority - 2);
  }
  return shown.size() < url.size() && url.find('?') != url.npos ? shown + "?…" : shown;
}

Result<HttpConfig> read_http_config(const Document& config) { return Reader().read(from_document(config)); }

}  // namespace troupe
