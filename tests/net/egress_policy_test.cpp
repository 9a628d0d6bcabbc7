#include "net/egress_policy.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace troupe {
namespace {

using ::testing::HasSubstr;

EgressPolicy policy(EgressOptions options) {
  auto made = EgressPolicy::make(options);
  EXPECT_TRUE(made) << made.error().faults.at(0).message;
  return *made;
}

IpAddress address(std::string_view text) {
  const auto parsed = parse_address(text);
  EXPECT_TRUE(parsed) << text;
  return parsed.value_or(IpAddress{});
}

bool allows(const EgressPolicy& rules, std::string_view host, std::string_view text) {
  return rules.check_address(host, address(text)).ok();
}

struct AddressCase {
  const char* address;
  const char* reason;  ///< empty: allowed
};

class Addresses : public ::testing::TestWithParam<AddressCase> {};

TEST_P(Addresses, AreJudgedByTheDefaultRules) {
  const auto verdict = EgressPolicy().check_address("some.example", address(GetParam().address));
  if (*GetParam().reason == '\0') {
    EXPECT_TRUE(verdict) << verdict.error().message;
    return;
  }
  ASSERT_FALSE(verdict) << GetParam().address;
  EXPECT_EQ(verdict.error().code, ErrorCode::egress_forbidden);
  EXPECT_FALSE(verdict.error().retryable);
  EXPECT_THAT(verdict.error().message, HasSubstr(GetParam().reason));
  EXPECT_THAT(verdict.error().message, HasSubstr(to_string(address(GetParam().address))));
}

INSTANTIATE_TEST_SUITE_P(
    Table, Addresses,
    ::testing::Values(AddressCase{"93.184.216.34", ""}, AddressCase{"1.1.1.1", ""}, AddressCase{"172.15.255.255", ""},
                      AddressCase{"172.32.0.0", ""}, AddressCase{"100.63.255.255", ""}, AddressCase{"100.128.0.0", ""},
                      AddressCase{"11.0.0.0", ""}, AddressCase{"169.253.0.1", ""}, AddressCase{"223.255.255.255", ""},
                      AddressCase{"2606:4700::1111", ""}, AddressCase{"64:ff9b::5db8:d822", ""},
                      AddressCase{"2002:5db8:d822::1", ""}, AddressCase{"127.0.0.1", "loopback"},
                      AddressCase{"127.255.255.254", "loopback"}, AddressCase{"::1", "loopback"},
                      AddressCase{"::ffff:127.0.0.1", "loopback"}, AddressCase{"10.0.0.0", "private"},
                      AddressCase{"10.255.255.255", "private"}, AddressCase{"172.16.0.1", "private"},
                      AddressCase{"172.31.255.255", "private"}, AddressCase{"192.168.1.1", "private"},
                      AddressCase{"100.64.0.1", "shared"}, AddressCase{"100.127.255.255", "shared"},
                      AddressCase{"169.254.1.1", "link-local"}, AddressCase{"169.254.169.254", "metadata"},
                      AddressCase{"169.254.170.2", "metadata"}, AddressCase{"100.100.100.200", "metadata"},
                      AddressCase{"168.63.129.16", "metadata"}, AddressCase{"fd00:ec2::254", "metadata"},
                      AddressCase{"0.0.0.0", "unspecified"}, AddressCase{"0.1.2.3", "unspecified"},
                      AddressCase{"::", "unspecified"}, AddressCase{"224.0.0.1", "multicast"},
                      AddressCase{"255.255.255.255", "reserved"}, AddressCase{"ff02::1", "multicast"},
                      AddressCase{"fe80::1", "link-local"}, AddressCase{"fec0::1", "private"},
                      AddressCase{"fc00::1", "private"}, AddressCase{"fdff::1", "private"},
                      AddressCase{"2001:db8::1", "documentation"}, AddressCase{"2001::1", "Teredo"},
                      AddressCase{"192.0.2.1", "documentation"}, AddressCase{"198.19.0.1", "benchmarking"},
                      // the same, wrapped in IPv6
                      AddressCase{"::ffff:10.0.0.1", "private"}, AddressCase{"64:ff9b::7f00:1", "loopback"},
                      AddressCase{"64:ff9b::a9fe:a9fe", "metadata"}, AddressCase{"64:ff9b:1::1", "local NAT64"},
                      AddressCase{"2002:a9fe:a9fe::", "metadata"}, AddressCase{"2002:c0a8:101::1", "private"},
                      AddressCase{"::127.0.0.1", "loopback"}, AddressCase{"::ffff:0:10.0.0.1", "private"},
                      AddressCase{"2606:4700::5efe:10.0.0.1", "private"}));

struct UrlCase {
  const char* url;
  ErrorCode code;
};

class ForbiddenUrls : public ::testing::TestWithParam<UrlCase> {};

TEST_P(ForbiddenUrls, AreRefusedBySyntaxAlone) {
  const auto verdict = EgressPolicy().check_url(GetParam().url);
  ASSERT_FALSE(verdict) << GetParam().url;
  EXPECT_EQ(verdict.error().code, GetParam().code) << verdict.error().message;
}

constexpr auto kForbidden = ErrorCode::egress_forbidden;
constexpr auto kInvalid = ErrorCode::invalid_config;
INSTANTIATE_TEST_SUITE_P(
    Table, ForbiddenUrls,
    ::testing::Values(UrlCase{"http://127.0.0.1/", kForbidden}, UrlCase{"http://127.1/", kForbidden},
                      UrlCase{"http://2130706433/", kForbidden}, UrlCase{"http://0x7f000001/", kForbidden},
                      UrlCase{"http://0177.0.0.1/", kForbidden}, UrlCase{"http://0x7f.0x0.0x0.0x1/", kForbidden},
                      UrlCase{"http://017700000001/", kForbidden}, UrlCase{"http://0/", kForbidden},
                      UrlCase{"http://127.0.0.1./", kForbidden}, UrlCase{"http://%31%32%37.0.0.1/", kForbidden},
                      UrlCase{"http://１２７.0.0.1/", kForbidden}, UrlCase{"http://[::1]/", kForbidden},
                      UrlCase{"http://[::ffff:127.0.0.1]/", kForbidden}, UrlCase{"http://[::ffff:7f00:1]/", kForbidden},
                      UrlCase{"http://[fe80::1%25eth0]/", kForbidden}, UrlCase{"http://169.254.169.254/x", kForbidden},
                      UrlCase{"http://2852039166/latest", kForbidden}, UrlCase{"https://localhost:8080/", kForbidden},
                      UrlCase{"https://LOCALHOST./", kForbidden}, UrlCase{"http://a.localhost/", kForbidden},
                      UrlCase{"http://metadata.google.internal/", kForbidden}, UrlCase{"HTTP://10.0.0.1", kForbidden},
                      UrlCase{"ftp://example.org/", kInvalid}, UrlCase{"file:///etc/passwd", kInvalid},
                      UrlCase{"gopher://example.org/", kInvalid}, UrlCase{"example.org", kInvalid},
                      UrlCase{"/path", kInvalid}, UrlCase{"", kInvalid}, UrlCase{"http://", kInvalid},
                      UrlCase{"http://user:pass@example.org/", kInvalid},
                      UrlCase{"http://example.org@10.0.0.1/", kInvalid}, UrlCase{"http://example.org:99999/", kInvalid},
                      UrlCase{"http://exa mple.org/", kInvalid}, UrlCase{"http://example.org/\r\nX: y", kInvalid}));

TEST(EgressPolicy, AllowsPublicUrlsBySyntax) {
  for (const char* url : {"http://example.org", "https://example.org:8443/a?b=c#d", "https://[2606:4700::1111]/",
                          "http://1.1.1.1/", "https://bücher.example/", "http://10.example.org/"})
    EXPECT_TRUE(EgressPolicy().check_url(url)) << url;
}

TEST(EgressPolicy, OpensLoopbackOnlyByItsOption) {
  const auto open = policy({.allow_loopback = true, .allow = {}});
  EXPECT_TRUE(open.check_url("http://127.0.0.1:9/"));
  EXPECT_TRUE(open.check_url("http://localhost:9/"));
  EXPECT_TRUE(allows(open, "localhost", "::1"));
  EXPECT_FALSE(open.check_url("http://0.0.0.0/"));
  EXPECT_FALSE(open.check_url("http://10.0.0.1/"));
}

TEST(EgressPolicy, OpensTheNetworksOfItsList) {
  const auto open = policy({.allow_loopback = false, .allow = {"10.1.0.0/16", "fd12::/16", "192.168.7.7"}});
  EXPECT_TRUE(allows(open, "", "10.1.2.3"));
  EXPECT_FALSE(allows(open, "", "10.2.0.0"));
  EXPECT_TRUE(allows(open, "", "fd12::1"));
  EXPECT_FALSE(allows(open, "", "fd13::1"));
  EXPECT_TRUE(allows(open, "", "192.168.7.7"));
  EXPECT_FALSE(allows(open, "", "192.168.7.8"));
  EXPECT_TRUE(allows(open, "", "64:ff9b::a01:203")) << "NAT64 of an allowed address";
}

TEST(EgressPolicy, OpensWhateverAnAllowedHostNameResolvesTo) {
  const auto open = policy({.allow_loopback = false, .allow = {"Shop.internal", "*.corp.example"}});
  EXPECT_TRUE(allows(open, "shop.internal", "10.0.0.1"));
  EXPECT_TRUE(allows(open, "a.b.corp.example", "10.0.0.1"));
  EXPECT_FALSE(allows(open, "corp.example", "10.0.0.1")) << "the suffix names subdomains only";
  EXPECT_FALSE(allows(open, "evilcorp.example", "10.0.0.1"));
  EXPECT_FALSE(allows(open, "evil.example", "10.0.0.1"));
}

TEST(EgressPolicy, OpensAMetadataServiceOnlyByItsVeryAddress) {
  const auto wide = policy({.allow_loopback = false, .allow = {"0.0.0.0/0", "::/0", "meta.example"}});
  EXPECT_TRUE(allows(wide, "", "10.0.0.1"));
  EXPECT_FALSE(allows(wide, "", "169.254.169.254"));
  EXPECT_FALSE(allows(wide, "", "64:ff9b::a9fe:a9fe"));
  EXPECT_FALSE(allows(wide, "meta.example", "169.254.169.254"));
  const auto exact = policy({.allow_loopback = false, .allow = {"169.254.169.254"}});
  EXPECT_TRUE(allows(exact, "", "169.254.169.254"));
  EXPECT_FALSE(allows(exact, "", "169.254.169.253"));
}

TEST(EgressPolicy, NamesEveryBadEntryOfItsList) {
  const auto made = EgressPolicy::make({.allow_loopback = false,
                                        .allow = {"10.0.0.0/8", "10.1.0.0/8", "10.0.0.0/33", "*.", "http://x/", "127.1"}});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::invalid_configuration);
  ASSERT_EQ(made.error().faults.size(), 5U);
  EXPECT_EQ(made.error().faults[0].pointer, "/1");
}

TEST(Url, ShowsItselfWithoutItsQuery) {
  EXPECT_EQ(parse_url("https://Example.org:443/a?token=s3cret#x")->display(), "https://example.org/a?…");
  EXPECT_EQ(parse_url("http://[2606:4700::1111]:8080/a")->display(), "http://[2606:4700::1111]:8080/a");
}

TEST(Url, WritesInternationalNamesAsTheyAreResolved) {
  const auto url = parse_url("https://Bücher.example/ä");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(url->host, "xn--bcher-kva.example");
  EXPECT_TRUE(url->text.starts_with("https://xn--bcher-kva.example/")) << url->text;
}

TEST(Url, ResolvesRedirectsAgainstItsBase) {
  const auto base = parse_url("https://a.example/x/y?z");
  EXPECT_EQ(resolve_url(*base, "../b")->text, "https://a.example/b");
  EXPECT_EQ(resolve_url(*base, "//c.example/d")->text, "https://c.example/d");
  EXPECT_FALSE(resolve_url(*base, "file:///etc/passwd"));
}

}  // namespace
}  // namespace troupe
