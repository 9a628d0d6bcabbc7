#include "crypto/hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace troupe {
namespace {

struct HashVector {
  std::string message;
  std::string_view hex;
};

// FIPS 180-4 examples and the NIST byte-oriented vectors.
TEST(Sha256Function, GivesThePublishedDigests) {
  const std::vector<HashVector> vectors = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrst"
       "u",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {std::string(1'000'000, 'a'), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
      {std::string(1, '\xbd'), "68325720aabd7c82f30f554b313d0570c95accbb7dc4b5aae11204c08ffe732b"},
  };
  for (const HashVector& vector : vectors)
    EXPECT_EQ(to_hex(sha256(vector.message)), vector.hex) << vector.message.substr(0, 40);
}

TEST(Sha256Function, OfTwoPartsIsThatOfTheirConcatenation) {
  const std::string text = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
  for (std::size_t cut = 0; cut <= text.size(); ++cut)
    EXPECT_EQ(sha256(text.substr(0, cut), text.substr(cut)), sha256(text)) << cut;
}

TEST(Sha256Function, GivesTheSameOnEveryThread) {
  const Digest expected = sha256("abc");
  std::vector<Digest> digests(4);
  std::vector<std::thread> threads;
  for (Digest& digest : digests)
    threads.emplace_back([&digest] {
      for (int i = 0; i < 1000; ++i) digest = sha256("a", "bc");
    });
  for (std::thread& thread : threads) thread.join();
  for (const Digest& digest : digests) EXPECT_EQ(digest, expected);
}

TEST(Sha256Stream, GivesTheDigestOfAllItsParts) {
  Sha256 stream;
  const std::string thousand(1'000, 'a');
  for (int i = 0; i < 1'000; ++i) stream.update(thousand);
  EXPECT_EQ(to_hex(stream.finish()), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256Stream, KeepsItsStateWhenMoved) {
  Sha256 first;
  first.update("a");
  Sha256 second(std::move(first));
  second.update("b");
  Sha256 third;
  third.update("something else");
  third = std::move(second);
  third.update("c");
  EXPECT_EQ(third.finish(), sha256("abc"));
}

TEST(Sha256Stream, IsNotDisturbedByOtherHashesOfTheThread) {
  Sha256 stream;
  stream.update("a");
  sha256("noise");
  stream.update("bc");
  EXPECT_EQ(stream.finish(), sha256("abc"));
}

TEST(Sha256StreamDeathTest, CannotBeFinishedTwice) {
  Sha256 stream;
  stream.finish();
  EXPECT_DEATH(stream.finish(), "after it was finished");
}

// RFC 4231, test cases 1 to 4, 6 and 7 (5 is truncated), and a key of exactly one block.
TEST(HmacSha256, GivesThePublishedCodes) {
  struct Row {
    std::string key, message;
    std::string_view hex;
  };
  std::string counting;
  for (char c = 0x01; c <= 0x19; ++c) counting += c;
  const std::vector<Row> rows = {
      {std::string(20, '\x0b'), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
      {"Jefe", "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
      {std::string(20, '\xaa'), std::string(50, '\xdd'),
       "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe"},
      {counting, std::string(50, '\xcd'), "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"},
      {std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First",
       "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"},
      {std::string(131, '\xaa'),
       "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be "
       "hashed "
       "before being used by the HMAC algorithm.",
       "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"},
  };
  for (const Row& row : rows) EXPECT_EQ(to_hex(hmac_sha256(row.key, row.message)), row.hex) << row.message;
}

TEST(HmacSha256, SignsTheStandardWebhooksExample) {
  const auto key = from_base64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  ASSERT_TRUE(key);
  const std::string signed_bytes = "msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{\"test\": 2432232314}";
  EXPECT_EQ(to_base64(as_view(hmac_sha256(*key, signed_bytes))), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST(EqualConstantTime, HoldsForEqualTextsOnly) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_constant_time("Secret", "secret"));
  EXPECT_FALSE(equal_constant_time("secret", "secret "));
  EXPECT_FALSE(equal_constant_time("secret", ""));
}

TEST(RandomSecret, HasTheLengthAskedForAndNeverRepeats) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string secret = random_secret(32);
    EXPECT_EQ(secret.size(), 32u);
    EXPECT_TRUE(seen.insert(secret).second);
  }
  EXPECT_EQ(random_secret(0), "");
}

TEST(RandomSecret, FillsEveryPartOfALongSecret) {
  const std::string secret = random_secret(1000);
  ASSERT_EQ(secret.size(), 1000u);
  for (std::size_t at = 0; at < secret.size(); at += 100)
    EXPECT_NE(secret.substr(at, 100), std::string(100, '\0')) << at;
}

}  // namespace
}  // namespace troupe
