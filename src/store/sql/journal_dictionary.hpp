// The text that packed journal rows are told against (journal_bytes.hpp). It is part of the stored format: every
// database and every backup that was written with it needs it as it is, so it is never changed; a test knows its
// SHA-256. A better one is a second dictionary, with a first byte of its own.
#pragma once

#include <string>

namespace troupe::store {

/// Dictionary 1, in the form of RFC 8878: entropy tables, then content.
std::string journal_dictionary();

}  // namespace troupe::store
