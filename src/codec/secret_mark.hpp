// The place of a secret in an evaluated configuration. The configuration of a task is one JSON document in which the
// definition's words stand beside data of clients: what `${secret:DB}` in a definition becomes there must be something
// that no data can be. So it becomes a mark with 128 random bits that this process made and tells nobody,
//
//   secret:<32 hexadecimal digits>:NAME;
//
// and the worker that begins the task puts the value in its place. `${secret:DB}` that comes out of an expression is
// text like any other. The bits are no port of chance: nothing that is decided, stored or shown depends on them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "codec/json.hpp"

namespace troupe {

std::string secret_mark(std::string_view name);

/// Is there a mark within the text (of a document too: marks hold nothing that JSON escapes)?
bool holds_secret_marks(std::string_view text);

using ResolveSecret = std::function<Result<std::string>(std::string_view name)>;
/// The document with each mark replaced by what `resolve` gives for it; each name is asked for once. The first failure
/// of `resolve` is the result.
Result<Document> fill_secret_marks(const Document& document, const ResolveSecret& resolve);

}  // namespace troupe
