// How a property is checked here: by rapidcheck, with so many cases as the environment's TROUPE_PROPERTY_CASES says (or
// a share of them, where one case costs more). RC_PARAMS (seed, max_size, reproduce, …) holds as always. rapidcheck
// prints the seed before the first case, after a failure the shrunken case, and at the end what reproduces it.
#pragma once

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <algorithm>
#include <cstdlib>
#include <sstream>
#include <string>

#include "domain/choices.hpp"
#include "domain/violation.hpp"

namespace troupe {

inline int property_cases() {
  const char* text = std::getenv("TROUPE_PROPERTY_CASES");
  const int cases = text == nullptr ? 0 : std::atoi(text);
  return cases > 0 ? cases : TROUPE_PROPERTY_CASES;  // what the build says; tests/domain/CMakeLists.txt
}

/// Checks `property(Choices&)` for random choices, one case in `share` of those asked for. Without a value in
/// RC_PARAMS, max_success is ours.
template <class Property>
void check_property(Property property, int share = 1) {
  const auto* test = ::testing::UnitTest::GetInstance()->current_test_info();
  rc::detail::TestMetadata metadata;
  metadata.id = std::string(test->test_suite_name()) + "/" + test->name();
  metadata.description = test->name();
  const auto testable = [&](const Tape& tape) {
    Choices choices(tape);
    property(choices);
  };
  const auto& configured = rc::detail::configuration();
  rc::detail::TestParams parameters = configured.testParams;
  if (parameters.maxSuccess == rc::detail::TestParams().maxSuccess)
    parameters.maxSuccess = std::max(1, property_cases() / share);
  const auto result = configured.reproduce.contains(metadata.id)
                          ? rc::detail::checkTestable(testable, metadata)
                          : rc::detail::checkTestable(testable, metadata, parameters);
  if (result.template is<rc::detail::SuccessResult>()) return;
  std::ostringstream text;
  rc::detail::printResultMessage(result, text);
  FAIL() << text.str();
}

}  // namespace troupe
