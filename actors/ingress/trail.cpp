// The audit trail: pages of records, and verification.
#include <charconv>

#include "actors/ingress/node_gateway.hpp"
#include "actors/node/blocking_pool.hpp"
#include "audit/chain.hpp"
#include "codec/json.hpp"

namespace troupe {
namespace {

/// Where a page of the trail goes on: after this record.
///   a job's chain        "seq"
///   all of a shard       "shard.transaction.position.index"
struct ShardPlace {
  ShardId shard = 0;
  std::uint64_t transaction = 0;
  std::uint32_t position = 0;
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

/// Shard after shard, each in the order of its transactions: oldest first, so that a follower can go on from the cursor.
Result<AuditPage> page_of_all(StoreReader& reader, const AuditQuery& query) {
  ShardPlace place;
  std::uint64_t skip = 0;  // records of the row at `place` that were shown already
  if (!query.cursor.empty()) {
    const auto numbers = parse_numbers(query.cursor);
    if (!numbers || numbers->size() != 4 || (*numbers)[0] >= kShardCount) return bad_cursor();
    place = {static_cast<ShardId>((*numbers)[0]), (*numbers)[1], static_cast<std::uint32_t>((*numbers)[2])};
    skip = (*numbers)[3];
  }
  AuditPage page;
  constexpr std::size_t kRows = 500;
  bool inside = skip > 0;
  for (; place.shard < kShardCount; place = {static_cast<ShardId>(place.shard + 1), 0, 0}, inside = false) {
    for (;;) {
      // A cursor inside a row reads that row again: journal_of_shard gives what comes after a place.
      const bool again = inside && place.position > 0;
      const auto rows = inside ? reader.journal_of_shard(place.shard, again ? place.transaction : place.transaction - 1,
                                                         again ? place.position - 1 : UINT32_MAX, kRows)
                               : reader.journal_of_shard(place.shard, place.transaction, place.position, kRows);
      if (!rows) return rows.error();
      for (const JournalRow& row : *rows) {
        const std::uint64_t shown = inside ? skip : 0;
        inside = false;
        const bool goes_on = for_each_record(row, [&](std::string_view line, std::uint32_t index) {
          if (index < shown) return true;
          const auto record = parse_json(line);
          if (record && !matches(query, *record)) return true;
          if (page.records.size() == static_cast<std::size_t>(query.limit)) {
            page.next_cursor = std::to_string(place.shard) + '.' + std::to_string(row.transaction) + '.' +
                               std::to_string(row.position) + '.' + std::to_string(index);
            if (index == 0)
              page.next_cursor = std::to_string(place.shard) + '.' + std::to_string(place.transaction) + '.' +
                                 std::to_string(place.position) + ".0";
            return false;
          }
          page.records.push_back(shown_record(line));
          return true;
        });
        if (!goes_on) return page;
        place.transaction = row.transaction;
        place.position = row.position;
      }
      if (rows->size() < kRows) break;
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
