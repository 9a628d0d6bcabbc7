// Prints the OpenAPI document, for validate.sh.
#include <iostream>

#include "ingress/api.hpp"

int main() { std::cout << troupe::ingress::openapi_document() << '\n'; }
