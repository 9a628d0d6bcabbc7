// The audit trail: pages of records, and verification.
#include <charconv>

#include "actors/ingress/node_gateway.hpp"
#include "audit/chain.hpp"
#include "codec/json.hpp"

namespace troupe {
namespace {

/// The last record that a page of everything showed. Its cursor is "shard.transaction.position.index"; that of a job's
/// page is the seq alone.
struct TrailPlace {
  ShardId shard = 0;
  std::uint64_t transaction = 0;
  std::uint32_t position = 0;
  std::uint32_t index = 0;  ///< within the journal row

  std::string text() const {
    return std::to_string(shard) + '.' + std::to_string(transaction) + '.' + std::to_string(position) + '.' +
           std::to_string(index);
  }
};

std::optional<std::vector<std::uint64_t>> parse_numbers(std::string_view text) {
  std::vector<std::uint64_t> numbers;
  while (!text.empty()) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || (end != text.data() + text.size() && *end != '.')) return std::nullopt;
    numbers.push_back(number);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (!text.empty()) text.remove_prefix(1);
  }
  return numbers;
}

Error bad_cursor() { return {ErrorCode::invalid_cursor, "the cursor is not one this server gave out", false, {}}; }

bool matches(const AuditQuery& query, const Json& record) {
  if (!query.action.empty() && record.value("action", "") != query.action) return false;
  if (!query.client_id.empty() && record.value("client_id", "") != query.client_id) return false;
  if (!query.actor.empty() && record.value("actor", "") != query.actor) return false;
  if (!query.after && !query.before) return true;
  const auto at = parse_rfc3339(record.value("at", ""));
  if (!at) return false;
  return (!query.after || *at > *query.after) && (!query.before || *at < *query.before);
}

/// Calls `visit(line, index)` for each record of a row; it returns false to stop.
template <class Visit>
bool for_each_record(const JournalRow& row, Visit visit) {
  std::string_view rest = row.records;
  for (std::uint32_t index = 0; !rest.empty(); ++index) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    if (!visit(line, index)) return false;
  }
  return true;
}

Result<AuditPage> page_of_job(StoreReader& reader, const AuditQuery& query) {
  std::uint64_t after = 0;
  if (!query.cursor.empty()) {
    const auto numbers = parse_numbers(query.cursor);
    if (!numbers || numbers->size() != 1) return bad_cursor();
    after = (*numbers)[0];
  }
  AuditPage page;
  JournalQuery journal;
  journal.chain = query.job->as<ChainId>();
  journal.from_seq = after + 1;
  for (;;) {
    const auto rows = reader.journal(journal);
    if (!rows) return rows.error();
    for (const JournalRow& row : *rows) {
      const bool goes_on = for_each_record(row, [&](std::string_view line, std::uint32_t index) {
        const std::uint64_t seq = row.first_seq + index;
        if (seq <= after) return true;
        const auto record = parse_json(line);
        if (record && !matches(query, *record)) return true;
        if (page.records.size() == static_cast<std::size_t>(query.limit)) {
          page.next_cursor = std::to_string(seq - 1);
          return false;
        }
        page.records.push_back(shown_record(line));
        return true;
      });
      if (!goes_on) return page;
    }
    if (rows->size() < journal.rows) return page;
    journal.from_seq = rows->back().first_seq + rows->back().count;
  }
}

/// Rows from the place's own on (the port gives what comes after a place).
Result<std::vector<JournalRow>> rows_from(StoreReader& reader, const TrailPlace& place, std::size_t rows) {
  constexpr std::uint32_t kLastPosition = INT32_MAX;
  if (place.transaction == 0) return reader.journal_of_shard(place.shard, 0, 0, rows);
  if (place.position == 0) return reader.journal_of_shard(place.shard, place.transaction - 1, kLastPosition, rows);
  return reader.journal_of_shard(place.shard, place.transaction, place.position - 1, rows);
}

/// Shard after shard, each in the order of its transactions: oldest first, so that a follower can go on from the cursor.
Result<AuditPage> page_of_all(StoreReader& reader, const AuditQuery& query) {
  constexpr std::size_t kRows = 500;
  TrailPlace last;     // shown, or passed over
  bool fresh = true;   // nothing of this shard was seen yet
  if (!query.cursor.empty()) {
    const auto numbers = parse_numbers(query.cursor);
    if (!numbers || numbers->size() != 4 || (*numbers)[0] >= kShardCount) return bad_cursor();
    last = {static_cast<ShardId>((*numbers)[0]), (*numbers)[1], static_cast<std::uint32_t>((*numbers)[2]),
            static_cast<std::uint32_t>((*numbers)[3])};
    fresh = last.transaction == 0;
  }
  AuditPage page;
  for (; last.shard < kShardCount; last = {static_cast<ShardId>(last.shard + 1), 0, 0, 0}, fresh = true) {
    for (std::size_t read = kRows; read == kRows;) {
      const auto rows = rows_from(reader, last, kRows);
      if (!rows) return rows.error();
      read = rows->size();
      for (const JournalRow& row : *rows) {
        const bool same_row = !fresh && row.transaction == last.transaction && row.position == last.position;
        const bool goes_on = for_each_record(row, [&](std::string_view line, std::uint32_t index) {
          if (same_row && index <= last.index) return true;
          const auto record = parse_json(line);
          const bool wanted = !record || matches(query, *record);
          if (wanted && page.records.size() == static_cast<std::size_t>(query.limit)) return false;
          last = {last.shard, row.transaction, row.position, index};
          fresh = false;
          if (wanted) page.records.push_back(shown_record(line));
          return true;
        });
        if (!goes_on) {
          page.next_cursor = last.text();
          return page;
        }
      }
    }
  }
  return page;
}

}  // namespace

void NodeGateway::audit(const Caller& caller, AuditQuery query, Reply<AuditPage> reply) {
  if (caller.client_id) query.client_id = *caller.client_id;
  read<AuditPage>(reply, [this, caller, query = std::move(query)]() -> Result<AuditPage> {
    if (!query.job) return page_of_all(node_.reader, query);
    JobRef ref;
    ref.id = query.job;
    if (const auto row = find_job(caller, ref); !row) return row.error();
    return page_of_job(node_.reader, query);
  });
}

void NodeGateway::verify_audit(const Caller& caller, std::optional<JobId> job, Reply<AuditVerdict> reply) {
  read<AuditVerdict>(reply, [this, caller, job]() -> Result<AuditVerdict> {
    if (job) {
      JobRef ref;
      ref.id = job;
      if (const auto row = find_job(caller, ref); !row) return row.error();
    }
    const auto report = job ? verify_job(node_.reader, *job) : verify_store(node_.reader);
    if (!report) return report.error();
    return AuditVerdict{report->whole, report->chains, report->records, report->chain, report->seq, report->fault};
  });
}

}  // namespace troupe
