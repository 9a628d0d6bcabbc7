// The schemas of the OpenAPI document, as one JSON object by name. Tests hold what is rendered against them.
#pragma once

#include <string>

namespace troupe::ingress {

std::string openapi_schemas();

}  // namespace troupe::ingress
