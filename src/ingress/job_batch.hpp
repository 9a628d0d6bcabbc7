// POST /v1/jobs/batch: takes a body of many jobs apart while it arrives, submits them in groups, and answers when the
// body is whole and every job has its answer.
//
//   loop ─ take ─► ItemCutter ─ group of items ─► BatchLane: parse, check ─► Gateway::submit ─► answers of the group
//     ▲                                                                                                 │
//     └────────── read_on (room again) ◄─────────────────────────────────────────────────────────────────┤
//                                            all groups answered, body whole: one response ◄─────────────┘
//
// Answers are kept until then, as text: a client that sends without reading must not block itself. What one request
// holds is bounded by its items in flight, and by the answers of limits::kBatchJobs; how many requests there are at
// once, by the lane.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "ingress/batch_lane.hpp"
#include "ingress/exchange.hpp"
#include "ingress/item_cutter.hpp"

namespace troupe::ingress {

class JobBatch final : public BodySink, public std::enable_shared_from_this<JobBatch> {
 public:
  /// Null if limits::kBatches are under way.
  static std::shared_ptr<JobBatch> begin(const ExchangePtr& exchange, ItemCutter::Form form);
  ~JobBatch() override { --*open_; }

  void take(std::string_view bytes) override;
  bool has_room() const override;
  void complete() override;
  void fail(const Error& error) override;

 private:
  struct Group {
    std::vector<ItemCutter::Item> items;
    std::size_t bytes = 0;
    std::string answers;  ///< in order, each with a separator behind it
  };
  using GroupPtr = std::shared_ptr<Group>;
  struct Counts {
    std::uint64_t accepted = 0, repeated = 0, refused = 0;
  };

  JobBatch(const ExchangePtr& exchange, ItemCutter::Form form);
  bool room() const;  ///< with the lock
  void add(ItemCutter::Item item);
  void send_group();
  void submit(const GroupPtr& group, const BatchLane::Answered& done);
  Result<SubmitJob> read(const ItemCutter::Item& item) const;
  void answered(const GroupPtr& group, const std::vector<Result<AcceptedJob>>& answers);
  void end(std::optional<Error> fault);
  /// Whoever finds that nothing is missing any more answers. Called without the lock.
  void respond_if_done();
  Response render() const;

  const ExchangePtr exchange_;
  const ItemCutter::Form form_;
  const std::shared_ptr<std::atomic<std::size_t>> open_;
  // on the loop
  ItemCutter cutter_;
  GroupPtr next_ = std::make_shared<Group>();
  std::size_t items_ = 0;
  bool over_ = false;  ///< the body is whole, or failed

  mutable std::mutex mutex_;  ///< guards what follows
  std::vector<GroupPtr> groups_;
  Counts counts_;
  std::size_t items_in_flight_ = 0, bytes_in_flight_ = 0;
  bool ended_ = false;
  bool responded_ = false;
  std::optional<Error> fault_;  ///< of the body as a whole
};

}  // namespace troupe::ingress
