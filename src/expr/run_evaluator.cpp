// The Evaluator of a run: its scope, and which expression of the definition answers which question.
#include <algorithm>
#include <map>
#include <unordered_map>

#include "codec/object_reader.hpp"
#include "expr/approval.hpp"
#include "expr/evaluation.hpp"
#include "expr/expr.hpp"
#include "expr/expression_text.hpp"
#include "expr/render.hpp"
#include "troupe/domain/validation.hpp"

namespace troupe {
namespace {

class RunEvaluator final : public Evaluator {
 public:
  RunEvaluator(WorkflowPtr workflow, RunFacts facts)
      : workflow_(std::move(workflow)), facts_(std::move(facts)), steps_(workflow_->steps.size()) {}

  Result<bool> condition(StepIndex step) override {
    auto value = evaluate_bare(definition(step).when);
    if (!value.ok()) return in_step(step, "when", std::move(value).error());
    return !value->is_null() && *value != false;
  }

  Result<ItemIndex> item_count(StepIndex step) override {
    const auto list = items(step);
    if (!list.ok()) return list.error();
    if ((*list)->empty()) add_empty(step);
    return static_cast<ItemIndex>((*list)->size());
  }

  Result<Document> config(const TaskKey& task) override {
    const StepDefinition& step = definition(task.step);
    const Document& form = task.compensation ? step.compensate->config : step.config;
    if (is_literal(form.view())) return form;
    const auto rendered = render_config(task.step, form, task.item, task.attempt, task.compensation);
    if (!rendered.ok()) return rendered.error();
    return to_document(*rendered);
  }

  Result<Timestamp> wake_time(StepIndex step, ItemIndex item, Timestamp now) override {
    const auto config = render_config(step, definition(step).config, item, 1, false);
    if (!config.ok()) return config.error();
    if (const auto until = config->find("until"); until != config->end()) {
      const auto time = until->is_string() ? parse_rfc3339(until->get_ref<const std::string&>()) : std::nullopt;
      if (!time) return in_config(step, "until", "must be a time as RFC 3339 has it, as in 2026-11-21T01:02:03Z");
      return std::max(*time, now);
    }
    const auto written = config->find("duration");
    const auto duration = written == config->end() ? std::nullopt : duration_from_json(*written);
    if (!duration) return in_config(step, "duration", kDurationExpected);
    return now + *duration;
  }

  Result<std::string> signal_name(StepIndex step, ItemIndex item) override {
    const auto config = render_config(step, definition(step).config, item, 1, false);
    if (!config.ok()) return config.error();
    const auto name = config->find("name");
    if (name == config->end() || !name->is_string() || !is_signal_name(name->get_ref<const std::string&>()))
      return in_config(step, "name", "must be 1 to 64 of A-Z a-z 0-9 . _ : -");
    return name->get<std::string>();
  }

  std::optional<std::string> written_signal_name(StepIndex step) const override {
    const Document& form = definition(step).config;
    if (!is_literal(form.view())) return std::nullopt;
    return from_document(form).at("name").get<std::string>();  // as was checked when the definition was applied
  }

  Result<ApprovalAsk> approval(StepIndex step, ItemIndex item) override {
    if (const auto known = asks_.find({step, item}); known != asks_.end()) return known->second.ask;
    const auto config = render_config(step, definition(step).config, item, 1, false);
    if (!config.ok()) return config.error();
    auto read = read_approval(*config);
    if (!read.ok()) return in_step(step, "config", std::move(read).error());
    return asks_.emplace(std::pair(step, item), *std::move(read)).first->second.ask;
  }

  Result<Document> outputs() override {
    const Document& form = workflow_->outputs;
    if (!form.present()) return Document("{}");
    if (is_literal(form.view())) return form;
    show_item(nullptr, nullptr);
    const auto rendered = render_in(scope(), from_document(form, nullptr), SecretParts::plain_text);
    if (rendered.ok()) return to_document(*rendered);
    Error error = rendered.error();
    error.message = std::string("outputs") + (error.message.starts_with('/') ? " " : ": ") + error.message;
    return error;
  }

