// The series of one metric, found by label values. prometheus-cpp's own look-up builds a map of strings each time; this
// one costs a shared lock and a hash of the values.
#pragma once

#include <prometheus/family.h>

#include <array>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace troupe {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
};

/// Lets the first `most` different texts through and turns the rest into `other`, so that nothing a client sends can
/// make the number of series grow without bound. Thread-safe.
class BoundedLabel {
 public:
  explicit BoundedLabel(std::size_t most) : most_(most) {}

  std::string_view admit(std::string_view text) {
    {
      std::shared_lock lock(mutex_);
      if (const auto found = texts_.find(text); found != texts_.end()) return *found;
      if (texts_.size() >= most_) return "other";
    }
    std::unique_lock lock(mutex_);
    if (const auto found = texts_.find(text); found != texts_.end()) return *found;
    if (texts_.size() >= most_) return "other";
    return *texts_.emplace(text).first;
  }

 private:
  const std::size_t most_;
  std::shared_mutex mutex_;
  std::unordered_set<std::string, TextHash, std::equal_to<>> texts_;  // nodes never move
};

/// `labels` names the labels; with() takes their values in the same order. Thread-safe.
template <class Metric, std::size_t LabelCount>
class Series {
 public:
  using Values = std::array<std::string_view, LabelCount>;

  Series(prometheus::Family<Metric>& family, std::array<const char*, LabelCount> labels,
         prometheus::Histogram::BucketBoundaries buckets = {})
      : family_(family), labels_(labels), buckets_(std::move(buckets)) {}

  Metric& with(const Values& values) {
    const std::string key = joined(values);
    {
      std::shared_lock lock(mutex_);
      if (const auto found = metrics_.find(key); found != metrics_.end()) return *found->second;
    }
    std::unique_lock lock(mutex_);
    Metric*& metric = metrics_[key];
    if (!metric) metric = &add(values);
    return *metric;
  }

 private:
  static std::string joined(const Values& values) {
    std::string key;
    for (const std::string_view value : values) {
      key += value;
      key += '\0';
    }
    return key;
  }

  Metric& add(const Values& values) {
    prometheus::Labels labels;
    for (std::size_t i = 0; i < LabelCount; ++i) labels.emplace(labels_[i], values[i]);
    if constexpr (std::is_same_v<Metric, prometheus::Histogram>)
      return family_.Add(labels, buckets_);
    else
      return family_.Add(labels);
  }

  prometheus::Family<Metric>& family_;
  const std::array<const char*, LabelCount> labels_;
  const prometheus::Histogram::BucketBoundaries buckets_;
  std::shared_mutex mutex_;
  std::unordered_map<std::string, Metric*> metrics_;
};

}  // namespace troupe
