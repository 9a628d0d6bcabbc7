#include "backup/rows_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "blob/file/posix_file.hpp"

namespace troupe::backup {
namespace {

constexpr std::size_t kBufferBytes = 1 << 20;
constexpr std::size_t kRowBytesMax = 1 << 30;
constexpr std::uint32_t kAbsent = 0xFFFFFFFF;

void append_number(std::string& to, std::uint64_t value, int bytes) {
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) to += static_cast<char>(value >> shift);
}

/// Reads a file from its beginning to its end.
class PartReader {
 public:
  static Result<PartReader> open(const std::string& path) {
    Fd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file && errno == ENOENT) return Error{ErrorCode::not_found, path + " is missing", false, {}};
    if (!file) return file_error("open", path);
    return PartReader(std::move(file), path);
  }

  /// The next bytes, exactly so many; fewer only where the file ends. Valid until the next call.
  Result<std::string_view> next(std::size_t bytes) {
    if (buffer_.size() - place_ < bytes) {
      buffer_.erase(0, place_);
      place_ = 0;
      if (auto filled = fill(std::max(bytes, kBufferBytes)); !filled) return filled.error();
    }
    const std::string_view piece = std::string_view(buffer_).substr(place_, bytes);
    place_ += piece.size();
    return piece;
  }

 private:
  PartReader(Fd file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}

  Result<Done> fill(std::size_t bytes) {
    std::size_t have = buffer_.size();
    buffer_.resize(std::max(bytes, have));
    while (have < buffer_.size()) {
      const ssize_t got = ::read(file_.get(), buffer_.data() + have, buffer_.size() - have);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return file_error("read", path_);
      if (got == 0) break;
      have += static_cast<std::size_t>(got);
    }
    buffer_.resize(have);
    return Done{};
  }

  Fd file_;
  std::string path_, buffer_;
  std::size_t place_ = 0;
};

/// Takes a row's fields apart.
class RowDecoder {
 public:
  explicit RowDecoder(std::string_view bytes) : left_(bytes) {}

  std::optional<Cell> cell(FieldType type) {
    switch (type) {
      case FieldType::uuid: return bytes(16);
      case FieldType::integer: {
        const auto value = number(8);
        return value ? std::optional(Cell{false, static_cast<std::int64_t>(*value), {}}) : std::nullopt;
      }
      case FieldType::text:
      case FieldType::bytes: {
        const auto size = number(4);
        if (!size) return std::nullopt;
        return *size == kAbsent ? Cell{true, 0, {}} : bytes(static_cast<std::size_t>(*size));
      }
    }
    return std::nullopt;
  }
  bool at_end() const { return left_.empty(); }

  std::optional<std::uint64_t> number(std::size_t size) {
    if (left_.size() < size) return std::nullopt;
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < size; ++i) value = (value << 8) | static_cast<std::uint8_t>(left_[i]);
    left_.remove_prefix(size);
    return value;
  }

 private:
  std::optional<Cell> bytes(std::size_t size) {
    if (left_.size() < size) return std::nullopt;
    const Cell cell{false, 0, left_.substr(0, size)};
    left_.remove_prefix(size);
    return cell;
  }

  std::string_view left_;
};

bool decode_row(std::string_view bytes, const TableSchema& table, std::vector<Cell>& cells) {
  RowDecoder decoder(bytes);
  cells.clear();
  for (const FieldSchema& field : table.fields) {
    const auto cell = decoder.cell(field.type);
    if (!cell) return false;
    cells.push_back(*cell);
  }
  return decoder.at_end();
}

}  // namespace

Result<PartWriter> PartWriter::create(const std::string& path) {
  Fd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!file) return file_error("make", path);
  return PartWriter(std::move(file), path);
}

Result<Done> PartWriter::write(std::string_view bytes) {
  waiting_ += bytes;
  return waiting_.size() < kBufferBytes ? Result<Done>(Done{}) : flush();
}

Result<PartInfo> PartWriter::finish() {
  if (auto flushed = flush(); !flushed) return flushed.error();
  if (auto durable = sync_file(file_, path_); !durable) return durable.error();
  return PartInfo{bytes_, hash_.finish()};
}

Result<Done> PartWriter::flush() {
  hash_.update(waiting_);
  bytes_ += waiting_.size();
  auto written = write_all(file_, waiting_, path_);
  waiting_.clear();
  return written;
}

Result<PartInfo> measure_part(const std::string& path) {
  auto reader = PartReader::open(path);
  if (!reader) return reader.error();
  PartInfo info;
  Sha256 hash;
  for (;;) {
    const auto piece = reader->next(kBufferBytes);
    if (!piece) return piece.error();
    hash.update(*piece);
    info.bytes += piece->size();
    if (piece->size() < kBufferBytes) break;
  }
  info.sha256 = hash.finish();
  return info;
}

Result<Done> append_row(std::string& to, const TableSchema& table, RowCells row) {
  const std::size_t start = to.size();
  append_number(to, 0, 4);
  for (std::size_t i = 0; i < row.size(); ++i) {
    const Cell& cell = row[i];
    const FieldType type = table.fields[i].type;
    if (type == FieldType::integer) {
      append_number(to, static_cast<std::uint64_t>(cell.integer), 8);
      continue;
    }
    if (type != FieldType::uuid) append_number(to, cell.absent ? kAbsent : cell.bytes.size(), 4);
    to += cell.bytes;
  }
  const std::size_t size = to.size() - start - 4;
  if (size > kRowBytesMax)
    return Error{ErrorCode::store_refused, "table " + table.name + ": a row is larger than 1 GiB", false, {}};
  std::string prefix;
  append_number(prefix, size, 4);
  to.replace(start, 4, prefix);
  return Done{};
}

Result<std::uint64_t> read_rows(const std::string& path, const TableSchema& table,
                                const std::function<Result<Done>(RowCells)>& each) {
  auto reader = PartReader::open(path);
  if (!reader) return reader.error();
  std::vector<Cell> cells;
  for (std::uint64_t rows = 0;; ++rows) {
    const auto damaged = [&] {
      return Error{ErrorCode::store_corrupt, path + ": row " + std::to_string(rows + 1) + " cannot be read", false, {}};
    };
    const auto prefix = reader->next(4);
    if (!prefix) return prefix.error();
    if (prefix->empty()) return rows;
    const auto size = RowDecoder(*prefix).number(4);
    if (!size || *size > kRowBytesMax) return damaged();
    const auto bytes = reader->next(static_cast<std::size_t>(*size));
    if (!bytes) return bytes.error();
    if (bytes->size() != *size || !decode_row(*bytes, table, cells)) return damaged();
    if (auto taken = each(cells); !taken) return taken.error();
  }
}

}  // namespace troupe::backup
