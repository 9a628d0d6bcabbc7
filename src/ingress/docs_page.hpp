// The API reference for people: pages made from the OpenAPI document and the list of error codes. Each is one file
// without scripts and without anything from elsewhere, in light and dark.
#pragma once

#include <string>

namespace troupe::ingress {

const std::string& docs_page();
/// Has an anchor for each code: the `type` of problem documents.
const std::string& errors_page();

}  // namespace troupe::ingress
