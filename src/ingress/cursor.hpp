// The opaque cursors of lists: base64url over
//
//   version (1 byte)  kind (1 byte)  payload (any)  check (4 bytes: the first of SHA-256 over all before)
//
// The check finds typing mistakes and cursors of another list; it is no secret, for a cursor gives no access.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace troupe::ingress {

enum class CursorKind : char { job = 'j', run = 'r', workflow = 'w', audit = 'a', schedule = 's', kill_switch = 'k' };

std::string encode_cursor(CursorKind kind, std::string_view payload);
/// The payload; nothing if the text is no cursor of this kind.
std::optional<std::string> decode_cursor(CursorKind kind, std::string_view text);

}  // namespace troupe::ingress
