#include "store_sql/journal_bytes.hpp"

#include <zstd.h>

#include <memory>
#include <vector>

#include "store_sql/journal_dictionary.hpp"
#include "troupe/base/assert.hpp"

namespace troupe::store {
namespace {

constexpr char kPacked = 0x01;
constexpr std::string_view kMagic = "\x28\xB5\x2F\xFD";

// An accepted job's row of 555 bytes becomes 123 in 0.9 us, its end's of 783 becomes 162 in 1.1. Level -3 takes 0.3 us
// less, but leaves digits uncompressed (170 and 231 bytes); level 3 saves 2 % for 0.3 us more, level 5 7 % for 5 us.
constexpr int kLevel = 1;

struct Free {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

/// Digested once and shared: zstd does not change it. It is never freed: threads may outlive what is static.
const ZSTD_CDict* packing_dictionary() {
  static const ZSTD_CDict* const dictionary = [] {
    const std::string bytes = journal_dictionary();
    return ZSTD_createCDict(bytes.data(), bytes.size(), kLevel);
  }();
  return dictionary;
}

const ZSTD_DDict* unpacking_dictionary() {
  static const ZSTD_DDict* const dictionary = [] {
    const std::string bytes = journal_dictionary();
    return ZSTD_createDDict(bytes.data(), bytes.size());
  }();
  return dictionary;
}

class Packer {
 public:
  Packer() {
    const auto set = [&](ZSTD_cParameter parameter, int value) {
      TROUPE_ASSERT(!ZSTD_isError(ZSTD_CCtx_setParameter(context_.get(), parameter, value)),
                    "zstd knows this parameter");
    };
    set(ZSTD_c_contentSizeFlag, 1);
    set(ZSTD_c_checksumFlag, 0);
    set(ZSTD_c_dictIDFlag, 0);
    TROUPE_ASSERT(!ZSTD_isError(ZSTD_CCtx_refCDict(context_.get(), packing_dictionary())), "the dictionary is sound");
  }

  std::string_view pack(std::string_view records) {
    if (frame_.size() < records.size()) frame_.resize(records.size());
    // No room for a frame that is no gain: without three bytes of its magic number it is still smaller than the
    // records.
    const std::size_t size =
        ZSTD_compress2(context_.get(), frame_.data(), records.size(), records.data(), records.size());
    if (ZSTD_isError(size)) return records;
    const std::size_t begin = kMagic.size() - 1;
    frame_[begin] = kPacked;
    return {frame_.data() + begin, size - begin};
  }

 private:
  std::unique_ptr<ZSTD_CCtx, Free> context_{ZSTD_createCCtx()};
  std::vector<char> frame_;
};

class Unpacker {
 public:
  std::string unpack(const std::string& frame) {
    const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
    if (size > kPackedRecordsMax) return std::string(kUnreadableRecords);  // so are the values that tell of an error
    std::string records(static_cast<std::size_t>(size), '\0');
    const std::size_t unpacked = ZSTD_decompress_usingDDict(context_.get(), records.data(), records.size(),
                                                            frame.data(), frame.size(), unpacking_dictionary());
    return unpacked == size ? records : std::string(kUnreadableRecords);
  }

 private:
  std::unique_ptr<ZSTD_DCtx, Free> context_{ZSTD_createDCtx()};
};

}  // namespace

std::string_view pack_records(std::string_view records) {
  if (records.size() > kPackedRecordsMax) return records;
  static thread_local Packer packer;
  return packer.pack(records);
}

std::string unpack_records(std::string stored) {
  const bool is_text = stored.empty() || static_cast<unsigned char>(stored.front()) >= ' ';
  if (is_text) return stored;
  if (stored.front() != kPacked) return std::string(kUnreadableRecords);
  static thread_local Unpacker unpacker;
  stored.replace(0, 1, kMagic);
  return unpacker.unpack(stored);
}

}  // namespace troupe::store
