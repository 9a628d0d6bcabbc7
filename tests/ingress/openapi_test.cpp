// The OpenAPI document and the pages: complete, and true to what is rendered.
#include <fstream>
#include <set>

#include "api_fixture.hpp"
#include "codec/schema.hpp"
#include "ingress/route.hpp"
#include "views.hpp"

namespace troupe::ingress {
namespace {

/// Objects with listed properties may have no others: what is rendered but not described is a fault too.
void close_objects(Json& schema) {
  if (schema.is_array())
    for (Json& item : schema) close_objects(item);
  if (!schema.is_object()) return;
  for (auto& [name, value] : schema.items())
    if (name != "examples") close_objects(value);
  if (schema.value("type", Json()) == "object" && schema.contains("properties") &&
      !schema.contains("additionalProperties"))
    schema["additionalProperties"] = false;
}

class OpenApiTest : public ApiTest {
 protected:
  OpenApiTest() : document_(*parse_json(openapi_document())) {
    options_.time_zone = [](std::string_view) -> Result<TimeZonePtr> { return utc(); };
    gateway_.accepted = sample_accepted();
    gateway_.job_view = sample_job();
    gateway_.job_list = {sample_job(Status::running), sample_job()};
    gateway_.run_view = sample_run();
    gateway_.run_list = {sample_run()};
    gateway_.asset_row = sample_asset();
    gateway_.blobs[sha256("0123456789")] = "0123456789";
    gateway_.workflow_view = sample_workflow();
    gateway_.workflow_list = {sample_workflow()};
    gateway_.applied = {"poster", 3, true, {}};
    options_.time_zone = [](std::string_view) { return Result<TimeZonePtr>(utc()); };
    gateway_.schedule_view = sample_schedule();
    gateway_.schedule_list = {sample_schedule()};
    gateway_.schedule_change = {sample_schedule(), true, {}};
    gateway_.kill_switch = sample_kill_switch();
    KillSwitch global = sample_kill_switch();
    global.scope = SwitchScope::global;
    global.target.clear();
    gateway_.kill_switch_list = {global, sample_kill_switch()};
    gateway_.change.id = sample_job_id();
    gateway_.audit_page.records = {R"({"seq":1,"at":"2026-11-21T01:02:03.456Z","action":"job.accepted","actor":"ops",
      "node":"n","client_id":"shop","details":{"x":1},"prev_hash":"00","hash":"11"})"};
  }

  std::string faults(const Json& value, const Json& schema, bool closed) {
    Json whole = schema;
    whole["components"] = document_["components"];
    if (closed) close_objects(whole["components"]);
    if (whole.contains("$ref")) whole = {{"allOf", {{{"$ref", whole["$ref"]}}}}, {"components", whole["components"]}};
    const auto compiled = JsonSchema::compile(whole);
    if (!compiled) return compiled.error().message;
    std::string list;
    for (const Fault& fault : (*compiled)->validate(value)) list += fault.pointer + " " + fault.message + "\n";
    return list;
  }

  /// A request that fits the operation, and its answer.
  Answered try_out(const std::string& path, const std::string& method, const Json& operation) {
    std::string target = path;
    for (const auto& [name, value] : {std::pair{"{id}", kUuid},
                                      {"{key}", "poster"},
                                      {"{version}", "2"},
                                      {"{image_id}", kUuid},
                                      {"{name}", "paid"},
                                      {"{step}", "pay"}})
      if (const auto at = target.find(name); at != std::string::npos)
        target.replace(at, std::string_view(name).size(), value);
    std::string verb = method;
    for (char& c : verb) c = static_cast<char>(c - 'a' + 'A');
    if (!operation.contains("requestBody")) return send(verb, target);
    const auto ref = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"].get<std::string>();
    const Json& example = document_["components"]["schemas"][ref.substr(ref.rfind('/') + 1)]["examples"][0];
    return send(verb, target, to_text(example), {{"content-type", "application/json"}});
  }

