#include "audit/record.hpp"

#include <algorithm>
#include <charconv>

#include "crypto/hash.hpp"

namespace troupe {
namespace {

std::string json_string(std::string_view text) { return canonical_json(Json(text)); }

/// Details may quote what a program printed, which need not be UTF-8; a record must be. Whatever is not stands within a
/// JSON string, so that the line can be mended as a whole.
void mend_utf8(std::string& out, std::size_t from) {
  const auto begin = out.begin() + static_cast<std::ptrdiff_t>(from);
  const bool ascii = std::all_of(begin, out.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
  if (ascii) return;
  const auto mended = parse_json(to_text(Json(out.substr(from))));
  out.replace(from, std::string::npos, mended->get_ref<const std::string&>());
}

void append_number(std::string& out, std::int64_t number) {
  char digits[24];
  out.append(digits, std::to_chars(digits, digits + sizeof digits, number).ptr);
}

}  // namespace

// A Json tree of the whole record would cost more than all else that a commit does for its audit: the frame is written
// as text, its members in the order that RFC 8785 wants.
RecordWriter::RecordWriter(const RecordFrame& frame, Timestamp at) {
  after_action_ = ",\"actor\":" + json_string(frame.actor) + ",\"at\":\"" + format_rfc3339(at) +
                  "\",\"client_id\":" + json_string(frame.client_id) + ",\"details\":";
  if (frame.job) after_duration_ = ",\"job_id\":\"" + to_string(*frame.job) + '"';
  after_duration_ += ",\"node\":" + json_string(frame.node) + ",\"prev_hash\":\"";
  after_prev_hash_ = frame.run ? "\",\"run_id\":\"" + to_string(*frame.run) + "\",\"seq\":" : "\",\"seq\":";
}

void RecordWriter::write(std::string& out, const RecordDraft& draft, std::uint64_t seq, const Digest& prev_hash) const {
  const std::size_t begin = out.size();
  out += "{\"action\":";
  out += json_string(draft.action);
  out += after_action_;
  out += canonical_json(draft.details);
  if (draft.duration) {
    out += ",\"duration_ms\":";
    append_number(out, draft.duration->count());
  }
  out += after_duration_;
  out += to_hex(prev_hash);
  out += after_prev_hash_;
  append_number(out, static_cast<std::int64_t>(seq));
  out += '}';
  mend_utf8(out, begin);
}

std::optional<ChainLink> read_link(std::string_view stored) {
  const auto record = parse_json(stored);
  if (!record.ok() || !record->is_object()) return std::nullopt;
  const auto seq = record->find("seq"), prev_hash = record->find("prev_hash"), job = record->find("job_id");
  if (seq == record->end() || !seq->is_number_unsigned()) return std::nullopt;
  if (prev_hash == record->end() || !prev_hash->is_string()) return std::nullopt;
  const auto digest = digest_from_hex(prev_hash->get_ref<const std::string&>());
  if (!digest) return std::nullopt;

  ChainLink link{seq->get<std::uint64_t>(), *digest, std::nullopt};
  if (job == record->end()) return link;
  if (!job->is_string()) return std::nullopt;
  link.job = parse_id<ChainId>(job->get_ref<const std::string&>());
  return link.job ? std::optional(link) : std::nullopt;
}

Digest record_hash(const Digest& prev_hash, std::string_view stored) { return sha256(as_view(prev_hash), stored); }

}  // namespace troupe
