#include "codec/schema.hpp"

#include <algorithm>
#include <exception>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>

#include "codec/schema_source.hpp"
#include "codec/schema_validator.hpp"

namespace troupe {

struct JsonSchema::Compiled {
  explicit Compiled(Json text) : written(std::move(text)), source(read_schema_source(written)) {}

  const Json written;
  const SchemaSource source;  ///< points into `written`
  valijson::Schema schema;
};

namespace {

constexpr std::size_t kDefaultFaultsMax = 100;

/// What a reference leads to is known only within the whole document.
bool holds_reference(const Json& value) {
  if (value.is_object() && value.contains("$ref")) return true;
  return value.is_structured() && std::any_of(value.begin(), value.end(), holds_reference);
}

/// Fills a value with the defaults of its schema. A schema may lead back to itself, by `allOf` or by a default that
/// asks for the next one, so depth and number are bounded.
class Defaults {
 public:
  explicit Defaults(const Json& root) : root_(root) {}

  bool are_complete() const { return steps_ <= kStepsMax && bytes_ <= kBytesMax; }

  void fill(const Json& node, Json& value, int depth = 0) {
    const Json& schema = behind_references(node);
    if (!schema.is_object() || depth == kDepthMax || !are_complete()) return;
    ++steps_;
    if (const auto all = schema.find("allOf"); all != schema.end())
      for (const Json& part : *all) fill(part, value, depth + 1);
    if (const auto properties = schema.find("properties"); properties != schema.end() && value.is_object())
      for (const auto& [name, property] : properties->items()) fill_member(name, property, value, depth + 1);
    if (const auto items = schema.find("items"); items != schema.end() && items->is_object() && value.is_array())
      for (Json& item : value) fill(*items, item, depth + 1);
  }

 private:
  static constexpr int kDepthMax = limits::kJsonDepth;
  static constexpr int kCountMax = 10'000;
  static constexpr int kStepsMax = 1'000'000;  // `allOf` may lead to the same value again and again
  static constexpr std::size_t kBytesMax = 4 << 20;

  void fill_member(const std::string& name, const Json& node, Json& object, int depth) {
    const Json& schema = behind_references(node);
    if (!schema.is_object() || !are_complete()) return;
    ++steps_;
    auto member = object.find(name);
    if (member == object.end()) {
      const auto fallback = schema.find("default");
      if (fallback == schema.end() || count_ == kCountMax) return;
      ++count_;
      bytes_ += to_text(*fallback).size();
      if (!are_complete()) return;
      member = object.emplace(name, *fallback).first;
    }
    fill(schema, *member, depth);
  }

  const Json& behind_references(const Json& node) const {
    const Json* schema = &node;
    while (schema->is_object() && schema->contains("$ref")) {  // read_schema_source has seen that this ends
      schema = resolve_reference(root_, schema->at("$ref").get_ref<const std::string&>());
      TROUPE_ASSERT(schema != nullptr, "a reference that was resolved when the schema was compiled");
    }
    return *schema;
  }

  const Json& root_;
  int count_ = 0;
  int steps_ = 0;
  std::size_t bytes_ = 0;  ///< of defaults that were filled in
};

}  // namespace

JsonSchema::JsonSchema(std::unique_ptr<Compiled> compiled) : compiled_(std::move(compiled)) {}
JsonSchema::~JsonSchema() = default;

Result<std::shared_ptr<const JsonSchema>> JsonSchema::compile(const Json& schema) {
  auto compiled = std::make_unique<Compiled>(schema);
  if (!compiled->source.faults.empty())
    return Error{ErrorCode::validation_failed, "This is not a JSON Schema.", false, compiled->source.faults};
  try {
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(valijson::adapters::NlohmannJsonAdapter(compiled->written), compiled->schema);
  } catch (const std::exception& failure) {
    return Error{ErrorCode::validation_failed, "This is not a JSON Schema.", false, {{"", failure.what()}}};
  }
  return std::shared_ptr<const JsonSchema>(new JsonSchema(std::move(compiled)));
}

std::vector<Fault> JsonSchema::validate(const Json& value) const {
  return check_value(compiled_->schema, compiled_->source, value);
}

std::vector<Fault> JsonSchema::check_defaults() const {
  std::vector<Fault> faults;
  for (const auto& [schema, pointer] : compiled_->source.defaults) {
    if (holds_reference(*schema)) continue;
    const auto alone = compile(*schema);
    if (!alone.ok()) continue;
    Json value = schema->at("default");
    if (!(*alone)->apply_defaults(value)) continue;
    for (const Fault& fault : (*alone)->validate(value))
      faults.push_back({pointer_append(pointer, "default") + fault.pointer, fault.message});
    if (faults.size() >= kDefaultFaultsMax) break;
  }
  return faults;
}

bool JsonSchema::apply_defaults(Json& value) const {
  if (compiled_->source.defaults.empty()) return true;
  Defaults defaults(compiled_->written);
  defaults.fill(compiled_->written, value);
  return defaults.are_complete();
}

}  // namespace troupe
