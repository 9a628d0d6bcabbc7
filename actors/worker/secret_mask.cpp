#include "actors/worker/secret_mask.hpp"

#include <algorithm>
#include <utility>

#include "crypto/hash.hpp"

namespace troupe {
namespace {

constexpr std::string_view kMasked = "***";
constexpr std::string_view kShortened = "…";
constexpr std::size_t kShortenedMax = 64;  // places within one text where it is looked for halves of a value

/// Host names come back in small letters, methods in capitals, and whoever has read the text can try both.
std::string folded(std::string_view text) {
  std::string small(text);
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return small;
}

std::string one_line(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  return text;
}

/// As it stands between the quotes of a JSON string.
std::string in_json(const std::string& value, bool ascii) {
  const std::string text = Json(value).dump(-1, ' ', ascii);
  return text.substr(1, text.size() - 2);
}

std::string percent_encoded(std::string_view value, bool form) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char c : value) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~").find(c) != std::string_view::npos;
    const auto byte = static_cast<unsigned char>(c);
    if (plain)
      text += c;
    else if (form && c == ' ')
      text += '+';
    else
      text.append({'%', kDigits[byte >> 4], kDigits[byte & 15]});
  }
  return text;
}

/// The characters of base64 that stand for nothing but the value, where `before` bytes of a group of three come first.
std::string within_base64(const std::string& value, std::size_t before) {
  const std::string whole = to_base64(std::string(before, '\0') + value);
  const std::size_t bits = 8 * (before + value.size());
  const std::size_t first = (8 * before + 5) / 6, last = bits / 6;
  return whole.substr(first, last - first);
}

std::string url_alphabet(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::vector<std::string> shapes_of(const std::string& value) {
  std::vector<std::string> shapes = {value, one_line(value), in_json(value, false), in_json(value, true)};
  for (const bool form : {false, true}) shapes.push_back(percent_encoded(value, form));
  for (std::size_t before = 0; before < 3; ++before) {
    shapes.push_back(within_base64(value, before));
    shapes.push_back(url_alphabet(shapes.back()));
  }
  return shapes;
}

}  // namespace

SecretMask::SecretMask(const std::vector<std::string>& values) {
  for (const std::string& value : values) {
    if (value.size() < kMaskedBytes) continue;
    for (const std::string& shape : shapes_of(value)) shapes_.push_back(folded(shape));
  }
  std::sort(shapes_.begin(), shapes_.end());
  shapes_.erase(std::unique(shapes_.begin(), shapes_.end()), shapes_.end());
}

std::vector<SecretMask::Span> SecretMask::find(std::string_view written) const {
  std::vector<Span> spans;
  if (shapes_.empty()) return spans;
  const std::string text = folded(written);
  for (const std::string& shape : shapes_)
    for (std::size_t at = text.find(shape); at != text.npos; at = text.find(shape, at + 1)) {
      if (!spans.empty() && spans.back().begin <= at && at <= spans.back().end)
        spans.back().end = std::max(spans.back().end, at + shape.size());
      else
        spans.push_back({at, at + shape.size()});
    }
  find_halves(text, spans);

  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) { return a.begin < b.begin; });
  std::vector<Span> apart;
  for (const Span& span : spans) {
    if (!apart.empty() && span.begin <= apart.back().end)
      apart.back().end = std::max(apart.back().end, span.end);
    else
      apart.push_back(span);
  }
  return apart;
}

/// What is left of values where a text was shortened: their ends after the "…", their beginnings before it.
void SecretMask::find_halves(std::string_view text, std::vector<Span>& spans) const {
  std::vector<std::size_t> begins, ends;
  for (std::size_t at = text.find(kShortened); at != text.npos && ends.size() < kShortenedMax;
       at = text.find(kShortened, at + 1)) {
    ends.push_back(at);
    begins.push_back(at + kShortened.size());
  }
  for (const std::string_view shape : shapes_) {
    for (const std::size_t begin : begins)
      for (std::size_t size = std::min(shape.size() - 1, text.size() - begin); size >= kEdgeBytes; --size)
        if (text.substr(begin, size) == shape.substr(shape.size() - size)) {
          spans.push_back({begin, begin + size});
          break;
        }
    for (const std::size_t end : ends)
      for (std::size_t size = std::min(shape.size() - 1, end); size >= kEdgeBytes; --size)
        if (text.substr(end - size, size) == shape.substr(0, size)) {
          spans.push_back({end - size, end});
          break;
        }
  }
}

std::string SecretMask::masked(std::string_view text, const std::vector<Span>& spans) {
  std::string shown;
  std::size_t at = 0;
  for (const Span& span : spans) {
    shown.append(text.substr(at, span.begin - at)).append(kMasked);
    at = span.end;
  }
  return shown.append(text.substr(at));
}

std::string SecretMask::text(std::string_view text) const { return masked(text, find(text)); }

void SecretMask::mask(Json& value) const {
  if (value.is_string()) {
    value = text(value.get_ref<const std::string&>());
  } else if (value.is_number()) {
    if (const std::string digits = to_text(value); !find(digits).empty()) value = kMasked;
  } else if (value.is_array()) {
    for (Json& item : value) mask(item);
  } else if (value.is_object()) {
    Json members = Json::object();
    for (auto& [name, member] : value.items()) {
      mask(member);
      members[text(name)] = std::move(member);
    }
    value = std::move(members);
  }
}

Document SecretMask::document(const Document& document) const {
  if (!document.present() || shapes_.empty()) return document;
  Json value = from_document(document);
  mask(value);
  return to_document(value);
}

Error SecretMask::error(Error error) const {
  error.message = text(error.message);
  for (Fault& fault : error.faults) {
    fault.pointer = text(fault.pointer);
    fault.message = text(fault.message);
  }
  return error;
}

void SecretMask::outcome(TaskOutcome& outcome) const {
  outcome.log = text(outcome.log);
  if (!outcome.result) {
    outcome.result = error(outcome.result.error());
    return;
  }
  outcome.result->outputs = document(outcome.result->outputs);
  for (NewAsset& asset : outcome.result->assets) {
    asset.name = text(asset.name);
    asset.media_type = text(asset.media_type);
  }
}

std::string MaskedStream::take(std::string_view piece) {
  kept_ += piece;
  const std::string small = folded(kept_);
  // The longest end of it that a value may begin with.
  std::size_t whole = kept_.size();
  for (const std::string& shape : mask_.shapes_)
    for (std::size_t at = kept_.size() - std::min(kept_.size(), shape.size() - 1); at < whole; ++at)
      if (shape.starts_with(std::string_view(small).substr(at))) {
        whole = at;
        break;
      }
  auto spans = mask_.find(kept_);
  while (!spans.empty() && spans.back().end > whole) {
    whole = std::min(whole, spans.back().begin);
    spans.pop_back();
  }
  std::string shown = SecretMask::masked(std::string_view(kept_).substr(0, whole), spans);
  kept_.erase(0, whole);
  return shown;
}

std::string MaskedStream::take_rest() {
  const std::string rest = std::exchange(kept_, {});
  return SecretMask::masked(rest, mask_.find(rest));
}

}  // namespace troupe
