#include "codec/json.hpp"
#include "ingress/render.hpp"

namespace troupe::ingress {
namespace {

void write_head(JsonWriter& json, const WorkflowView& workflow) {
  const Json definition = from_document(Document(workflow.row.definition));
  const auto text_of = [&](const char* member) {
    const auto found = definition.find(member);
    return found != definition.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  json.text("key", workflow.row.key);
  json.number("version", workflow.row.version);
  json.number("newest_version", workflow.newest_version);
  json.text("name", text_of("name"));
  json.text("description", text_of("description"));
  json.flag("disabled", workflow.disabled);
  json.text("digest", to_hex(workflow.row.digest));
  json.time("created_at", workflow.row.created_at);
  json.text("created_by", workflow.row.created_by);
}

}  // namespace

std::string render_applied(const AppliedWorkflow& workflow) {
  JsonWriter json;
  json.begin_object().text("key", workflow.key).number("version", workflow.version).end_object();
  return json.take();
}

void write_workflow_summary(JsonWriter& json, const WorkflowView& workflow) {
  json.begin_object();
  write_head(json, workflow);
  json.end_object();
}

std::string render_workflow(const WorkflowView& workflow) {
  JsonWriter json;
  json.begin_object();
  write_head(json, workflow);
  json.raw("definition", workflow.row.definition);
  json.end_object();
  return json.take();
}

}  // namespace troupe::ingress
