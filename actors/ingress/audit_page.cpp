#include "actors/ingress/audit_page.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "audit/chain.hpp"
#include "codec/json.hpp"

namespace troupe {
namespace {

Error bad_cursor() { return {ErrorCode::invalid_cursor, "the cursor is not one this server gave out", false, {}}; }

/// One record of a journal row: its line, and what the filters look at.
struct Entry {
  std::string line;
  std::string at, action, client_id, actor;
};

Entry read_entry(std::string_view line) {
  Entry entry{std::string(line), {}, {}, {}, {}};
  if (const auto record = parse_json(line); record && record->is_object()) {
    entry.at = record->value("at", "");
    entry.action = record->value("action", "");
    entry.client_id = record->value("client_id", "");
    entry.actor = record->value("actor", "");
  }
  return entry;
}

bool matches(const AuditQuery& query, const Entry& entry) {
  if (!query.action.empty() && entry.action != query.action) return false;
  if (!query.client_id.empty() && entry.client_id != query.client_id) return false;
  if (!query.actor.empty() && entry.actor != query.actor) return false;
  if (!query.after && !query.before) return true;
  const auto at = parse_rfc3339(entry.at);
  return at && (!query.after || *at > *query.after) && (!query.before || *at < *query.before);
}

std::vector<Entry> entries_of(const JournalRow& row) {
  std::vector<Entry> entries;
  for (std::string_view rest = row.records; !rest.empty();) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    entries.push_back(read_entry(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return entries;
}

bool is_full(const AuditPage& page, const AuditQuery& query) {
  return page.records.size() == static_cast<std::size_t>(query.limit);
}

// --- one shard, backwards --------------------------------------------------------------------------------------------

/// All records at and above it were shown or passed over: row (transaction, position), of whose records `left` remain.
struct Place {
  std::uint64_t transaction = INT64_MAX;
  std::uint64_t position = 0;
  std::uint64_t left = 0;
};

class ShardBackwards {
 public:
  ShardBackwards(StoreReader& reader, ShardId shard, Place place) : reader_(reader), shard_(shard), place_(place) {}

  /// The newest record not taken yet; null at the beginning of the shard.
  Result<const Entry*> newest() {
    while (place_.left == 0 || entries_.empty()) {
      if (next_ == rows_.size()) {
        if (at_start_) return nullptr;
        if (const auto read = read_rows(); !read) return read.error();
        continue;
      }
      const JournalRow& row = rows_[next_++];
      entries_ = entries_of(row);
      const bool goes_on = row.transaction == place_.transaction && row.position == place_.position;
      place_ = {row.transaction, row.position,
                goes_on ? std::min<std::uint64_t>(place_.left, entries_.size()) : entries_.size()};
    }
    return &entries_[place_.left - 1];
  }
  void take() { --place_.left; }

  const Place& place() const { return place_; }

 private:
  static constexpr std::size_t kRows = 64;

  Result<Done> read_rows() {
    // A row of which records are left is read once more.
    const std::uint64_t position = place_.position + (place_.left > 0 && entries_.empty() ? 1 : 0);
    auto rows =
        reader_.journal_of_shard_before(shard_, place_.transaction, static_cast<std::uint32_t>(position), kRows);
    if (!rows) return rows.error();
    rows_ = *std::move(rows);
    next_ = 0;
    at_start_ = rows_.size() < kRows;
    return Done{};
  }

  StoreReader& reader_;
  const ShardId shard_;
  Place place_;
  std::vector<JournalRow> rows_;  // newest first
  std::size_t next_ = 0;
  bool at_start_ = false;       // nothing lies before `rows_`
  std::vector<Entry> entries_;  // of the row at `place_`, in the order of the chain
};

using Places = std::array<Place, kShardCount>;

/// "transaction.position.left" of each shard, '-' between them; empty for a shard of which nothing was seen.
std::string to_text(const Places& places) {
  std::string text;
  for (const Place& place : places) {
    if (&place != places.data()) text += '-';
    if (place.transaction == INT64_MAX) continue;
    text += std::to_string(place.transaction) + '.' + std::to_string(place.position) + '.' + std::to_string(place.left);
  }
  return text;
}

bool take_number(std::string_view& text, char end, std::uint64_t most, std::uint64_t& number) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number > most) return false;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()));
  if (end == '\0') return text.empty();
  if (!text.starts_with(end)) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<Places> parse_places(std::string_view text) {
  Places places;
  for (std::size_t shard = 0; shard < places.size(); ++shard) {
    const std::size_t end = text.find('-');
    if ((end == std::string_view::npos) != (shard + 1 == places.size())) return std::nullopt;
    std::string_view piece = text.substr(0, end);
    Place& place = places[shard];
    if (!piece.empty() &&
        !(take_number(piece, '.', INT64_MAX - 1, place.transaction) &&
          take_number(piece, '.', INT32_MAX - 1, place.position) && take_number(piece, '\0', INT32_MAX, place.left)))
      return std::nullopt;
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return places;
}

}  // namespace

Result<AuditPage> audit_page_of_all(StoreReader& reader, const AuditQuery& query) {
  Places places;
  if (!query.cursor.empty()) {
    const auto parsed = parse_places(query.cursor);
    if (!parsed) return bad_cursor();
    places = *parsed;
  }
  std::vector<ShardBackwards> shards;
  for (ShardId shard = 0; shard < kShardCount; ++shard) shards.emplace_back(reader, shard, places[shard]);

  AuditPage page;
  for (;;) {
    ShardBackwards* latest = nullptr;
    const Entry* newest = nullptr;
    for (ShardBackwards& shard : shards) {
      const auto entry = shard.newest();
      if (!entry) return entry.error();
      if (!*entry || (newest && (*entry)->at <= newest->at)) continue;  // `at` is of one width: it sorts as text
      latest = &shard;
      newest = *entry;
    }
    if (!newest) return page;
    if (matches(query, *newest)) {
      if (is_full(page, query)) break;
      page.records.push_back(shown_record(newest->line));
    }
    latest->take();
  }
  std::transform(shards.begin(), shards.end(), places.begin(),
                 [](const ShardBackwards& shard) { return shard.place(); });
  page.next_cursor = to_text(places);
  return page;
}

Result<AuditPage> audit_page_of_job(StoreReader& reader, const AuditQuery& query) {
  std::uint64_t cursor = query.newest_first ? INT64_MAX : 0;  // the seq shown last
  if (!query.cursor.empty()) {
    std::string_view text = query.cursor;
    if (!take_number(text, '\0', INT64_MAX, cursor)) return bad_cursor();
  }
  // A chain is short (its run is bounded), so newest first reads it whole as well.
  std::vector<std::pair<std::uint64_t, std::string>> found;
  JournalQuery journal;
  journal.chain = query.job->as<ChainId>();
  journal.from_seq = query.newest_first ? 0 : cursor + 1;
  const std::size_t enough = query.newest_first ? SIZE_MAX : static_cast<std::size_t>(query.limit) + 1;
  for (bool more = true; more && found.size() < enough;) {
    const auto rows = reader.journal(journal);
    if (!rows) return rows.error();
    for (const JournalRow& row : *rows) {
      std::uint64_t seq = row.first_seq;
      for (Entry& entry : entries_of(row)) {
        const bool beyond = query.newest_first ? seq < cursor : seq > cursor;
        if (beyond && matches(query, entry)) found.emplace_back(seq, std::move(entry.line));
        ++seq;
      }
    }
    more = rows->size() == journal.rows;
    if (more) journal.from_seq = rows->back().first_seq + rows->back().count;
  }
  if (query.newest_first) std::reverse(found.begin(), found.end());

  AuditPage page;
  for (const auto& [seq, line] : found) {
    if (is_full(page, query)) {
      page.next_cursor = std::to_string(cursor);
      break;
    }
    page.records.push_back(shown_record(line));
    cursor = seq;
  }
  return page;
}

}  // namespace troupe
