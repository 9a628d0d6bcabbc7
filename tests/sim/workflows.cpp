#include "sim/workflows.hpp"

#include <vector>

#include "codec/json.hpp"

namespace troupe::sim {
namespace {

/// Those that call no other, and may be called.
constexpr std::size_t kSimpleWorkflows = 4;

std::string millis(Millis time) { return std::to_string(time.count()) + "ms"; }

std::vector<std::string> draw_codes(Dice& dice) {
  static const std::vector<std::string> kCodes = {"http_failed",   "command_failed",    "step_timeout",
                                                  "queue_timeout", "heartbeat_timeout", "sub_workflow_failed"};
  std::vector<std::string> codes = {dice.one_of(kCodes)};
  for (const std::string& code : kCodes)
    if (code != codes.front() && dice.chance(30)) codes.push_back(code);
  return codes;
}

Json draw_retry(Dice& dice) {
  static const std::vector<std::string> kBackoff = {"fixed", "linear", "exponential"}, kJitter = {"none", "full"};
  Json retry = {{"max_attempts", 1 + dice.number(4)},
                {"backoff", dice.one_of(kBackoff)},
                {"initial", millis(dice.between(Millis(0), Millis(2'000)))},
                {"max", millis(dice.between(Millis(2'000), Millis(90'000)))},
                {"factor", 1 + dice.number(3)},
                {"jitter", dice.one_of(kJitter)}};
  if (dice.chance(15)) retry["on"] = draw_codes(dice);
  if (dice.chance(15)) retry["never_on"] = draw_codes(dice);
  return retry;
}

/// By this a task shows which inputs its run has.
void tell_inputs(Json& sent) {
  sent["n"] = "${ .inputs.n }";
  sent["extra"] = "${ .inputs.extra }";
}

/// What is sent tells what the steps it needs gave.
Json call(const std::vector<std::string>& needs) {
  Json seen = Json::object();
  for (const std::string& need : needs) seen[need] = "${ .steps." + need + " }";
  Json body = {{"seen", seen}};
  tell_inputs(body);
  return {{"url", "http://there/"}, {"body", body}};
}

Json call_workflow(Dice& dice) {
  Json config = {{"key", workflow_key(dice.number(kSimpleWorkflows))}, {"inputs", "${ .inputs }"}};
  if (dice.chance(10)) config["version"] = 1;
  return config;
}

/// Now and then one that the server does not have.
void name_secret(const std::string& type, Json& config, Dice& dice) {
  const std::string mark = dice.chance(3) ? "${secret:ABSENT}" : std::string(kSecretMark);
  if (type == "http") config["headers"] = {{"Authorization", "Bearer " + mark}};
  if (type == "exec") config["env"] = {{"TOKEN", mark}};
}

/// Seventy items may have to be undone one at a time, each by a job whose time is over: that takes an hour.
Json draw_compensation(bool is_simple, bool has_items, Dice& dice) {
  static const std::vector<std::string> kTypes = {"http", "http", "noop", "noop", "workflow", "workflow"};
  const std::string type = is_simple ? kTypes[dice.number(4)] : dice.one_of(kTypes);
  Json config = {{"url", "http://undo/"}, {"body", Json::object()}};
  tell_inputs(config["body"]);
  if (dice.chance(10)) name_secret(type, config, dice);
  const bool calls = type == "workflow";
  const Millis longest(!calls ? 5'000 : has_items ? 30'000 : 120'000);
  Json undo = {{"type", type},
               {"config", calls ? call_workflow(dice) : config},
               {"timeout", millis(dice.between(Millis(500), longest))}};
  if (calls && has_items)
    undo["retry"] = {{"max_attempts", 1}};
  else if (dice.chance(40))
    undo["retry"] = draw_retry(dice);
  return undo;
}

/// Whose key it is, is the same in all versions of a workflow: what it has let in can be told then.
Json rate_limit_of(const std::string& key, Dice& dice) {
  const RateLimit limit = draw_rate_limit(dice);
  Json written = {{"limit", limit.limit}, {"per", millis(limit.per)}, {"burst", limit.burst}};
  if (key == workflow_key(2)) written["key"] = "${ .client_id }";
  if (key == workflow_key(6)) written["key"] = "${ .inputs.region }";
  return written;
}

bool has_rate_limit(const std::string& key) {
  for (const std::size_t which : {1, 2, 5, 6})
    if (key == workflow_key(which)) return true;
  return false;
}

Json draw_schema(Dice& dice) {
  Json schema = {{"type", "object"}, {"properties", Json::object()}};
  if (dice.chance(70)) schema["properties"]["extra"] = {{"type", "integer"}, {"default", dice.number(1'000)}};
  if (dice.chance(30)) schema["required"] = {"region"};
  return schema;
}

Json config_of(const std::string& type, const std::vector<std::string>& needs, Dice& dice) {
  if (type == "http") return call(needs);
  if (type == "exec") return {{"command", "work"}};
  if (type == "transform") return {{"value", call(needs)["body"]}};
  if (type == "generate") return {{"prompt", "a prompt"}};
  if (type == "signal") return {{"name", "go"}};
  if (type == "workflow") return call_workflow(dice);
  if (type == "delay") return {{"duration", dice.chance(60) ? "${ .inputs.wait }" : draw_wait(dice)}};
  return Json::object();
}

/// Now and then of more images than there are.
Json draw_approval(const std::string& images, Dice& dice) {
  static const std::vector<std::string> kOnExpiry = {"fail", "approve", "reject", "skip"};
  Json config = {{"assets", "${ .steps." + images + ".assets }"}, {"on_expiry", dice.one_of(kOnExpiry)}};
  if (dice.chance(40)) config["min_approved"] = 1 + dice.number(3);
  if (dice.chance(40)) config["min_approvers"] = 1 + dice.number(3);
  return config;
}

/// In another version, a step of the same name may stand elsewhere.
std::string step_name(std::size_t index, std::size_t shift) { return "s" + std::to_string(index + shift); }

/// `images`: a step before that gives some; may be empty.
Json draw_step(std::size_t index, std::size_t shift, bool is_simple, const std::string& images, Dice& dice) {
  static const std::vector<std::string> kTypes = {"noop", "noop",      "http",     "http",
                                                  "exec", "transform", "generate", "delay"};
  std::string type = dice.one_of(kTypes);
  if (dice.chance(5)) type = "signal";
  if (!is_simple && dice.chance(12)) type = "workflow";
  if (!images.empty() && dice.chance(40)) type = "approval";
  const bool has_worker = type != "delay" && type != "signal" && type != "approval";
  std::vector<std::string> needs;
  for (std::size_t before = 0; before < index; ++before)
    if (dice.chance(40) || (type == "approval" && step_name(before, shift) == images))
      needs.push_back(step_name(before, shift));
  Json step = {{"name", step_name(index, shift)}, {"type", type}, {"needs", needs}};
  step["config"] = type == "approval" ? draw_approval(images, dice) : config_of(type, needs, dice);
  if (dice.chance(20)) name_secret(type, step["config"], dice);
  if (dice.chance(15)) step["when"] = dice.chance(60) ? "${ .inputs.yes }" : "${ .inputs.no }";
  if (dice.chance(15)) step["for_each"] = "${ .inputs.list }";
  if (dice.chance(80)) step["retry"] = draw_retry(dice);
  if (type != "approval" || dice.chance(70))
    step["timeout"] =
        millis(dice.between(Millis(500), Millis(type == "workflow" || type == "approval" ? 120'000 : 20'000)));
  if (dice.chance(5)) step["total_timeout"] = millis(dice.between(Millis(1'000), Millis(30'000)));
  if (dice.chance(5) && has_worker) step["queue_timeout"] = millis(dice.between(Millis(100), Millis(5'000)));
  if (step.contains("for_each") && dice.chance(40)) step["max_parallel"] = 1 + dice.number(3);
  if (step.contains("for_each") && dice.chance(40)) step["on_item_failure"] = "collect";
  if (has_worker && dice.chance(15)) step["idempotent"] = false;
  if ((type == "exec" || type == "generate") && dice.chance(25))
    step["heartbeat"] = millis(dice.between(Millis(300), Millis(6'000)));
  if ((has_worker || type == "approval") && dice.chance(35))
    step["compensate"] = draw_compensation(is_simple, step.contains("for_each"), dice);
  if (type == "delay") step.erase("timeout");  // drawn all the same, so that a seed stays what it was
  if (!has_worker && !step.contains("compensate")) step.erase("retry");
  return step;
}

}  // namespace

std::string workflow_key(std::size_t which) { return "w" + std::to_string(which); }

bool may_be_called(const std::string& key) { return key < workflow_key(kSimpleWorkflows); }

RateLimit draw_rate_limit(Dice& dice) {
  RateLimit limit;
  limit.limit = static_cast<std::uint32_t>(1 + dice.number(12));
  limit.per = Millis(1'000) * static_cast<int>(1 + dice.number(5));
  limit.burst = static_cast<std::uint32_t>(1 + dice.number(10));
  return limit;
}

std::string draw_wait(Dice& dice) {
  if (dice.chance(70)) return millis(dice.skewed(Millis(8'000)));
  return millis(dice.between(Millis(55'000), Millis(400'000)));
}

std::string draw_workflow(const std::string& key, Dice& dice) {
  Json definition = {{"key", key}, {"steps", Json::array()}};
  definition["timeout"] = millis(dice.chance(20) ? dice.between(Millis(1'000), Millis(20'000))
                                                 : dice.between(Millis(60'000), Millis(1'200'000)));
  definition["description"] = "version " + std::to_string(dice.number(1'000'000));
  if (dice.chance(20)) definition["concurrency"] = {{"limit", 1 + dice.number(4)}, {"key", "${ .client_id }"}};
  const std::size_t steps = dice.chance(35) ? 1 : 1 + dice.number(6);
  const std::size_t shift = dice.number(3);
  const bool is_simple = may_be_called(key);
  if (has_rate_limit(key)) definition["rate_limit"] = rate_limit_of(key, dice);
  if (dice.chance(20)) definition["inputs"] = draw_schema(dice);
  std::string images;
  for (std::size_t i = 0; i < steps; ++i) {
    const Json& step = definition["steps"].emplace_back(draw_step(i, shift, is_simple, images, dice));
    if (step["type"] == "generate" && !step.contains("for_each") && !step.contains("when")) images = step["name"];
  }
  if (dice.chance(30)) definition["outputs"] = {{"last", "${ .steps." + step_name(steps - 1, shift) + " }"}};
  return to_text(definition);
}

}  // namespace troupe::sim
