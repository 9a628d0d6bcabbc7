#include "executor/exec/media_type.hpp"

#include "executor/text.hpp"

namespace troupe {
namespace {

struct Magic {
  std::size_t at;
  std::string_view bytes;
  std::string_view type;
};
constexpr Magic kMagics[] = {
    {0, "\x89PNG\r\n\x1A\n", "image/png"},
    {0, "\xFF\xD8\xFF", "image/jpeg"},
    {0, "GIF8", "image/gif"},
    {8, "WEBP", "image/webp"},
    {8, "WAVE", "audio/wav"},
    {4, "ftypavif", "image/avif"},
    {4, "ftyp", "video/mp4"},
    {0, "\x1A\x45\xDF\xA3", "video/webm"},
    {0, "ID3", "audio/mpeg"},
    {0, "OggS", "audio/ogg"},
    {0, "fLaC", "audio/flac"},
    {0, "%PDF-", "application/pdf"},
    {0, "PK\x03\x04", "application/zip"},
    {0, "\x1F\x8B", "application/gzip"},
};

struct Extension {
  std::string_view ending;
  std::string_view type;
};
constexpr Extension kExtensions[] = {
    {".svg", "image/svg+xml"},  {".json", "application/json"}, {".ndjson", "application/x-ndjson"},
    {".csv", "text/csv"},       {".html", "text/html"},        {".md", "text/markdown"},
    {".xml", "application/xml"}, {".css", "text/css"},         {".yaml", "application/yaml"},
    {".yml", "application/yaml"}, {".txt", "text/plain"},      {".log", "text/plain"},
};

// Text that is cut within its last character is still text.
bool is_text(std::string_view head) {
  if (head.empty() || head.find('\0') != head.npos) return false;
  for (int cut = 0; cut < 4 && !head.empty(); ++cut, head.remove_suffix(1))
    if (is_utf8(head)) return true;
  return false;
}

}  // namespace

std::string media_type(std::string_view name, std::string_view head) {
  for (const Magic& magic : kMagics)
    if (head.size() > magic.at && head.substr(magic.at).starts_with(magic.bytes)) return std::string(magic.type);
  if (is_text(head)) {
    for (const Extension& extension : kExtensions)
      if (name.ends_with(extension.ending)) return std::string(extension.type);
    return "text/plain";
  }
  return "application/octet-stream";
}

}  // namespace troupe
