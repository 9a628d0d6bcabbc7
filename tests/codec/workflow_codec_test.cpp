#include "codec/workflow_codec.hpp"

#include <gtest/gtest.h>

#include "codec/definition.hpp"

namespace troupe {
namespace {

using namespace std::chrono_literals;

WorkflowDefinition given_workflow(std::string_view definition) {
  auto parsed = parse_workflow(definition, fake_check);
  EXPECT_TRUE(parsed.ok()) << faults_of(definition);
  return parsed.ok() ? std::move(parsed->definition) : WorkflowDefinition();
}

TEST(Definition, OfTheContractIsReadWithEveryField) {
  const WorkflowDefinition poster = given_workflow(kPoster);
  EXPECT_EQ(poster.key, "product-poster");
  EXPECT_EQ(poster.version, 0u);
  EXPECT_EQ(poster.name, "Product poster");
  EXPECT_EQ(poster.timeout, 15min);
  EXPECT_TRUE(poster.timeout_given);
  EXPECT_EQ(poster.retention, 365 * 24h);
  EXPECT_EQ(from_document(poster.inputs_schema)["properties"]["count"]["default"], 4);
  EXPECT_EQ(from_document(poster.outputs), (Json{{"posters", "${ .steps.publish }"}}));
  ASSERT_EQ(poster.steps.size(), 3u);

  const StepDefinition& render = poster.steps[0];
  EXPECT_EQ(render.type, StepType::generate);
  EXPECT_EQ(render.timeout, 5min);
  EXPECT_EQ(render.retry, (RetryPolicy{2, Backoff::linear, 2s, 2.0, 30s, Jitter::none}));
  EXPECT_TRUE(render.idempotent);
  EXPECT_FALSE(render.compensate.has_value());

  const StepDefinition& publish = poster.steps[1];
  EXPECT_EQ(publish.type, StepType::http);
  EXPECT_EQ(publish.needs, std::vector<StepIndex>{0});
  EXPECT_EQ(publish.for_each, ".steps.render.assets");
  EXPECT_EQ(publish.when, ".inputs.publish != false");
  EXPECT_EQ(publish.retry.max_attempts, 5);
  EXPECT_EQ(publish.timeout, 45s);
  EXPECT_FALSE(publish.idempotent);
  ASSERT_TRUE(publish.compensate.has_value());
  EXPECT_EQ(publish.compensate->type, StepType::http);
  EXPECT_EQ(publish.compensate->timeout, 10s);

  EXPECT_TRUE(poster.steps[2].needs.empty());
  EXPECT_EQ(from_document(poster.steps[2].config), (Json{{"duration", 1.5}}));
}

TEST(Definition, NeedsNoMoreThanAKeyAndAStep) {
  const WorkflowDefinition least = given_workflow(R"({"id": "least", "steps": [{"name": "a", "type": "noop"}]})");
  EXPECT_EQ(least.key, "least");
  EXPECT_EQ(least.timeout, limits::kRunTimeoutDefault);
  EXPECT_FALSE(least.timeout_given);
  EXPECT_EQ(least.retention, 90 * 24h);
  EXPECT_FALSE(least.inputs_schema.present());
  EXPECT_FALSE(least.outputs.present());
  EXPECT_EQ(least.steps[0].config.view(), "{}");
  EXPECT_EQ(least.steps[0].retry, RetryPolicy{});
  EXPECT_EQ(least.steps[0].timeout, 60s);
}

TEST(Definition, RunsItsStepsInListOrderWhenNoneNeedsAnother) {
  const auto steps = given_workflow("key: k\nsteps: [{name: a, type: noop}, {name: b, type: noop}]").steps;
  EXPECT_EQ(steps[1].needs, std::vector<StepIndex>{0});
  const auto free = given_workflow("key: k\nsteps: [{name: a, type: noop, needs: []}, {name: b, type: noop}]").steps;
  EXPECT_TRUE(free[1].needs.empty());
}

TEST(Definition, HasTheSameCanonicalFormInYamlAndJson) {
  const auto yaml = parse_workflow(kPoster, fake_check);
  ASSERT_TRUE(yaml.ok());
  const auto json = parse_workflow(yaml->canonical, fake_check);
  ASSERT_TRUE(json.ok());
  EXPECT_EQ(json->canonical, yaml->canonical);
  EXPECT_EQ(json->definition.steps[1].config, yaml->definition.steps[1].config);
}

TEST(Definition, RefusesToRetryOnWhatNoAttemptFailsWith) {
  EXPECT_EQ(faults_of(R"(key: a
defaults: {retry: {on: [request_timeout]}}
steps:
  - name: a
    type: noop
    retry: {on: [queue_timeout, cancelled, step_timeout, run_timeout], never_on: [poison]}
    compensate: {type: noop, retry: {on: [poison]}}
)"),
            "/defaults/retry/on/0 no attempt of a step fails with request_timeout\n"
            "/steps/0/retry/on/1 no attempt of a step fails with cancelled\n"
            "/steps/0/retry/on/3 no attempt of a step fails with run_timeout\n"
            "/steps/0/compensate/retry/on/0 no attempt of a step fails with poison");
}

TEST(Definition, RefusesWhatWouldBeOfNoAccountForAStepOfItsType) {
  EXPECT_EQ(faults_of(R"(key: a
steps:
  - {name: a, type: delay, config: {duration: 1s}, timeout: 1s, retry: {max_attempts: 2}, idempotent: false}
  - {name: b, type: signal, config: {name: go}, timeout: 1s, retry: {max_attempts: 2}, idempotent: false}
  - {name: c, type: approval, config: {assets: "${ .inputs.x }"}, retry: {max_attempts: 2}}
)"),
            "/steps/0/timeout a step of type delay has no time-out: its config says how long it takes\n"
            "/steps/0/retry a step of type delay is tried once: no worker can fail at it\n"
            "/steps/0/idempotent a step of type delay is not lost in a crash: no worker has it\n"
            "/steps/1/retry a step of type signal is tried once: no worker can fail at it\n"
            "/steps/1/idempotent a step of type signal is not lost in a crash: no worker has it\n"
            "/steps/2/retry a step of type approval is tried once: no worker can fail at it");
}

TEST(Definition, LetsDefaultsAndWhatIsForACompensationStandForAnyType) {
  const WorkflowDefinition workflow = given_workflow(R"(key: a
defaults: {timeout: 7s, retry: {max_attempts: 9}}
steps:
  - {name: a, type: delay, config: {duration: 1s}, idempotent: true}
  - {name: b, type: signal, config: {name: go}, retry: {max_attempts: 2}, compensate: {type: noop}}
)");
  EXPECT_EQ(workflow.steps[1].compensate->retry.max_attempts, 2);
}

TEST(Definition, TellsAllFaultsAtOnceEachAtItsPlace) {
  EXPECT_EQ(faults_of(R"(key: Bad Key
descripton: typo
timeout: soon
retention: -1
inputs: {type: objct}
defaults: {retry: {max_attempt: 3, factor: 0.5}, timeout: 0}
steps:
  - name: a
    type: htpp
    needs: [b, nowhere]
    config: {x: "${ .inputs.bad }"}
  - name: b
    needs: [a]
    type: noop
    when: .inputs.x
    retry: {max_attempts: 101, jitter: some}
    idempotent: maybe
  - name: b
    type: comfyui
    timout: 5
  - 7
outputs: {x: "${ .steps.c.value }", y: "open ${ .inputs"}
)"),
            "/inputs/type must be array, boolean, integer, null, number, object or string, did you mean \"object\"?\n"
            "/timeout must be a number of seconds, or text such as \"250ms\", \"30s\" or \"1h30m\"\n"
            "/retention must be a number of seconds, or text such as \"250ms\", \"30s\" or \"1h30m\"\n"
            "/defaults/retry/factor must be a number from 1 to 100\n"
            "/defaults/retry/max_attempt retry has no field \"max_attempt\", did you mean \"max_attempts\"?\n"
            "/defaults/timeout must be longer than nothing\n"
            "/steps/0/type there is no step type \"htpp\", did you mean \"http\"?\n"
            "/steps/0/config/x \".inputs.bad\" is not an expression: unexpected bad\n"
            "/steps/1/when must be one expression, written \"${ … }\"\n"
            "/steps/1/retry/max_attempts must be an integer from 1 to 100\n"
            "/steps/1/retry/jitter must be none or full\n"
            "/steps/1/idempotent must be true or false\n"
            "/steps/2/type step type \"comfyui\" is not available in this version\n"
            "/steps/2/timout a step has no field \"timout\", did you mean \"timeout\"?\n"
            "/steps/3 must be an object\n"
            "/outputs/x there is no step \"c\"\n"
            "/outputs/y \"${\" is never closed with \"}\"; write \"$${\" where no expression is meant\n"
            "/descripton a workflow has no field \"descripton\", did you mean \"description\"?\n"
            "/key must be 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit\n"
            "/steps/2/name \"b\" is the name of step 2 already\n"
            "/steps/0/needs/1 there is no step \"nowhere\"\n"
            "/steps/1/needs the steps form a cycle: a needs b needs a");
}

TEST(Definition, SaysWhatThisVersionDoesNotDo) {
  EXPECT_EQ(faults_of(R"(key: k
steps:
  - {name: a, type: noop, pool: gpu, requires: {vram_gb: ">=16"}, affinity: "${ .inputs.model }"}
  - {name: b, type: comfyui}
  - {name: c, type: noop, pool: default, compensate: {type: task}}
)"),
            "/steps/0/pool a pool other than \"default\" is not available in this version\n"
            "/steps/0/requires choosing workers by what they have is not available in this version\n"
            "/steps/0/affinity choosing workers by affinity is not available in this version\n"
            "/steps/1/type step type \"comfyui\" is not available in this version\n"
            "/steps/2/compensate/type step type \"task\" is not available in this version");
}

TEST(Definition, HasDefaultsThatFitTheirOwnSchema) {
  EXPECT_EQ(faults_of(R"(key: a
inputs:
  properties:
    count: {type: integer, default: many}
    size: {type: object, required: [width], properties: {width: {type: integer, default: 512}}, default: {}}
    lines: {type: array, items: {type: object, required: [sku]}, default: [{sku: a}, {}]}
    side: {$ref: "#/definitions/side"}
    tree: {default: 7, type: array, items: {$ref: "#/definitions/side"}}
  definitions: {side: {enum: [left, right], default: up}}
steps: [{name: a, type: noop}]
)"),
            "/inputs/definitions/side/default must be one of \"left\", \"right\"\n"
            "/inputs/properties/count/default must be an integer\n"
            "/inputs/properties/lines/default/1/sku is required");
}

TEST(Definition, HasAConcurrencyLimitWithAKeyOrWithout) {
  const std::string steps = "\nsteps: [{name: a, type: noop}]";
  const auto limited = parse_workflow("key: k\nconcurrency: {limit: 8, key: \"${ .client_id }-x\"}" + steps, {});
  ASSERT_TRUE(limited.ok());
  EXPECT_EQ(limited->definition.concurrency_limit, 8);
  EXPECT_EQ(limited->definition.concurrency_key, "${ .client_id }-x");
  const auto keyless = parse_workflow("key: k\nconcurrency: {limit: 1}" + steps, {});
  ASSERT_TRUE(keyless.ok());
  EXPECT_EQ(keyless->definition.concurrency_key, "");
  EXPECT_EQ(parse_workflow("key: k" + steps, {})->definition.concurrency_limit, 0);
}

TEST(Definition, TellsWhatIsWrongWithAConcurrencyLimit) {
  EXPECT_EQ(
      faults_of(R"(key: k
concurrency: {limit: 0, key: "${ .steps.a.x }", per: client}
steps: [{name: a, type: noop}]
)"),
      "/concurrency/limit must be an integer from 1 to 1000000\n"
      "/concurrency/key sees no steps, since none has begun then: inputs, metadata, client_id and job_id are there\n"
      "/concurrency/per concurrency has no field \"per\"");
  EXPECT_EQ(faults_of("{key: k, concurrency: {key: \"${ .inputs.bad }\"}, steps: [{name: a, type: noop}]}"),
            "/concurrency/limit is required\n"
            "/concurrency/key \".inputs.bad\" is not an expression: unexpected bad");
  EXPECT_EQ(faults_of("{key: k, concurrency: 8, steps: [{name: a, type: noop}]}"), "/concurrency must be an object");
}

TEST(Definition, ReadsARateLimit) {
  const auto read = [](const std::string& limit) {
    return parse_workflow("{key: a, rate_limit: " + limit + ", steps: [{name: a, type: noop}]}", fake_check)
        ->definition;
  };
  EXPECT_EQ(read("{limit: 100, per: 1m}").rate_limit, (RateLimit{100, Millis(60'000), 100}));
  EXPECT_EQ(read("{limit: 100, per: 1m}").rate_limit_key, "");
  const auto full = read("{limit: 1, per: 30, burst: 7, key: '${ .client_id }'}");
  EXPECT_EQ(full.rate_limit, (RateLimit{1, Millis(30'000), 7}));
  EXPECT_EQ(full.rate_limit_key, ".client_id");
}

TEST(Definition, TellsWhatIsWrongWithARateLimit) {
  const auto faults = [](const std::string& limit) {
    return faults_of("{key: a, rate_limit: " + limit + ", steps: [{name: a, type: noop}]}");
  };
  EXPECT_EQ(faults("7"), "/rate_limit must be an object");
  EXPECT_EQ(faults("{}"), "/rate_limit/limit is required\n/rate_limit/per is required");
  EXPECT_EQ(faults("{limit: 0, per: 1s}"), "/rate_limit/limit must be an integer from 1 to 1000000");
  EXPECT_EQ(faults("{limit: 1, per: 1s, burst: 1000001}"), "/rate_limit/burst must be an integer from 1 to 1000000");
  for (const char* per : {"1500ms", "31d"})
    EXPECT_EQ(faults(std::string("{limit: 1, per: ") + per + "}"),
              "/rate_limit/per must be a whole number of seconds, at most 30d");
  EXPECT_EQ(faults("{limit: 1, per: 1s, key: .client_id}"),
            "/rate_limit/key must be one expression, written \"${ … }\"");
  EXPECT_EQ(faults("{limit: 1, per: 1s, key: '${ .inputs.bad }'}"),
            "/rate_limit/key \".inputs.bad\" is not an expression: unexpected bad");
  EXPECT_EQ(faults("{limit: 1, per: 1s, key: '${ .steps.a }'}"),
            "/rate_limit/key \".steps.a\": there is no .steps, only .inputs, .metadata and .client_id")
      << "there is no run yet";
  EXPECT_EQ(faults("{limit: 1, per: 1s, bursts: 2}"),
            "/rate_limit/bursts rate_limit has no field \"bursts\", did you mean \"burst\"?");
}

struct Case {
  std::string_view definition;
  std::string_view faults;
};

TEST(Definition, SeesOnlyWhatTheStepsGiveThatHaveEndedBefore) {
  EXPECT_EQ(faults_of(R"(key: a
steps:
  - {name: a, type: noop, when: "${ .steps.a }", config: {x: "${ .steps.d }"}}
  - {name: b, type: noop, needs: [a], for_each: "${ .steps.a.list }", config: {x: "${ .steps.c.x }"}}
  - {name: c, type: noop, config: {x: ["${ .steps[\"b\"].x + .steps.a.x }"]}}
  - name: d
    type: http
    needs: [b, c]
    config: {url: "${ .steps.a } ${ .steps.b } ${ .steps.c }"}
    compensate: {type: http, config: {url: "${ .steps.d } ${ .steps.e }"}}
  - {name: e, type: noop, config: {x: "${ .inputs | .steps.b }"}}
outputs: {x: "${ .steps.e }"}
)"),
            "/steps/0/config/x \".steps.d\": step \"a\" begins before step \"d\" has ended, since \"d\" needs it\n"
            "/steps/0/when \".steps.a\": step \"a\" does not see what it gives itself\n"
            "/steps/1/config/x \".steps.c.x\": step \"b\" does not wait for step \"c\": add \"c\" to its needs\n"
            "/steps/2/config/x/0 \".steps[\"b\"].x + .steps.a.x\": step \"c\" does not wait for step \"b\": add \"b\" "
            "to its needs\n"
            "/steps/2/config/x/0 \".steps[\"b\"].x + .steps.a.x\": step \"c\" does not wait for step \"a\": add \"a\" "
            "to its needs");
  EXPECT_EQ(
      faults_of(R"(key: a
steps:
  - {name: a, type: noop, config: {x: "${ .steps.b }"}}
  - {name: b, type: noop, config: {x: "${ .steps.a }"}}
  - {name: c, type: noop, config: {x: "${ .steps.a }"}}
)"),
      "/steps/0/config/x \".steps.b\": step \"a\" begins before step \"b\" has ended, since steps run in list order")
      << "in list order each step needs all before it";
  EXPECT_EQ(faults_of(R"(key: a
steps:
  - {name: a, type: noop, needs: [b], config: {x: "${ .steps.b }"}}
  - {name: b, type: noop, needs: [a], config: {x: "${ .steps.a }"}}
)"),
            "/steps/1/needs the steps form a cycle: a needs b needs a")
      << "and tells nothing twice";
  EXPECT_EQ(faults_of(R"(key: a
steps:
  - {name: a, type: noop, config: {x: "${ .steps.b }"}}
  - {name: b, type: noop, needs: [c]}
)"),
            "/steps/1/needs/0 there is no step \"c\"")
      << "who knows what it is to be";
  EXPECT_EQ(faults_of(R"(key: a
steps:
  - {name: a, type: noop, needs: [], timeout: 31d, config: {x: "${ .steps.b }"}}
  - {name: b, type: noop}
)"),
            "/steps/0/timeout must be at most 30d\n"
            "/steps/0/config/x \".steps.b\": step \"a\" does not wait for step \"b\": add \"b\" to its needs")
      << "other faults keep nothing from being told";
}

TEST(Definition, NamesOnlyWhatIsThereWhereItStands) {
  EXPECT_EQ(
      faults_of(R"(key: a
concurrency: {limit: 1, key: "${ .client + .run_id }"}
rate_limit: {limit: 1, per: 1s, key: "${ .job_id }"}
steps:
  - {name: a, type: noop, when: "${ .item.x }", for_each: "${ .input.list }", config: {x: "${ .item } ${ .attempt }"}}
  - {name: b, type: noop, when: "${ .attempt == 1 }", config: {x: "${ .item }", y: "${ .step.a }", z: "${ .attempt }"}}
  - {name: c, type: http, config: {url: "http://a"}, compensate: {type: noop, config: {x: "${ .item }"}}}
outputs: {x: "n is ${ .output }", y: "${ .attempt }"}
)"),
      "/concurrency/key \".client + .run_id\": there is no .client, only .inputs, .metadata, .client_id and .job_id\n"
      "/concurrency/key \".client + .run_id\": there is no .run_id, only .inputs, .metadata, .client_id and .job_id\n"
      "/rate_limit/key \".job_id\": there is no .job_id, only .inputs, .metadata and .client_id\n"
      "/steps/0/when \".item.x\": there is no .item here: only a step's config is evaluated for each item and "
      "attempt\n"
      "/steps/0/for_each \".input.list\": there is no .input, only .inputs, .metadata, .client_id, .job_id, .run_id "
      "and .steps\n"
      "/steps/1/config/x \".item\": there is no .item, since the step has no for_each\n"
      "/steps/1/config/y \".step.a\": there is no .step, only .inputs, .metadata, .client_id, .job_id, .run_id, "
      ".steps and .attempt\n"
      "/steps/1/when \".attempt == 1\": there is no .attempt here: only a step's config is evaluated for each item "
      "and attempt\n"
      "/steps/2/compensate/config/x \".item\": there is no .item, since the step has no for_each\n"
      "/outputs/x \".output\": there is no .output, only .inputs, .metadata, .client_id, .job_id, .run_id and "
      ".steps\n"
      "/outputs/y \".attempt\": there is no .attempt here: only a step's config is evaluated for each item and "
      "attempt");
}

TEST(Definition, ThatIsStoredStaysUsableWhateverIsRefusedToday) {
  constexpr std::string_view kHopeless = R"(key: a
inputs: {properties: {count: {type: integer, default: many}}}
steps:
  - {name: a, type: http, when: "${ .item }", config: {url: "http://a", headers: {"no name": "${ .input }"}}}
  - {name: b, type: exec, config: {command: rm}}
  - {name: c, type: generate, config: {prompt: "", style: marbel}}
  - {name: d, type: approval, config: {assets: []}}
)";
  EXPECT_EQ(
      faults_of(kHopeless),
      "/inputs/properties/count/default must be an integer\n"
      "/steps/0/config/headers/no name \".input\": there is no .input, only .inputs, .metadata, .client_id, .job_id, "
      ".run_id, .steps and .attempt\n"
      "/steps/0/when \".item\": there is no .item here: only a step's config is evaluated for each item and "
      "attempt\n"
      "/steps/0/config/headers/no name cannot be the name of a header: only letters, digits and !#$%&'*+-.^_`|~ "
      "may be in it\n"
      "/steps/1/config/command the server has no command \"rm\" in its [exec.commands]\n"
      "/steps/2/config/prompt has 0 characters; 1 to 2000 are allowed\n"
      "/steps/2/config/style is none of flow, landscape, stained-glass, marble, bauhaus, starry, papercut\n"
      "/steps/3/config/assets is empty: nobody could approve anything");
  EXPECT_TRUE(parse_workflow(kHopeless, fake_check).ok());
}

TEST(Definition, IsRefusedInWordsThatNameWhatWasExpected) {
  const Case cases[] = {
      {"[]", " must be an object with key and steps"},
      {"just text", " must be an object with key and steps"},
      {"", "malformed_json: the text is empty"},
      {"{}", "/key is required\n/steps is required"},
      {"key: k\nsteps: []", "/steps must have at least one step"},
      {"key: k\nsteps: {}", "/steps must be a list of steps"},
      {"{key: a, id: b, steps: [{name: a, type: noop}]}", "/id must be the same as key where both are given"},
      {"{key: a, id: a, steps: [{name: a, type: noop}]}", ""},
      {"{id: A, steps: [{name: a, type: noop}]}",
       "/id must be 1 to 64 of a-z 0-9 . _ - and begin with a letter or digit"},
      {"{key: 12, steps: [{name: a, type: noop}]}", "/key must be text: put it in quotes"},
      {"{key: a, steps: [{}]}", "/steps/0/name is required\n/steps/0/type is required"},
      {"{key: a, steps: [{name: a, type: noop, needs: b}]}", "/steps/0/needs must be a list of step names"},
      {"{key: a, steps: [{name: a, type: noop, needs: [1]}]}", "/steps/0/needs/0 must be the name of a step"},
      {"{key: a, steps: [{name: a, type: noop, config: 1}]}", "/steps/0/config must be an object"},
      {"{key: a, steps: [{name: a, type: noop, for_each: '${ .a } and more'}]}",
       "/steps/0/for_each must be one expression, written \"${ … }\""},
      {"{key: a, timeout: 31d, steps: [{name: a, type: noop}]}", "/timeout must be at most 30d"},
      {"{key: a, defaults: {timeout: 31d}, steps: [{name: a, type: noop}, {name: b, type: noop}]}",
       "/defaults/timeout must be at most 30d"},
      {"{key: a, defaults: {retry: {initial: 2m}}, steps: [{name: a, type: noop}, {name: b, type: noop}]}",
       "/defaults/retry/initial must not be longer than max"},
      {"{key: a, outputs: '${ .steps.to-do.value }', steps: [{name: to-do, type: noop}]}",
       "/outputs a step name with \"-\" is written .steps[\"to-do\"]"},
      {R"({key: a, outputs: '${ .steps["to-do"].value + .steps["tado"] }', steps: [{name: to-do, type: noop}]})",
       "/outputs there is no step \"tado\", did you mean \"to-do\"?"},
      {R"({key: a, outputs: ['${ .inputs | .steps.x }', '${ .inputs.steps.x }', '${ "x .steps.x" }', '${ map(.steps.x) }'],
          steps: [{name: a, type: noop}]})",
       ""},
      {R"({"key": "a", "steps": [{"name": "a", "type": "noop"}],})", ""},  // YAML allows the comma
      {R"({"key": "a" "steps": []})", "malformed_json: line 1, column 19: unexpected string, expected '}'"},
      {"{\"key\": \"a\", \"key\": \"b\"}", "malformed_json: line 1, column 18: the member name \"key\" appears twice"},
      {"key: a\nkey: b", "malformed_json: line 2, column 1: the member name \"key\" appears twice"},
  };
  for (const Case& c : cases) EXPECT_EQ(faults_of(c.definition), c.faults) << c.definition;
}

TEST(Definition, IsBoundedInSizeAndSteps) {
  EXPECT_EQ(parse_workflow(std::string(limits::kDefinitionBytes + 1, ' '), fake_check).error().code,
            ErrorCode::payload_too_large);
  std::string many = "key: k\nsteps:\n";
  for (std::size_t i = 0; i <= limits::kSteps; ++i) many += " - {name: s" + std::to_string(i) + ", type: noop}\n";
  EXPECT_EQ(faults_of(many), "/steps has 257 steps; at most 256 are allowed");
}

}  // namespace
}  // namespace troupe
