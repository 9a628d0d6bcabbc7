// What each kind of value takes and refuses.
#include "config/value.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(HostPort, IsHostAndPort) {
  EXPECT_EQ(parse_host_port("127.0.0.1:8080"), (HostPort{"127.0.0.1", 8080}));
  EXPECT_EQ(parse_host_port("localhost:0"), (HostPort{"localhost", 0}));
  EXPECT_EQ(parse_host_port("[::1]:65535"), (HostPort{"::1", 65535}));
}

TEST(HostPort, IsWrittenAsItIsRead) {
  for (const char* text : {"127.0.0.1:8080", "[::1]:80", "node-3.example:1"})
    EXPECT_EQ(to_string(parse_host_port(text).value_or(HostPort{})), text);
}

TEST(HostPort, RefusesAllElse) {
  for (const char* text : {"", "8080", ":8080", "host:", "host:65536", "host:-1", "host:8080x", "::1:80", "[nonsense]:1",
                           "ho st:80", "http://host:80", "a..b:1"})
    EXPECT_FALSE(parse_host_port(text)) << text;
}

TEST(Checks, DatabaseUrlNamesAKnownStore) {
  for (const char* text : {"sqlite:/var/lib/t.db", "sqlite:t.db", "postgresql://u:p@h/d", "postgres://h/d", "memory:"})
    EXPECT_FALSE(check_database_url(text)) << text;
  for (const char* text : {"mysql://h/d", "sqlite:", "/var/lib/t.db", "memory"}) EXPECT_TRUE(check_database_url(text)) << text;
}

TEST(Checks, HttpUrlHasASchemeAndAHost) {
  EXPECT_FALSE(check_http_url("https://troupe.example/base"));
  for (const char* text : {"troupe.example", "ftp://h", "http://", "http:///path"}) EXPECT_TRUE(check_http_url(text)) << text;
}

TEST(Checks, EgressEntryIsABlockAnAddressOrAName) {
  for (const char* text : {"10.0.0.0/8", "192.168.1.7", "fd00::/8", "::1", "shop.example", "*.shop.example", "localhost"})
    EXPECT_FALSE(check_egress_entry(text)) << text;
  for (const char* text : {"10.0.0.0/33", "10.0.0.0/", "10.0.0.0/x", "shop.example/8", "fd00::/129", "*", "*.", "a b", "http://h"})
    EXPECT_TRUE(check_egress_entry(text)) << text;
}

TEST(Values, BareListIsSplitAtCommas) {
  std::vector<std::string> list;
  EXPECT_FALSE(assign(list, {.kind = RawValue::Kind::bare, .text = "10.0.0.0/8, shop.example ,"}, Rule{}));
  EXPECT_EQ(list, (std::vector<std::string>{"10.0.0.0/8", "shop.example"}));
}

TEST(Values, RefusedValueLeavesTheFieldAlone) {
  Millis duration{7};
  const Rule rule{.help = "", .min = 100, .max = 1000};
  EXPECT_EQ(assign(duration, {.kind = RawValue::Kind::text, .text = "99ms"}, rule),
            "must be a duration from 100ms to 1s, not \"99ms\"");
  EXPECT_EQ(duration, Millis(7));
  EXPECT_FALSE(assign(duration, {.kind = RawValue::Kind::real, .text = "0.5"}, rule));
  EXPECT_EQ(duration, Millis(500));
}

TEST(Values, SecretValueIsNotRepeated) {
  std::string url;
  const Rule rule{.help = "", .check = check_database_url, .secret = true};
  const auto wrong = assign(url, {.kind = RawValue::Kind::bare, .text = "mysql://root:hunter2@db"}, rule);
  ASSERT_TRUE(wrong);
  EXPECT_EQ(wrong->find("hunter2"), std::string::npos) << *wrong;
}

TEST(Values, TomlTextEscapesWhatTomlDemands) {
  EXPECT_EQ(to_toml(std::string("a\"b\\c\n")), R"("a\"b\\c\u000A")");
  EXPECT_EQ(to_toml(std::vector<std::string>{"a", "b"}), R"(["a", "b"])");
}

}  // namespace
}  // namespace troupe
