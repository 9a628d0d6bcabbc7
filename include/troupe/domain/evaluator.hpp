// Port: expressions of one run, evaluated over its inputs and the results so far. The core asks by step and item, and
// never sees JSON. Made by src/expr; a fake serves the domain's tests.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "troupe/base/bytes.hpp"
#include "troupe/base/id.hpp"
#include "troupe/base/result.hpp"
#include "troupe/domain/run.hpp"

namespace troupe {

/// Not thread-safe; owned by one run. Every failure is `expression_failed` or `invalid_config`, with the expression and
/// the place in the message. Everything it gives is a pure function of the facts and the results it was told.
class Evaluator {
 public:
  virtual ~Evaluator() = default;

  /// The step's `when`. Steps without one are not asked. jq's truth: false and null are false.
  virtual Result<bool> condition(StepIndex step) = 0;
  /// The length of the step's `for_each` list (≤ limits::kItems). Steps without one are not asked.
  virtual Result<ItemIndex> item_count(StepIndex step) = 0;
  /// The step's configuration (or that of its compensation), evaluated for one item and attempt.
  virtual Result<Document> config(const TaskKey& task) = 0;
  /// For a `delay`: when it is over, if it begins at `now`. A time in the past is over at once.
  virtual Result<Timestamp> wake_time(StepIndex step, ItemIndex item, Timestamp now) = 0;
  /// For a `signal`: the name it waits for, 1 to limits::kNameChars of A–Z a–z 0–9 . _ : -
  virtual Result<std::string> signal_name(StepIndex step, ItemIndex item) = 0;
  /// The same of all its items, where no expression makes it; asked at any time.
  virtual std::optional<std::string> written_signal_name(StepIndex step) const = 0;
  struct ApprovalAsk {
    ApprovalTerms terms;
    std::vector<AssetId> assets;  ///< terms.assets of them
  };
  /// For an `approval`: what it asks for.
  virtual Result<ApprovalAsk> approval(StepIndex step, ItemIndex item) = 0;
  /// The run's outputs.
  virtual Result<Document> outputs() = 0;
  /// The value of the workflow's concurrency key as canonical JSON; `null` where it names none.
  virtual Result<std::string> concurrency_key() = 0;

  /// Makes an item's outputs visible as `.steps.NAME` (an absent document counts as `{}`).
  virtual void add_result(StepIndex step, ItemIndex item, Document outputs) = 0;
  /// Makes an item that failed for good visible in `.steps.NAME`, as `{error: {code, message, retryable}}`.
  virtual void add_failure(StepIndex step, ItemIndex item, const Error& error) = 0;
  /// Makes it visible that a step with `for_each` had no items: `.steps.NAME` is `[]`. So it is by item_count(), too.
  virtual void add_empty(StepIndex step) = 0;
  /// Tells of a signal that no step has taken yet (an absent payload counts as null).
  virtual void add_signal(std::uint32_t ordinal, Document payload) = 0;
  /// Tells of a decision about an image of the run.
  virtual void add_review(const Review& review) = 0;
  /// What was told of one image, in the order of telling.
  virtual std::vector<Review> reviews(const AssetId& asset) const = 0;
  /// The payload of a signal that no step has taken yet.
  virtual Document signal_payload(std::uint32_t ordinal) const = 0;

  /// The signal is taken by this step: makes its outputs visible, and gives them.
  virtual Document take_signal(std::uint32_t ordinal, StepIndex step, ItemIndex item) = 0;
  /// The approval is over, with these of its images: makes its outputs visible, and gives them.
  virtual Document finish_approval(StepIndex step, ItemIndex item, const Bitmap& approved, const Bitmap& rejected,
                                   bool expired) = 0;
};

/// What expressions can see of a run, besides the results of its steps.
struct RunFacts {
  JobId job;
  RunId run;
  std::string client_id;
  std::string client_job_id;  ///< empty: `.job_id` is the UUID
  Document inputs;
  Document metadata;
};

class EvaluatorFactory {
 public:
  virtual ~EvaluatorFactory() = default;
  /// Thread-safe. `state` tells which steps have items (for_each) and which were skipped.
  virtual std::unique_ptr<Evaluator> make(WorkflowPtr workflow, RunFacts facts) = 0;
};

}  // namespace troupe
