#include "audit/record.hpp"

#include <algorithm>
#include <charconv>

#include "codec/utf8.hpp"
#include "crypto/hash.hpp"

namespace troupe {
namespace {

/// Names and actions hardly ever hold anything that JSON escapes.
void append_string(std::string& out, std::string_view text) {
  if (plain_json_prefix(text) < text.size()) {
    out += canonical_json(Json(text));
    return;
  }
  out += '"';
  out += text;
  out += '"';
}

/// Details may quote what a program printed, which need not be UTF-8; a record must be. Whatever is not stands within a
/// JSON string, so that the line can be mended as a whole.
void mend_utf8(std::string& out, std::size_t from) {
  const std::string_view record = std::string_view(out).substr(from);
  if (is_ascii(record) || find_invalid_utf8(record) == std::string_view::npos) return;
  const auto mended = parse_json(to_text(Json(record)));
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
  constexpr std::size_t kUsualBytes = 160;  // spares the pieces their growing
  for (std::string* piece : {&after_action_, &after_duration_, &after_prev_hash_}) piece->reserve(kUsualBytes);

  after_action_ = ",\"actor\":";
  append_string(after_action_, frame.actor);
  after_action_ += ",\"at\":\"";
  after_action_ += format_rfc3339(at);
  after_action_ += "\",\"client_id\":";
  append_string(after_action_, frame.client_id);
  after_action_ += ",\"details\":";

  if (frame.job) {
    after_duration_ += ",\"job_id\":\"";
    after_duration_ += to_string(*frame.job);
    after_duration_ += '"';
  }
  after_duration_ += ",\"node\":";
  append_string(after_duration_, frame.node);
  after_duration_ += ",\"prev_hash\":\"";

  after_prev_hash_ = '"';
  if (frame.run) {
    after_prev_hash_ += ",\"run_id\":\"";
    after_prev_hash_ += to_string(*frame.run);
    after_prev_hash_ += '"';
  }
  after_prev_hash_ += ",\"seq\":";
}

void RecordWriter::write(std::string& out, const RecordDraft& draft, std::uint64_t seq, const Digest& prev_hash) const {
  const std::size_t begin = out.size();
  out += "{\"action\":";
  append_string(out, draft.action);
  out += after_action_;
  out += draft.details.empty() ? "{}" : canonical_json(draft.details);
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

std::vector<Digest> record_hashes(std::string_view records) {
  std::vector<Digest> hashes;
  while (!records.empty()) {
    const std::string_view stored = records.substr(0, records.find('\n'));
    records.remove_prefix(std::min(records.size(), stored.size() + 1));
    if (const auto link = read_link(stored)) hashes.push_back(record_hash(link->prev_hash, stored));
  }
  return hashes;
}

Digest record_hash(const Digest& prev_hash, std::string_view stored) { return sha256(as_view(prev_hash), stored); }

}  // namespace troupe
