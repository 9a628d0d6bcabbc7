// Blobs in memory, on a disk that is full by chance. What is there can be read.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "crypto/hash.hpp"
#include "sim/life.hpp"
#include "sim/world.hpp"
#include "troupe/port/blob_store.hpp"

namespace troupe::sim {

class SimBlobs final : public BlobStore {
 public:
  SimBlobs(std::map<Digest, std::string>& blobs, World& world, LifePtr life)
      : blobs_(blobs), world_(world), life_(std::move(life)) {}

  Result<std::unique_ptr<BlobSink>> create() override {
    world_.interleave(15, 4);
    if (world_.has_faults() && world_.dice().chance(1)) return Error{ErrorCode::disk_full, "no room", true, {}};
    return std::unique_ptr<BlobSink>(std::make_unique<Sink>(*this));
  }
  Result<std::unique_ptr<BlobSource>> open(const Digest& sha256) override {
    world_.interleave(15, 4);
    const auto found = blobs_.find(sha256);
    if (found == blobs_.end()) return Error{ErrorCode::not_found, "there is no such blob", false, {}};
    return std::unique_ptr<BlobSource>(std::make_unique<Source>(found->second));
  }
  Result<bool> contains(const Digest& sha256) override { return blobs_.contains(sha256); }
  Result<std::string> owner() override { return std::string(); }
  Result<Done> set_owner(const std::string&) override { return Done{}; }
  Result<Done> for_each_stored_before(Timestamp, const std::function<Result<Done>(const Digest&)>&) override {
    return Done{};
  }
  Result<bool> remove_if_stored_before(Timestamp, const Digest&) override { return false; }
  std::string location(const Digest& sha256) const override { return "blob:" + to_hex(sha256); }

 private:
  class Sink final : public BlobSink {
   public:
    explicit Sink(SimBlobs& blobs) : of_(blobs) {}
    Result<Done> write(std::string_view piece) override {
      bytes_ += piece;
      return Done{};
    }
    Result<BlobInfo> finish() override {
      const BlobInfo info{sha256(bytes_), bytes_.size()};
      if (!of_.life_->dead) of_.blobs_[info.sha256] = std::move(bytes_);
      return info;
    }

   private:
    SimBlobs& of_;
    std::string bytes_;
  };
  class Source final : public BlobSource {
   public:
    explicit Source(const std::string& bytes) : bytes_(bytes) {}
    std::uint64_t size() const override { return bytes_.size(); }
    Result<std::string> read(std::uint64_t offset, std::size_t count) override { return bytes_.substr(offset, count); }

   private:
    const std::string& bytes_;
  };

  std::map<Digest, std::string>& blobs_;
  World& world_;
  const LifePtr life_;
};

}  // namespace troupe::sim