  Json document_;
};

TEST_F(OpenApiTest, EveryRouteIsDescribedAndAnswersWithADeclaredStatusAndShape) {
  std::size_t count = 0;
  for (const auto& [path, methods] : document_["paths"].items())
    for (const auto& [method, operation] : methods.items()) {
      ++count;
      const auto answer = try_out(path, method, operation);
      const std::string status = std::to_string(answer.status);
      ASSERT_LT(answer.status, 300) << method << " " << path << "\n" << answer.body;
      ASSERT_TRUE(operation["responses"].contains(status)) << method << " " << path << " gave " << status;
      const Json content = operation["responses"][status].value("content", Json::object());
      if (!content.contains("application/json")) continue;
      EXPECT_EQ(faults(answer.json(), content["application/json"]["schema"], true), "")
          << method << " " << path << answer.body;
    }
  EXPECT_EQ(count, route_table().size());
}

TEST_F(OpenApiTest, EveryExampleFitsItsSchema) {
  int count = 0;
  for (const auto& [name, schema] : document_["components"]["schemas"].items())
    for (const Json& example : schema.value("examples", Json::array())) {
      ++count;
      EXPECT_EQ(faults(example, Json{{"$ref", "#/components/schemas/" + name}}, true), "") << name;
    }
  EXPECT_GT(count, 10);
}

TEST_F(OpenApiTest, ProblemsHaveTheDeclaredShape) {
  EXPECT_EQ(faults(post("/v1/jobs", "{}").json(), Json{{"$ref", "#/components/schemas/Problem"}}, true), "");
}

TEST_F(OpenApiTest, EveryReferenceLeadsSomewhereAndEverySchemaIsUsed) {
  const std::string text = openapi_document();
  std::set<std::string> used;
  constexpr std::string_view kPrefix = "#/components/schemas/";
  for (auto at = text.find(kPrefix); at != std::string::npos; at = text.find(kPrefix, at + 1))
    used.insert(text.substr(at + kPrefix.size(), text.find('"', at) - at - kPrefix.size()));
  std::set<std::string> declared;
  for (const auto& [name, schema] : document_["components"]["schemas"].items()) declared.insert(name);
  EXPECT_EQ(used, declared);
}

TEST_F(OpenApiTest, OperationsHaveNamesOfTheirOwnAndSayWhoMay) {
  std::set<std::string_view> ids;
  for (const Route& route : route_table()) {
    EXPECT_TRUE(ids.insert(route.id).second) << route.id;
    EXPECT_FALSE(route.summary.empty()) << route.id;
    EXPECT_FALSE(route.answers.empty()) << route.id;
  }
  EXPECT_EQ(document_["paths"]["/v1/jobs"]["post"]["description"].get<std::string>().find("Needs the role `client`.") ==
                std::string::npos,
            false);
  EXPECT_EQ(document_["paths"]["/healthz"]["get"]["security"], Json::array());
}

TEST_F(OpenApiTest, ThePagesNeedNothingFromElsewhere) {
  for (const char* path : {"/docs", "/docs/errors"}) {
    const auto page = get(path);
    EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_EQ(page.body.find("src="), std::string::npos) << path;
    EXPECT_EQ(page.body.find("<script"), std::string::npos) << path;
    EXPECT_EQ(page.body.find("href=\"http"), std::string::npos) << path;
    EXPECT_EQ(page.body.find("@import"), std::string::npos) << path;
  }
  const std::string docs = get("/docs").body;
  for (const Route& route : route_table())
    EXPECT_NE(docs.find("id=\"" + std::string(route.id) + "\""), std::string::npos) << route.id;
}

TEST_F(OpenApiTest, TheTypeOfAProblemLeadsToItsParagraph) {
  const std::string page = get("/docs/errors").body;
  for (ErrorCode code : all_error_codes())
    EXPECT_NE(page.find("<section class=op id=\"" + std::string(code_text(code)) + "\">"), std::string::npos);
}

// --- docs/errors.md

TEST(ErrorsPage, ListsEveryCodeOnceWithItsStatusMeaningAndRemedy) {
  std::ifstream file(TROUPE_SOURCE_DIR "/docs/errors.md");
  ASSERT_TRUE(file);
  std::vector<std::string> rows, expected;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("| `")) rows.push_back(line);
  for (ErrorCode code : all_error_codes())
    expected.push_back("| `" + std::string(code_text(code)) + "` | " + std::to_string(http_status(code)) + " | " +
                       std::string(code_meaning(code)) + " | " + std::string(code_remedy(code)) + " |");
  EXPECT_EQ(rows, expected);
}

}  // namespace
}  // namespace troupe::ingress
