// Checks a value against a schema that valijson has compiled, and says in plain words what does not fit.
//
// valijson's own validator is not used: its messages name neither what was expected nor the number, it copies the path
// of every member it visits (it took 2.4 µs for a valid poster job, this takes 0.45), and it matches patterns with
// std::regex (see pattern.hpp).
#pragma once

#include <valijson/subschema.hpp>
#include <vector>

#include "codec/schema_source.hpp"

namespace troupe {

/// All faults of the value, up to kFaultsMax. A check that takes longer than some 250 ms of processor time (at most
/// twice that) is given up; that is the value's fault then.
std::vector<Fault> check_value(const valijson::Subschema& schema, const SchemaSource& source, const Json& value);

inline constexpr std::size_t kFaultsMax = 100;

}  // namespace troupe
