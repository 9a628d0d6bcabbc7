#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "crypto/hash.hpp"

namespace troupe {
namespace {

// RFC 4648, section 10.
const std::vector<std::pair<std::string, std::string>> kVectors = {
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+"},
};

TEST(Base64, WritesThePublishedVectors) {
  for (const auto& [bytes, text] : kVectors) EXPECT_EQ(to_base64(bytes), text);
}

TEST(Base64, ReadsThePublishedVectors) {
  for (const auto& [bytes, text] : kVectors) EXPECT_EQ(from_base64(text), bytes) << text;
}

TEST(Base64, ReadsBackEveryByteAtEveryPlace) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  for (std::size_t from = 0; from < 3; ++from) EXPECT_EQ(from_base64(to_base64(all.substr(from))), all.substr(from));
}

TEST(Base64, RefusesWhatHasAnotherSpelling) {
  for (const std::string_view text : {"Zg", "Zg=", "Zg===", "=", "====", "Z===", "Zh==", "Zm9=", "Zm 9v", "Zm9v\n",
                                      "Zm-_", "Zg==Zg==", "Z=g=", "\xc3\xa9\xc3\xa9"})
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
}

}  // namespace
}  // namespace troupe
