#include "expr/availability.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(Availability, RefusesWhatReachesOutsideWhereverItStands) {
  EXPECT_EQ(find_unavailable("env"), "`env` is not available in expressions");
  EXPECT_EQ(find_unavailable(".a | now"), "`now` is not available in expressions");
  EXPECT_EQ(find_unavailable("\"x\\(input)y\""), "`input` is not available in expressions");
  EXPECT_EQ(find_unavailable("{a: env}"), "`env` is not available in expressions");
  EXPECT_EQ(find_unavailable("{a: (1, env)}"), "`env` is not available in expressions");
  EXPECT_EQ(find_unavailable("[1,env]"), "`env` is not available in expressions");
  EXPECT_EQ(find_unavailable("{\"a\": $ENV}"), "`$ENV` is not available in expressions");
}

TEST(Availability, AllowsMembersTextAndCommentsOfThoseNames) {
  for (const char* expression : {".env", ".inputs.input", "{env: 1}", "{env, now}", "{a: 1, env: 2}", "\"env\"",
                                 "1 # env", ".a.now + 1", "$input", "environment", "\"\\\"env\"", "def env: 1; 2"})
    EXPECT_EQ(find_unavailable(expression), std::nullopt) << expression;
}

}  // namespace
}  // namespace troupe
