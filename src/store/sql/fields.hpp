// How the fields of a row go into and come out of a database, one after another: sinks take them (bound parameters in
// SQLite, array columns in PostgreSQL), the source gives them back. tables.hpp says which rows have which fields.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "troupe/base/bytes.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/time.hpp"

namespace troupe::store {

using Uuid = std::array<std::uint8_t, 16>;

/// Takes fields in the order of the table's list. Only fields of type bytes may be absent.
class FieldSink {
 public:
  virtual ~FieldSink() = default;
  virtual void uuid(const Uuid& value) = 0;
  virtual void integer(std::int64_t value) = 0;
  virtual void text(std::string_view value) = 0;
  virtual void bytes(std::optional<std::string_view> value) = 0;

  template <class Tag>
  void id(const Id<Tag>& value) { uuid(value.bytes); }
  void unsigned_integer(std::uint64_t value) { integer(static_cast<std::int64_t>(value)); }
  void time(Timestamp value) { integer(to_unix_ms(value)); }
  void digest(const Digest& value) { bytes(as_view(value)); }
  void digest(const std::optional<Digest>& value) {
    bytes(value ? std::optional<std::string_view>(as_view(*value)) : std::nullopt);
  }
  void document(const Document& value) {
    bytes(value.present() ? std::optional<std::string_view>(value.view()) : std::nullopt);
  }
};

/// One row of a result, by column.
class RowView {
 public:
  virtual ~RowView() = default;
  virtual bool absent(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual std::string_view bytes(int column) const = 0;  ///< of text, bytes and uuid
};

/// Gives the fields of one row in order. What does not fit (an id that is not 16 bytes) makes it unsound.
class FieldSource {
 public:
  explicit FieldSource(const RowView& row) : row_(row) {}

  template <class AnyId>
  AnyId id() {
    AnyId value;
    fill(value.bytes.data(), value.bytes.size());
    return value;
  }
  template <class Integer>
  Integer integer() { return static_cast<Integer>(row_.integer(column_++)); }
  template <class Enum>
  Enum enumerator(Enum last) {
    const std::int64_t value = row_.integer(column_++);
    if (value < 0 || value > static_cast<std::int64_t>(last)) sound_ = false;
    return sound_ ? static_cast<Enum>(value) : Enum{};
  }
  Timestamp time() { return from_unix_ms(row_.integer(column_++)); }
  std::string text() { return std::string(row_.bytes(column_++)); }
  Document document() {
    const int column = column_++;
    return row_.absent(column) ? Document() : Document(std::string(row_.bytes(column)));
  }
  Digest digest() {
    Digest value{};
    fill(value.data(), value.size());
    return value;
  }
  std::optional<Digest> optional_digest() {
    if (row_.absent(column_)) return ++column_, std::nullopt;
    return digest();
  }
  bool next_absent() const { return row_.absent(column_); }
  bool sound() const { return sound_; }

 private:
  void fill(std::uint8_t* to, std::size_t size) {
    const std::string_view stored = row_.bytes(column_++);
    if (stored.size() != size) sound_ = false;
    else std::memcpy(to, stored.data(), size);
  }

  const RowView& row_;
  int column_ = 0;
  bool sound_ = true;
};

}  // namespace troupe::store