  Result<std::string> concurrency_key() override {
    const std::string& form = workflow_->concurrency_key;
    if (form.empty()) return std::string("null");
    show_item(nullptr, nullptr);
    const auto rendered = render_in(scope(), form, SecretParts::plain_text);
    const auto wrong = [](std::string why) {
      return Error{ErrorCode::expression_failed, "the concurrency key " + std::move(why), false, {}};
    };
    if (!rendered.ok()) return wrong("cannot be evaluated: " + rendered.error().message);
    std::string text = canonical_json(*rendered);
    if (text.size() <= limits::kConcurrencyKeyBytes) return text;
    return wrong("has " + std::to_string(text.size()) + " bytes as JSON; at most " +
                 std::to_string(limits::kConcurrencyKeyBytes) + " are allowed");
  }

  void add_result(StepIndex step, ItemIndex item, Document outputs) override {
    TROUPE_ASSERT(step < steps_.size(), "a step that the workflow does not have");
    if (scope_)
      show_result(step, item, outputs);
    else
      results_.push_back({step, item, std::move(outputs)});
  }

  void add_failure(StepIndex step, ItemIndex item, const Error& error) override {
    add_result(step, item, to_document(Json{{"error", error_to_json(error)}}));
  }

  void add_empty(StepIndex step) override { scope().set_step(definition(step).name, std::nullopt, Json::array()); }

  void add_signal(std::uint32_t ordinal, Document payload) override { signals_[ordinal] = std::move(payload); }

  void add_review(const Review& review) override {
    review_places_[review.asset].push_back(reviews_.size());
    reviews_.push_back(review);
  }

  std::vector<Review> reviews(const AssetId& asset) const override { return reviews_of({asset}); }

  Document signal_payload(std::uint32_t ordinal) const override {
    const auto found = signals_.find(ordinal);
    return found == signals_.end() ? Document() : found->second;
  }

  Document take_signal(std::uint32_t ordinal, StepIndex step, ItemIndex item) override {
    const Document outputs = to_document(Json{{"payload", from_document(signal_payload(ordinal), nullptr)}});
    signals_.erase(ordinal);
    add_result(step, item, outputs);
    return outputs;
  }

  Document finish_approval(StepIndex step, ItemIndex item, const Bitmap& approved, const Bitmap& rejected,
                           bool expired) override {
    Document outputs("{}");
    if (approval(step, item).ok())
      outputs = to_document(approval_outputs(asks_.at({step, item}), approved, rejected, expired,
                                             reviews_of(asks_.at({step, item}).ask.assets)));
    asks_.erase({step, item});
    add_result(step, item, outputs);
    return outputs;
  }

 private:
  struct StepFacts {
    std::optional<std::shared_ptr<const Json>> items;
  };

  struct StepResult {
    StepIndex step;
    ItemIndex item;
    Document outputs;
  };

  /// Made when it is first needed: most runs of one step hold no expression, and reading their documents for nothing
  /// would cost 7 microseconds each.
  Scope& scope() {
    if (scope_) return *scope_;
    scope_.emplace(Json{{"inputs", from_document(facts_.inputs)},
                        {"metadata", from_document(facts_.metadata)},
                        {"client_id", facts_.client_id},
                        {"job_id", facts_.client_job_id.empty() ? to_string(facts_.job) : facts_.client_job_id},
                        {"run_id", to_string(facts_.run)},
                        {"steps", Json::object()},
                        {"item", nullptr},
                        {"attempt", nullptr}});
    for (const StepResult& result : std::exchange(results_, {})) show_result(result.step, result.item, result.outputs);
    return *scope_;
  }

  void show_result(StepIndex step, ItemIndex item, const Document& outputs) {
    const StepDefinition& of = definition(step);
    scope().set_step(of.name, of.for_each.empty() ? std::nullopt : std::optional<std::size_t>(item),
                     from_document(outputs));
  }

  const StepDefinition& definition(StepIndex step) const {
    TROUPE_ASSERT(step < workflow_->steps.size(), "a step that the workflow does not have");
    return workflow_->steps[step];
  }

