// What packing costs and saves (store/sql/journal_bytes.hpp): the journal rows of a real store, by zstd's level, with
// the dictionary and with its content alone; and at last as they are packed.
//
//   bench_journal_bytes URL            sqlite:PATH, postgresql://…: of a server that has done some work
#include <zstd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "store/open.hpp"
#include "store_sql/journal_bytes.hpp"
#include "store_sql/journal_dictionary.hpp"
#include "troupe/base/assert.hpp"

namespace {

using namespace troupe;

constexpr std::size_t kRows = 20'000;
constexpr int kRounds = 5;

/// Rows of the same kind: an accepted job's, or later ones.
struct Rows {
  const char* name;
  std::vector<std::string> records;
};

/// Of the quickest round, a row: nanoseconds, and the bytes that `work` gives.
struct Cost {
  double nanoseconds = 1e12, bytes = 0;
};

Cost cost_of(const std::vector<std::string>& rows, const std::function<std::size_t(const std::string&)>& work) {
  Cost cost;
  for (int round = 0; round < kRounds; ++round) {
    std::size_t bytes = 0;
    const auto start = std::chrono::steady_clock::now();
    for (const std::string& row : rows) bytes += work(row);
    const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
    const auto count = static_cast<double>(rows.size());
    cost = {std::min(cost.nanoseconds, took.count() / count), static_cast<double>(bytes) / count};
  }
  return cost;
}

void print(const char* kind, const std::string& way, const Cost& cost) {
  std::printf("%-9s %-32s %6.0f bytes %7.0f ns\n", kind, way.c_str(), cost.bytes, cost.nanoseconds);
}

void print_levels(const Rows& rows, const std::string& dictionary, const std::string& name) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  std::string frame(ZSTD_compressBound(store::kPackedRecordsMax), '\0');
  for (const int level : {-5, -3, -1, 1, 2, 3, 5, 9}) {
    ZSTD_CDict* digested = ZSTD_createCDict(dictionary.data(), dictionary.size(), level);
    ZSTD_CCtx_refCDict(context, digested);
    ZSTD_CCtx_setParameter(context, ZSTD_c_dictIDFlag, 0);
    const Cost cost = cost_of(rows.records, [&](const std::string& row) {
      return ZSTD_compress2(context, frame.data(), frame.size(), row.data(), row.size());
    });
    print(rows.name, name + ", level " + std::to_string(level), cost);
    ZSTD_freeCDict(digested);
  }
  ZSTD_freeCCtx(context);
}

void print_all(const Rows& rows) {
  print(rows.name, "plain", {0, cost_of(rows.records, [](const std::string& row) { return row.size(); }).bytes});
  const std::string dictionary = store::journal_dictionary();
  print_levels(rows, dictionary, "dictionary");
  print_levels(rows, dictionary.substr(dictionary.find('{')), "content alone");
  print(rows.name, "packed", cost_of(rows.records, [](const auto& row) { return store::pack_records(row).size(); }));
  std::vector<std::string> packed;
  for (const std::string& row : rows.records) packed.emplace_back(store::pack_records(row));
  print(rows.name, "unpacked", cost_of(packed, [](const auto& row) { return store::unpack_records(row).size(); }));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr, "usage: bench_journal_bytes URL\n");
    return 2;
  }
  const auto store = open_store(argv[1]).value();
  const auto reader = store->reader(1).value();
  JournalQuery query;
  query.rows = kRows;
  const auto found = reader->journal(query);
  TROUPE_ASSERT(found.ok(), found.error().message.c_str());
  Rows accepted{"accepted", {}}, later{"later", {}};
  for (const JournalRow& row : *found)
    (row.records.find("job.accepted") != std::string::npos ? accepted : later).records.push_back(row.records);
  for (const Rows* rows : {&accepted, &later})
    if (!rows->records.empty()) print_all(*rows);
  return 0;
}
