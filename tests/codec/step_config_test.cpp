#include <gtest/gtest.h>

#include "codec/definition.hpp"

namespace troupe {
namespace {

std::string faults_of_config(std::string_view type, std::string_view config) {
  std::string text =
      faults_of("{key: k, steps: [{name: a, type: " + std::string(type) + ", config: " + std::string(config) + "}]}");
  for (std::size_t at; (at = text.find("/steps/0/config")) != std::string::npos;) text.erase(at, 15);
  return text;
}

struct ConfigCase {
  std::string_view type;
  std::string_view config;
  std::string_view faults;
};

TEST(StepConfig, IsCheckedByItsType) {
  const ConfigCase cases[] = {
      {"noop", "{anything: [1, {goes: here}]}", ""},
      {"delay", "{duration: 0}", ""},
      {"delay", "{duration: 1h30m}", ""},
      {"delay", "{until: '${ .inputs.at }'}", ""},
      {"delay", "{until: '2026-11-21T01:02:03+01:00'}", ""},
      {"delay", "{until: tomorrow}", "/until must be a time as RFC 3339 has it, as in 2026-11-21T01:02:03Z"},
      {"delay", "{}", "/duration is required, or else until"},
      {"delay", "{duration: 1, until: '2026-11-21T01:02:03Z'}", "/until cannot stand beside duration"},
      {"delay", "{duration: 1 hour}",
       "/duration must be a number of seconds, or text such as \"250ms\", \"30s\" or \"1h30m\""},
      {"delay", "{duration: 1, untill: 2}",
       "/untill the config of a step of type delay has no field \"untill\", did you mean \"until\"?"},
      {"http", "{}", "/url is required"},
      {"http", "{url: ftp://a.example}", "/url must begin with http:// or https://"},
      {"http", "{url: '${ .inputs.base }/x', body: [1], expect_status: 2xx, headers: {A: '${ 1 }'}, timeout: 5}", ""},
      {"http", "{url: 'http://a', method: get}",
       "/method must be GET, HEAD, POST, PUT, PATCH, DELETE or OPTIONS, did you mean \"GET\"?"},
      {"http", "{url: 'http://a', headers: [a], timeout: 0}",
       "/headers must be an object of texts\n/timeout must be longer than nothing"},
      {"http", "{url: 'http://a', headers: {X-Count: 4, X-Null: null}}",
       "/headers/X-Count must be text: put it in quotes\n/headers/X-Null must be text"},
      {"http", "{url: 'http://a', expect_status: [200, '200-204', 3xx]}", ""},
      {"http", "{url: 'http://a', expect_status: '204-200'}",
       "/expect_status must be a status such as 200, \"2xx\" or \"200-204\", or a list of these"},
      {"http", "{url: 'http://a', expect_status: 99}",
       "/expect_status must be a status such as 200, \"2xx\" or \"200-204\", or a list of these"},
      {"http", "{url: 'http://a', headers: {X-Trace_1.a: \"tab\\tand ${ .inputs.x }\", Empty: ''}}", ""},
      {"http", "{url: 'http://a', headers: {'X Y': a, 'X:': b, '': c, 'häader': d}}",
       "/headers/ cannot be the name of a header: only letters, digits and !#$%&'*+-.^_`|~ may be in it\n"
       "/headers/X Y cannot be the name of a header: only letters, digits and !#$%&'*+-.^_`|~ may be in it\n"
       "/headers/X: cannot be the name of a header: only letters, digits and !#$%&'*+-.^_`|~ may be in it\n"
       "/headers/häader cannot be the name of a header: only letters, digits and !#$%&'*+-.^_`|~ may be in it"},
      {"http", "{url: 'http://a', headers: {A: \"a\\r\\nB: c\", B: \"${ .inputs.x }\\e\", C: \"${ \\\"\\\\n\\\" }\"}}",
       "/headers/A cannot be the value of a header: it has a line break or another control character\n"
       "/headers/B cannot be the value of a header: it has a line break or another control character"},
      {"exec", "{command: rm}", "/command the server has no command \"rm\" in its [exec.commands]"},
      {"exec", "{command: '${ .inputs.x }'}", ""},
      {"exec", "{}", "/command is required"},
      {"exec", "{command: convert, args: [-resize, 50%], env: {LANG: C}, stdin: '${ .inputs.text }'}", ""},
      {"exec", "{command: '', args: [1], env: [], stdin: {}}",
       "/command must be the name of a command\n/args/0 must be text: put it in quotes\n/env must be an object of "
       "texts\n"
       "/stdin must be text"},
      {"transform", "{}", "/value is required"},
      {"transform", "{value: null}", ""},
      {"generate", "{prompt: a fox, count: 64, width: 64, height: 2048, seed: 7, style: marble}", ""},
      {"generate", "{prompt: '${ .inputs.p }', count: '${ .inputs.n }'}", ""},
      {"generate", "{count: 65, width: 63, height: 2049, seed: -1, style: 3}",
       "/prompt is required\n/count must be an integer from 1 to 64\n/width must be an integer from 64 to 2048\n"
       "/height must be an integer from 64 to 2048\n/seed must be an integer from 0 to 9007199254740991\n"
       "/style must be text: put it in quotes"},
      {"generate", "{prompt: a, count: 1.5}", "/count must be an integer from 1 to 64"},
  };
  for (const ConfigCase& c : cases)
    EXPECT_EQ(faults_of_config(c.type, c.config), c.faults) << c.type << " " << c.config;
}

}  // namespace
}  // namespace troupe
