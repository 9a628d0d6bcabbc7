#include "auth/api_keys.hpp"

#include <gtest/gtest.h>

#include <set>

#include "crypto/hash.hpp"

namespace troupe {
namespace {

ApiKey key(std::string name, std::string_view text, Role role, std::optional<std::string> client = {}) {
  return ApiKey{std::move(name), sha256(text), role, std::move(client)};
}

const ApiKeys kKeys({key("ops", "trp_ops", Role::op), key("shop", "trp_shop", Role::client, "shop")});

TEST(ApiKeys, WithoutAnyKeyEveryoneIsAnAnonymousAdmin) {
  const auto caller = ApiKeys({}).authenticate(std::nullopt);
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->name, "anonymous");
  EXPECT_EQ(caller->role, Role::admin);
  EXPECT_EQ(caller->client_id, std::nullopt);
}

TEST(ApiKeys, AKeyGivesItsNameRoleAndClient) {
  const auto caller = kKeys.authenticate("Bearer trp_shop");
  ASSERT_TRUE(caller.ok());
  EXPECT_EQ(caller->name, "shop");
  EXPECT_EQ(caller->role, Role::client);
  EXPECT_EQ(caller->client_id, "shop");
}

TEST(ApiKeys, TheSchemeIsReadInAnyCaseAndSpacesAroundTheKeyAreIgnored) {
  for (const char* value : {"bearer trp_ops", "BEARER trp_ops", "Bearer   trp_ops", "Bearer trp_ops "})
    EXPECT_TRUE(kKeys.authenticate(value).ok()) << value;
}

TEST(ApiKeys, EverythingElseIsUnauthenticated) {
  for (const char* value : {"", "Bearer", "Bearer ", "trp_ops", "Basic trp_ops", "Bearer trp_other", "Bearer trp_ops x",
                            "Bearer ops", "Bearer trp_op", "Bearer trp_opsx", "Bearertrp_ops"}) {
    const auto caller = kKeys.authenticate(value);
    ASSERT_FALSE(caller.ok()) << value;
    EXPECT_EQ(caller.error().code, ErrorCode::unauthenticated) << value;
  }
  EXPECT_FALSE(kKeys.authenticate(std::nullopt).ok());
}

TEST(ApiKeys, ARefusalNeverRepeatsTheCredential) {
  const auto caller = kKeys.authenticate("Bearer trp_very_secret");
  ASSERT_FALSE(caller.ok());
  EXPECT_EQ(caller.error().message.find("very_secret"), std::string::npos);
}

TEST(ApiKeys, AFreshKeyIsLongUrlSafeAndNeverTheSame) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string text = make_api_key();
    EXPECT_EQ(text.size(), 47u);
    EXPECT_EQ(text.substr(0, 4), "trp_");
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"),
              std::string::npos);
    EXPECT_TRUE(seen.insert(text).second);
  }
}

TEST(IsLoopback, KnowsEveryFormOfThisHostAndNoOther) {
  for (const char* host : {"127.0.0.1", "127.8.9.10", "localhost", "::1", "[::1]", "::ffff:127.0.0.1"})
    EXPECT_TRUE(is_loopback(host)) << host;
  for (const char* host : {"0.0.0.0", "::", "", "128.0.0.1", "127.0.0.1.example.org", "127.1", "127.0.0.256",
                           "127.0.0.", "10.127.0.0", "example.org", "localhost.example.org"})
    EXPECT_FALSE(is_loopback(host)) << host;
}

}  // namespace
}  // namespace troupe
