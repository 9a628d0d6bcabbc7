// A stored audit record, looked into without building a tree of it: for events, which are made of every record while
// anyone watches.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

/// The parts that events tell. All text is valid until the reader's next read().
struct RecordView {
  std::uint64_t seq = 0;
  std::string_view action;
  std::string_view at;
  std::string_view run_id;                                             ///< empty on a shard's own chain
  std::vector<std::pair<std::string_view, std::string_view>> details;  ///< member names, and their values as JSON text
};

/// Not thread-safe; keeps its memory from record to record.
class RecordReader {
 public:
  RecordReader();
  ~RecordReader();

  /// Null if the bytes are no record.
  const RecordView* read(std::string_view stored);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  RecordView record_;
};

}  // namespace troupe
