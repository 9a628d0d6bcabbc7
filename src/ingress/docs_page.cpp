#include "ingress/docs_page.hpp"

#include <string_view>
#include <vector>

#include "codec/json.hpp"
#include "ingress/api.hpp"

namespace troupe::ingress {
namespace {

constexpr std::string_view kStyle = R"css(
:root{color-scheme:light dark;--back:#fdfdfc;--text:#1d2430;--soft:#5b6575;--line:#e2e5ea;--card:#f5f6f8;--link:#1a5fb4;
--get:#1f7a4d;--post:#1a5fb4}
@media(prefers-color-scheme:dark){:root{--back:#14171c;--text:#e4e7ec;--soft:#98a2b3;--line:#2b313b;--card:#1c2027;
--link:#8ab4f8;--get:#5fd39a;--post:#8ab4f8}}
*{box-sizing:border-box}
body{margin:0;background:var(--back);color:var(--text);font:15px/1.55 system-ui,sans-serif;display:flex}
nav{position:sticky;top:0;height:100vh;overflow:auto;flex:0 0 17rem;padding:1.2rem;border-right:1px solid var(--line);font-size:13px}
nav h2{font-size:12px;text-transform:uppercase;letter-spacing:.06em;color:var(--soft);margin:1.1rem 0 .3rem}
nav a{display:block;padding:.12rem 0;white-space:nowrap;overflow:hidden;text-overflow:ellipsis}
main{flex:1;min-width:0;max-width:60rem;padding:1.5rem 2.2rem 5rem}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
h1{margin:.2rem 0 .4rem;font-size:1.7rem}h2{margin:2.4rem 0 .6rem}h3{margin:1.2rem 0 .4rem;font-size:.95rem}
section.op{border:1px solid var(--line);border-radius:8px;padding:1rem 1.2rem;margin:1rem 0}
section.op>header{font-weight:600;overflow-wrap:anywhere}
code,pre{font:13px/1.5 ui-monospace,monospace}pre{background:var(--card);padding:.8rem;border-radius:6px;overflow:auto}
.m{display:inline-block;min-width:3.2rem;font-weight:700}.GET{color:var(--get)}.POST{color:var(--post)}
.soft{color:var(--soft)}table{border-collapse:collapse;width:100%;font-size:14px}
td,th{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-top:1px solid var(--line)}
th{color:var(--soft);font-weight:500;border-top:0}
@media(max-width:50rem){body{display:block}nav{position:static;height:auto;border-right:0;border-bottom:1px solid var(--line)}
main{padding:1rem}})css";

std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += c;
    }
  }
  return out;
}

/// Escaped, with `words in backticks` as code.
std::string prose(std::string_view text) {
  std::string out;
  bool code = false;
  for (std::size_t at = 0; at <= text.size();) {
    const auto tick = std::min(text.find('`', at), text.size());
    out += escape(text.substr(at, tick - at));
    if (tick < text.size()) {
      out += code ? "</code>" : "<code>";
      code = !code;
    }
    at = tick + 1;
  }
  return out;
}

std::string page(std::string_view title, std::string_view nav, std::string_view content) {
  std::string html =
      "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>";
  html.append(title).append("</title><style>").append(kStyle).append("</style></head><body><nav>").append(nav);
  html.append("</nav><main>").append(content).append("</main></body></html>\n");
  return html;
}

/// The name at the end of a `$ref`, else "".
std::string ref_name(const Json& schema) {
  if (!schema.is_object() || !schema.contains("$ref")) return {};
  const auto ref = schema["$ref"].get<std::string>();
  return ref.substr(ref.rfind('/') + 1);
}

/// A schema in a few words: a link where it has a name.
std::string in_words(const Json& schema) {
  if (const auto name = ref_name(schema); !name.empty()) return "<a href=\"#schema-" + name + "\">" + name + "</a>";
  if (!schema.is_object()) return "any";
  for (const char* keyword : {"oneOf", "anyOf"}) {
    if (!schema.contains(keyword)) continue;
    std::string out;
    for (const Json& choice : schema[keyword]) out += (out.empty() ? "" : " or ") + in_words(choice);
    return out;
  }
  if (schema.contains("enum")) {
    std::string out;
    for (const Json& value : schema["enum"])
      out += (out.empty() ? "<code>" : " | <code>") + escape(to_text(value)) + "</code>";
    return out;
  }
  if (!schema.contains("type")) return "any";
  if (schema["type"] == "array") return "list of " + in_words(schema.value("items", Json::object()));
  if (schema["type"].is_string()) return escape(schema["type"].get<std::string>());
  std::string out;
  for (const Json& type : schema["type"]) out += (out.empty() ? "" : " or ") + escape(type.get<std::string>());
  return out;
}

std::string bounds(const Json& schema) {
  std::string out;
  for (const char* keyword : {"minimum", "exclusiveMinimum", "maximum", "maxLength", "default", "format"})
    if (schema.is_object() && schema.contains(keyword))
      out += std::string(out.empty() ? "" : ", ") + keyword + " " + escape(to_text(schema[keyword]));
  return out.empty() ? out : " <span class=soft>(" + out + ")</span>";
}

std::string text_of(const Json& object, const char* member) { return object.value(member, std::string()); }

std::string parameters_table(const Json& operation) {
  if (!operation.contains("parameters")) return {};
  std::string out = "<h3>Parameters</h3><table><tr><th>name</th><th>in</th><th>value</th><th></th></tr>";
  for (const Json& parameter : operation["parameters"])
    out += "<tr><td><code>" + escape(text_of(parameter, "name")) + "</code></td><td>" + text_of(parameter, "in") +
           "</td><td>" + in_words(parameter["schema"]) + bounds(parameter["schema"]) + "</td><td>" +
           prose(text_of(parameter, "description")) + "</td></tr>";
  return out + "</table>";
}

std::string content_in_words(const Json& holder) {
  std::string out;
  if (!holder.contains("content")) return out;
  for (const auto& [type, media] : holder["content"].items()) {
    out += (out.empty() ? "<code>" : ", <code>") + escape(type) + "</code>";
    if (media.contains("schema") && !ref_name(media["schema"]).empty()) out += " " + in_words(media["schema"]);
  }
  return out;
}

std::string responses_table(const Json& operation) {
  std::string out = "<h3>Answers</h3><table><tr><th>status</th><th></th><th>body</th></tr>";
  for (const auto& [status, response] : operation["responses"].items())
    out += "<tr><td><code>" + escape(status) + "</code></td><td>" + prose(text_of(response, "description")) +
           "</td><td>" + content_in_words(response) + "</td></tr>";
  return out + "</table>";
}

std::string operation_section(std::string_view path, const std::string& method, const Json& operation) {
  std::string upper;
  for (char c : method) upper += static_cast<char>(c - 'a' + 'A');
  std::string out = "<section class=op id=\"" + text_of(operation, "operationId") + "\"><header><span class=\"m " +
                    upper + "\">" + upper + "</span> <code>" + escape(path) + "</code></header><p>" +
                    prose(text_of(operation, "summary"));
  if (operation.contains("description"))
    out += ". <span class=soft>" + prose(text_of(operation, "description")) + "</span>";
  out += "</p>" + parameters_table(operation);
  if (operation.contains("requestBody"))
    out += "<h3>Body</h3><p>" + content_in_words(operation["requestBody"]) + "</p>";
  return out + responses_table(operation) + "</section>";
}

std::string schema_section(const std::string& name, const Json& schema) {
  std::string out = "<section class=op id=\"schema-" + name + "\"><header>" + name + "</header>";
  if (schema.contains("description")) out += "<p>" + prose(text_of(schema, "description")) + "</p>";
  if (schema.contains("properties")) {
    out += "<table>";
    const Json required = schema.value("required", Json::array());
    for (const auto& [member, value] : schema["properties"].items()) {
      const bool needed = std::find(required.begin(), required.end(), member) != required.end();
      out += "<tr><td><code>" + escape(member) + "</code>" + (needed ? "" : " <span class=soft>?</span>") +
             "</td><td>" + in_words(value) + bounds(value) + "</td><td>" + prose(text_of(value, "description")) +
             "</td></tr>";
    }
    out += "</table>";
  } else {
    out += "<p>" + in_words(schema) + "</p>";
  }
  if (schema.contains("examples")) out += "<pre>" + escape(schema["examples"][0].dump(2)) + "</pre>";
  return out + "</section>";
}

std::string make_docs_page() {
  const auto parsed = parse_json(openapi_document());
  const Json& document = *parsed;
  std::string nav,
      content = "<h1>" + escape(text_of(document["info"], "title")) + "</h1><p>" +
                prose(text_of(document["info"], "description")) +
                "</p><p><a href=\"/v1/openapi.json\">OpenAPI document</a> · <a href=\"/docs/errors\">Error "
                "codes</a></p>";
  for (const Json& tag : document["tags"]) {
    const auto name = text_of(tag, "name");
    nav += "<h2>" + escape(name) + "</h2>";
    content += "<h2>" + escape(name) + "</h2><p class=soft>" + prose(text_of(tag, "description")) + "</p>";
    for (const auto& [path, methods] : document["paths"].items())
      for (const auto& [method, operation] : methods.items()) {
        if (operation["tags"][0] != name) continue;
        nav +=
            "<a href=\"#" + text_of(operation, "operationId") + "\">" + prose(text_of(operation, "summary")) + "</a>";
        content += operation_section(path, method, operation);
      }
  }
  nav += "<h2>Schemas</h2>";
  content += "<h2>Schemas</h2>";
  for (const auto& [name, schema] : document["components"]["schemas"].items()) {
    nav += "<a href=\"#schema-" + name + "\">" + name + "</a>";
    content += schema_section(name, schema);
  }
  return page("Troupe API", nav, content);
}

std::string make_errors_page() {
  std::string nav = "<a href=\"/docs\">API reference</a><h2>Codes</h2>",
              content =
                  "<h1>Error codes</h1><p>Every error "
                  "answer is a problem document (RFC 9457): its <code>code</code> is stable, its <code>type</code> "
                  "points here.</p>";
  for (ErrorCode code : all_error_codes()) {
    const std::string text(code_text(code));
    nav += "<a href=\"#" + text + "\">" + text + "</a>";
    content += "<section class=op id=\"" + text + "\"><header><code>" + text + "</code> <span class=soft>" +
               std::to_string(http_status(code)) + "</span></header><p>" + escape(code_meaning(code)) +
               "<br><span class=soft>" + escape(code_remedy(code)) + "</span></p></section>";
  }
  return page("Troupe: error codes", nav, content);
}

}  // namespace

const std::string& docs_page() {
  static const std::string html = make_docs_page();
  return html;
}

const std::string& errors_page() {
  static const std::string html = make_errors_page();
  return html;
}

}  // namespace troupe::ingress
