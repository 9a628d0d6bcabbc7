// config/troupe.toml as it must be, made from the key table.
#pragma once

#include <string>

namespace troupe {

std::string reference_file();

}  // namespace troupe