  Result<Json> render_config(StepIndex step, const Document& form, ItemIndex item, AttemptNumber attempt,
                             bool compensation) {
    Json value;
    if (!definition(step).for_each.empty()) {
      const auto list = items(step);
      if (!list.ok()) return list.error();
      if (item < (*list)->size()) value = (**list)[item];
    }
    show_item(std::move(value), attempt);
    auto rendered = render_in(scope(), from_document(form), SecretParts::marked);
    if (rendered.ok()) return rendered;
    return in_step(step, compensation ? "compensate/config" : "config", std::move(rendered).error());
  }

  /// The value of the step's `for_each`. Evaluated once: every item sees the list as it was at first.
  Result<std::shared_ptr<const Json>> items(StepIndex step) {
    auto& known = steps_[step].items;
    if (known) return *known;
    auto value = evaluate_bare(definition(step).for_each);
    if (!value.ok()) return in_step(step, "for_each", std::move(value).error());
    const auto wrong_list = [&](const std::string& what) {
      const std::string expression = excerpt(definition(step).for_each);
      return in_step(step, "for_each", {ErrorCode::expression_failed, expression + ": " + what, false, {}});
    };
    if (!value->is_array()) return wrong_list("must give a list, and gives " + std::string(value->type_name()));
    if (value->size() > limits::kItems)
      return wrong_list("gives " + std::to_string(value->size()) + " items; at most " + std::to_string(limits::kItems) +
                        " are allowed");
    known = std::make_shared<const Json>(*std::move(value));
    return *known;
  }

  /// `when` and `for_each` belong to the step as a whole: there is no item yet.
  Result<Json> evaluate_bare(const std::string& expression) {
    show_item(nullptr, nullptr);
    return evaluate_in(scope(), expression);
  }

  void show_item(Json item, Json attempt) {
    scope().set("item", std::move(item));
    scope().set("attempt", std::move(attempt));
  }

  std::vector<Review> reviews_of(const std::vector<AssetId>& assets) const {
    std::vector<std::size_t> places;
    for (const AssetId& asset : assets)
      if (const auto found = review_places_.find(asset); found != review_places_.end())
        places.insert(places.end(), found->second.begin(), found->second.end());
    std::sort(places.begin(), places.end());
    std::vector<Review> told;
    for (const std::size_t place : places) told.push_back(reviews_[place]);
    return told;
  }

  Error in_config(StepIndex step, std::string_view member, std::string_view reason) const {
    return in_step(step, "config",
                   {ErrorCode::invalid_config, "/" + std::string(member) + ": " + std::string(reason), false, {}});
  }

  Error in_step(StepIndex step, std::string_view member, Error error) const {
    const std::string place = "step \"" + definition(step).name + "\", " + std::string(member);
    error.message = place + (error.message.starts_with('/') ? " " : ": ") + error.message;
    const std::string pointer = "/steps/" + std::to_string(step) + "/" + std::string(member);
    for (Fault& fault : error.faults) fault.pointer = pointer + fault.pointer;
    return error;
  }

  const WorkflowPtr workflow_;
  const RunFacts facts_;
  std::vector<StepFacts> steps_;
  std::vector<StepResult> results_;                                      ///< told before there was a scope
  std::map<std::uint32_t, Document> signals_;                            ///< by ordinal, that no step has taken
  std::vector<Review> reviews_;                                          ///< in the order of telling
  std::unordered_map<AssetId, std::vector<std::size_t>> review_places_;  ///< in reviews_
  std::map<std::pair<StepIndex, ItemIndex>, ReadApproval> asks_;
  std::optional<Scope> scope_;
};

class RunEvaluatorFactory final : public EvaluatorFactory {
 public:
  std::unique_ptr<Evaluator> make(WorkflowPtr workflow, RunFacts facts) override {
    return std::make_unique<RunEvaluator>(std::move(workflow), std::move(facts));
  }
};

}  // namespace

std::unique_ptr<EvaluatorFactory> make_evaluator_factory() { return std::make_unique<RunEvaluatorFactory>(); }

}  // namespace troupe
