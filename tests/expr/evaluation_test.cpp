#include <gtest/gtest.h>
#include <malloc.h>

#include <chrono>
#include <cstdlib>
#include <thread>

#include "expr/expr.hpp"

namespace troupe {
namespace {

/// The value as text, or the error's message.
std::string value_of(std::string_view expression, const Json& scope = Json::object()) {
  const auto value = evaluate(expression, scope);
  return value.ok() ? to_text(*value) : value.error().message;
}

TEST(Expression, IsJq) {
  const Json scope = {{"inputs", {{"n", 3}, {"names", {"a", "b"}}}}};
  EXPECT_EQ(value_of(".inputs.n + 1", scope), "4");
  EXPECT_EQ(value_of("[.inputs.names[] | ascii_upcase]", scope), R"(["A","B"])");
  EXPECT_EQ(value_of("{a: .inputs.n, b: null, c: 1.5, d: (1 == 1)}", scope), R"({"a":3,"b":null,"c":1.5,"d":true})");
  EXPECT_EQ(value_of("\"n is \\(.inputs.n)\"", scope), "\"n is 3\"");
  EXPECT_EQ(value_of(".inputs.names | join(\", \") # a comment", scope), "\"a, b\"");
  EXPECT_EQ(value_of("def f: . + 1; .inputs.n | f", scope), "4");
}

TEST(Expression, GivesExactlyOneValue) {
  EXPECT_EQ(value_of("empty"), "empty: gives no value");
  EXPECT_EQ(value_of("1, 2"), "1, 2: gives more than one value (put it in [ ] to make a list of them)");
  EXPECT_EQ(value_of("1, error(\"late\")"), "1, error(\"late\"): late");
  EXPECT_EQ(value_of("null"), "null");
}

TEST(Expression, ThatFailsNamesItselfAndTheReason) {
  EXPECT_EQ(value_of("error(\"no stock\")"), "error(\"no stock\"): no stock");
  EXPECT_EQ(value_of("error({a: 1})"), "error({a: 1}): {\"a\":1}");
  EXPECT_EQ(value_of("1 + \"a\""), "1 + \"a\": number (1) and string (\"a\") cannot be added");
  EXPECT_EQ(value_of(".a.b", {{"a", 1}}), ".a.b: Cannot index number with string \"b\"");
  EXPECT_EQ(evaluate("error", Json()).error().code, ErrorCode::expression_failed);
}

TEST(Expression, IsCheckedBeforeItRuns) {
  EXPECT_EQ(check_expression(".inputs.a"), std::nullopt);
  EXPECT_EQ(check_expression("[.a[] | select(.b > 1)]"), std::nullopt);
  EXPECT_EQ(check_expression("error(\"only when it runs\")"), std::nullopt);
  EXPECT_EQ(check_expression(std::string(5'000, '(') + "1" + std::string(5'000, ')')), std::nullopt);
}

TEST(Expression, ThatIsNoneSaysWhere) {
  const struct {
    const char* expression;
    const char* reason;
  } rows[] = {
      {"1 +", "syntax error, unexpected end of the expression, at its end"},
      {"", "syntax error, unexpected end of the expression, at its end"},
      {"1) | (2", "syntax error, unexpected character, expecting end of the expression, at character 2"},
      {"nosuch(1)", "nosuch/1 is not defined, at character 1"},
      {"  .a | nosuch", "nosuch/0 is not defined, at character 6"},
      {".a |\n\n  map(. + $x) # a $x", "$x is not defined, at character 17"},
      {"\"ä ) $x\" + \"\\(.a)\" | $y", "$y is not defined, at character 22"},
      {"[.a, .b } | 1", "syntax error, unexpected character, at character 9"},
  };
  for (const auto& row : rows) EXPECT_EQ(check_expression(row.expression), row.reason) << row.expression;
}

TEST(Expression, ThatIsLongIsQuotedInPart) {
  const auto value = evaluate("error(\"x\") |\n  " + std::string(5'000, '(') + "1" + std::string(5'000, ')'), Json());
  ASSERT_FALSE(value.ok());
  EXPECT_LT(value.error().message.size(), 300u);
  EXPECT_TRUE(value.error().message.starts_with("error(\"x\") |   ((((")) << value.error().message;
}

TEST(Expression, IsCompiledOnceForHoweverManyRuns) {
  const char* expression = "[.n, 4711] | add * 2";
  ASSERT_EQ(check_expression(expression), std::nullopt);
  const auto before = expressions_compiled();
  for (int i = 0; i < 200; ++i) ASSERT_EQ(value_of(expression, {{"n", i}}), std::to_string((i + 4711) * 2));
  EXPECT_EQ(expressions_compiled(), before);
}

/// By glibc's own count; with an allocator that does not tell, always 0.
std::size_t allocated_bytes() {
  const auto facts = mallinfo2();
  return facts.uordblks + facts.hblkhd;
}

// Which of the two bounds is met first, memory or time, depends on the machine.
TEST(Expression, ThatNeedsTooMuchMemoryEndsAndGivesItBack) {
  const char* expressions[] = {
      "\"x\" * 1e9",                                                     // one block that grows
      "[limit(1e9; repeat(\"a text of some length\" + \"\"))] | 1",      // many blocks
      "reduce range(1e9) as $i ({}; .[$i | tostring] = [$i])",           // an object
      "(\"x\" * 3000000 | split(\"\")) as $s | $s | map([.]) | length",  // single instructions that take much
  };
  value_of("1");
  const std::size_t before = allocated_bytes();
  for (int round = 1; round <= 2; ++round)
    for (const char* expression : expressions) {
      const std::string answer = value_of(expression);
      EXPECT_TRUE(answer.ends_with(": it needs too much memory") || answer.ends_with(": takes longer than 1s"))
          << answer;
    }
  // On a slow machine one that was left alone has not come to its end yet.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (allocated_bytes() >= before + (std::size_t{8} << 20) && std::chrono::steady_clock::now() < deadline)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_LT(allocated_bytes(), before + (std::size_t{8} << 20));
  EXPECT_EQ(value_of("1 + 1"), "2");
}

TEST(Expression, CannotReadTheEnvironmentOrAnythingElseOutside) {
  ::setenv("TROUPE_TEST_SECRET", "hush", 1);
  for (const char* expression : {"$ENV",
                                 "env",
                                 "$ENV.TROUPE_TEST_SECRET",
                                 "env.TROUPE_TEST_SECRET",
                                 "input",
                                 "[inputs]",
                                 "debug",
                                 "stderr",
                                 "input_filename",
                                 "now",
                                 "halt",
                                 "halt_error",
                                 "import \"a\" as a; 1",
                                 "include \"a\"; 1",
                                 "modulemeta",
                                 "\"\\(env)\"",
                                 "[.[]|env]",
                                 "{a: env}",
                                 "$__prog_args",
                                 "try env catch .",
                                 "first(inputs)",
                                 "def e: env; e",
                                 "$ENV as $e | $e",
                                 "{\"a\":1} | . as {a: $x} | $ENV",
                                 "env as $e | $e",
                                 "$ENV|tojson",
                                 "@text \"\\($ENV)\""}) {
    const auto value = evaluate(expression, Json::object());
    EXPECT_FALSE(value.ok() && to_text(*value).find("hush") != std::string::npos) << expression;
    EXPECT_TRUE(check_expression(expression).has_value()) << expression;
  }
  EXPECT_EQ(value_of("getpath([\"a\"])", {{"a", 1}}), "1");
}

TEST(Expression, IsStoppedWhenItsTimeIsOver) {
  for (const char* expression : {"def f: f; f", "[limit(100000000; repeat(1))] | length", "last(range(1e12))",
                                 "def f: f | f; f", "[range(1e9)] | length"}) {
    const auto start = std::chrono::steady_clock::now();
    const auto value = evaluate(expression, Json::object());
    EXPECT_FALSE(value.ok()) << expression;
    EXPECT_LT(std::chrono::steady_clock::now() - start, 6 * limits::kExpressionTime) << expression;
  }
  EXPECT_EQ(value_of("1 + 1"), "2");
}

TEST(Expression, CannotTakeTheProcessDown) {
  EXPECT_EQ(value_of("def f: 1 + f; f").substr(0, 17), "def f: 1 + f; f: ");
  EXPECT_EQ(value_of("null | .[1e8] = 1 | length"), "null | .[1e8] = 1 | length: it needs too much memory");
  EXPECT_EQ(value_of("1e18 | todate"), "1e18 | todate: jq cannot work with such a value");
  EXPECT_EQ(value_of("[1, [2]] | paths"),
            "[1, [2]] | paths: gives more than one value (put it in [ ] to make a list of them)");
  EXPECT_EQ(value_of("reduce range(300000) as $i (null; [.]) | 0"), "0");
  EXPECT_EQ(value_of("reduce range(300) as $i (null; [.])"),
            "reduce range(300) as $i (null; [.]): its value is nested deeper than 64 levels");
  EXPECT_EQ(value_of("[range(5000)] | map(\"x\" * 1000)"),
            "[range(5000)] | map(\"x\" * 1000): its value has more than 4194304 bytes");
  EXPECT_EQ(value_of("1 + 1"), "2");
}

TEST(Expression, BoundsItsRegularExpressions) {
  EXPECT_EQ(value_of("\"abc\" | test(\"^[a-c]+$\")"), "true");
  const auto start = std::chrono::steady_clock::now();
  EXPECT_FALSE(evaluate("(\"a\" * 40 + \"!\") | test(\"^(a+)+$\")", Json()).ok());
  EXPECT_LT(std::chrono::steady_clock::now() - start, 6 * limits::kExpressionTime);
}

TEST(Expression, GivesNumbersAsJsonHasThem) {
  EXPECT_EQ(value_of("[1.0, 1e3, 0.5, 9007199254740992, 1e300, -0]"), "[1,1000,0.5,9007199254740992,1e+300,0]");
  EXPECT_EQ(value_of("[nan, infinite]"), "[null,1.7976931348623157e+308]");
  EXPECT_EQ(value_of(".big", {{"big", 9223372036854775807}}), "9223372036854775807");
}

TEST(Expression, KeepsTextWithNulAndAnyCharacter) {
  const std::string text("a\0\xc3\xa9\xf0\x9f\x98\x80", 8);
  const auto value = evaluate(".t | .", {{"t", text}});
  ASSERT_TRUE(value.ok());
  EXPECT_EQ(value->get<std::string>(), text);
}

TEST(Expression, OfAPlainPathAnswersAsJqDoes) {
  const Json scope = {
      {"a", {{"b", {1, 2, 3}}, {"c d", "x"}, {"n", nullptr}, {"f", false}}}, {"s", "text"}, {"list", {{{"k", 1}}}}};
  for (const char* path : {".",          ".a",          ".a.b",        ".a.b[0]",        ".a.b[-1]", ".a.b[7]",
                           ".a.b[-7]",   ".a[\"c d\"]", ".a.n.x.y[3]", ".a.f",           ".a.f.x",   ".s.x",
                           ".s[0]",      ".a[0]",       ".a.b.x",      ".a.b[\"x\"]",    ".nothing", ".nothing[0].more",
                           ".list[0].k", ".[\"a\"].b",  " .s ",        ".list[0][\"k\"]"}) {
    const auto by_path = evaluate(path, scope);
    const auto by_jq = evaluate("(" + std::string(path) + ")", scope);
    ASSERT_EQ(by_path.ok(), by_jq.ok()) << path;
    if (by_path.ok()) {
      EXPECT_EQ(*by_path, *by_jq) << path;
    } else {
      const auto reason = [](const Error& error) { return error.message.substr(error.message.find(": ")); };
      EXPECT_EQ(reason(by_path.error()), reason(by_jq.error())) << path;
    }
  }
}

TEST(Expression, IsEvaluatedByManyThreadsAtOnce) {
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 8; ++t)
    threads.emplace_back([t, &right] {
      for (int i = 0; i < 50; ++i)
        if (value_of(".n * 2 + " + std::to_string(i % 5), {{"n", t}}) == std::to_string(t * 2 + i % 5)) ++right;
    });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(right, 400);
}

TEST(Quick, ArePlainPathsAndNothingElse) {
  for (const char* quick : {".", " .inputs.prompt ", ".steps.render.assets[0].url", ".steps[\"to-do\"]"})
    EXPECT_TRUE(is_quick(quick)) << quick;
  for (const char* slow : {".inputs | length", "1", ".items[]", "now", ".a + .b"}) EXPECT_FALSE(is_quick(slow)) << slow;
}

}  // namespace
}  // namespace troupe
