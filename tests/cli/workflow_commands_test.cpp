#include "cli/cli_fixture.hpp"

namespace troupe {
namespace {

using testing::HasSubstr;

class WorkflowCommandTest : public CliTest {};

constexpr const char* kDefinition = "key: hello\nsteps:\n  - {name: greet, type: noop}\n";

TEST_F(WorkflowCommandTest, ApplySendsTheFileAsItIs) {
  server_.answer("POST /v1/workflows", 201, R"({"key":"hello","version":1})");
  EXPECT_EQ(run({"workflow", "apply", given_file("apply.yaml", kDefinition)}), 0);
  EXPECT_EQ(last_request().body, kDefinition);
  EXPECT_EQ(last_request().headers.at("content-type"), "application/yaml");
  EXPECT_EQ(out_, "hello version 1\n");
}

TEST_F(WorkflowCommandTest, ApplyTellsWhenNothingChanged) {
  server_.answer("POST /v1/workflows", 200, R"({"key":"hello","version":1})");
  EXPECT_EQ(run({"workflow", "apply", given_file("apply.json", "{}")}), 0);
  EXPECT_EQ(last_request().headers.at("content-type"), "application/json");
  EXPECT_EQ(out_, "hello version 1 (unchanged)\n");
}

TEST_F(WorkflowCommandTest, ApplyStopsAtTheFirstFileThatIsRefused) {
  server_.refuse("POST /v1/workflows", 422, "validation_failed", "Two faults.");
  EXPECT_EQ(run({"workflow", "apply", given_file("one.yaml", kDefinition), given_file("two.yaml", kDefinition)}), 1);
  EXPECT_EQ(server_.requests().size(), 1U);
}

TEST_F(WorkflowCommandTest, ValidateAsksTheServer) {
  server_.answer("POST /v1/workflows/validate", 200, R"({"key":"hello","valid":true})");
  standard_input_ = kDefinition;
  EXPECT_EQ(run({"workflow", "validate", "-"}), 0);
  EXPECT_EQ(last_request().body, kDefinition);
  EXPECT_EQ(out_, "-: valid (hello)\n");
}

TEST_F(WorkflowCommandTest, ValidateShowsEveryFaultWithItsPlace) {
  server_.answer("POST /v1/workflows/validate", 422,
                 R"({"code":"validation_failed","detail":"The definition has 2 faults.","errors":[)"
                 R"({"pointer":"/steps/0/typ","message":"is not known"},{"pointer":"/steps/0/type","message":"is required"}]})");
  EXPECT_EQ(run({"workflow", "validate", given_file("bad.yaml", "steps: []")}), 1);
  EXPECT_THAT(err_, HasSubstr("  /steps/0/typ: is not known\n  /steps/0/type: is required\n"));
}

TEST_F(WorkflowCommandTest, ValidateOfflineNeedsNoServer) {
  EXPECT_EQ(run({"workflow", "validate", "--offline", given_file("good.yaml", kDefinition)}), 0) << err_;
  EXPECT_THAT(out_, HasSubstr("valid (hello)"));
  EXPECT_EQ(run({"workflow", "validate", "--offline", given_file("bad.yaml", "key: hello\nstep: []\n")}), 1);
  EXPECT_THAT(err_, HasSubstr("/step"));
  EXPECT_EQ(run({"workflow", "validate", "--offline",
                 given_file("jq.yaml", "key: hello\nsteps:\n  - {name: a, type: noop, when: '.inputs. ('}\n")}),
            1);
  EXPECT_THAT(err_, HasSubstr("/steps/0/when"));
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(WorkflowCommandTest, ListShowsWorkflows) {
  server_.answer("GET /v1/workflows?limit=50", 200,
                 R"({"items":[{"key":"hello","version":3,"name":"Hello","disabled":true,"created_at":"2026-11-21T01:02:03.456Z"}],"next_cursor":null})");
  EXPECT_EQ(run({"workflow", "list"}), 0);
  EXPECT_EQ(out_,
            "WORKFLOW  VERSION  STATE     CREATED              NAME\n"
            "hello     3        disabled  2026-11-21 01:02:03  Hello\n");
  EXPECT_EQ(err_, "");
}

TEST_F(WorkflowCommandTest, ShowAsksForAVersion) {
  const std::string body =
      R"({"key":"hello","version":2,"name":"Hello","definition":{"steps":[{"name":"greet","type":"noop","needs":["a","b"]}]}})";
  server_.answer("GET /v1/workflows/hello/versions/2", 200, body);
  EXPECT_EQ(run({"workflow", "show", "hello", "--version", "2"}), 0);
  EXPECT_THAT(out_, HasSubstr("greet  noop  a, b"));
  EXPECT_EQ(run({"workflow", "show", "hello", "--version", "2", "--json"}), 0);
  EXPECT_EQ(out_json(), parse_json(body).value());
}

TEST_F(WorkflowCommandTest, DisableAndEnablePost) {
  for (const std::string verb : {"disable", "enable"}) {
    server_.answer("POST /v1/workflows/hello/" + verb, 200, R"({"key":"hello"})");
    EXPECT_EQ(run({"workflow", verb, "hello"}), 0);
    EXPECT_EQ(out_, "hello " + verb + "d\n");
  }
  EXPECT_EQ(run({"workflow", "disable", "none"}), 5);
}

}  // namespace
}  // namespace troupe
