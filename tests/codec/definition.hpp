// Reads definitions for the tests, with a stand-in for jq that takes every expression but `bad(…)`, and for a server
// that has every command but `rm`.
#pragma once

#include <string>
#include <string_view>

#include "codec/workflow_codec.hpp"

namespace troupe {

inline std::optional<std::string> fake_check(std::string_view expression) {
  if (expression.find(".bad") != std::string_view::npos) return "unexpected bad";
  return std::nullopt;
}

/// One fault a line: pointer, space, message. "" for a good definition.
inline std::string faults_of(std::string_view definition) {
  const auto parsed = parse_new_workflow(definition, fake_check, [](std::string_view name) { return name != "rm"; });
  if (parsed.ok()) return {};
  if (parsed.error().code != ErrorCode::validation_failed)
    return std::string(code_text(parsed.error().code)) + ": " + parsed.error().message;
  std::string text;
  for (const Fault& fault : parsed.error().faults)
    text += (text.empty() ? "" : "\n") + fault.pointer + " " + fault.message;
  return text;
}

/// The product poster of docs/contracts.md, as far as this version does it.
inline constexpr std::string_view kPoster = R"(key: product-poster
name: Product poster
description: Four variants of a poster, delivered to the shop.
inputs: {type: object, required: [prompt], properties: {prompt: {type: string, maxLength: 2000}, count: {type: integer, minimum: 1, maximum: 64, default: 4}}}
timeout: 15m
retention: 1y
defaults: {retry: {max_attempts: 5, backoff: linear, initial: 2s, max: 30s, jitter: none}, timeout: 45s}
steps:
  - name: render
    type: generate
    config: {prompt: "${ .inputs.prompt }", count: "${ .inputs.count }", width: 512}
    timeout: 5m
    retry: {max_attempts: 2}
  - name: publish
    type: webhook
    needs: [render]
    for_each: "${ .steps.render.assets }"
    when: "${ .inputs.publish != false }"
    idempotent: false
    config: {url: "https://shop.example/api/posters", method: POST, body: {image: "${ .item.url }"}, expect_status: [200, 2xx]}
    compensate: {type: http, config: {url: "https://shop.example/api/posters/${ .item.id }", method: DELETE}, timeout: 10}
  - name: rest
    type: delay
    config: {duration: 1.5}
outputs: {posters: "${ .steps.publish }"}
)";

}  // namespace troupe
