#include "secrets/configured_secrets.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

namespace troupe {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

class ConfiguredSecretsTest : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string given_file(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path, std::ios::binary) << text;
    return path;
  }
  static std::optional<std::string> variable(const std::string& name) {
    if (name == "SET") return "from the environment";
    if (name == "EMPTY") return "";
    return std::nullopt;
  }
  static Result<std::unique_ptr<ConfiguredSecrets>> open(std::vector<SecretSource> sources) {
    return ConfiguredSecrets::open(sources, variable);
  }
  static std::string faults(std::vector<SecretSource> sources) {
    const auto secrets = open(std::move(sources));
    if (secrets.ok()) return {};
    EXPECT_EQ(secrets.error().code, ErrorCode::invalid_configuration);
    std::string text;
    for (const Fault& fault : secrets.error().faults) text += fault.pointer + " " + fault.message + "\n";
    return text;
  }

  const std::string folder_ = testing::TempDir() + "troupe_secrets_" + std::to_string(getpid());
};

TEST_F(ConfiguredSecretsTest, AreReadFromVariablesAndFiles) {
  auto secrets = open({{"A", "SET", ""},
                       {"plain", "", given_file("plain", "value")},
                       {"line", "", given_file("line", "value\n")},
                       {"dos", "", given_file("dos", "value\r\n")},
                       {"lines", "", given_file("lines", " a\n\nb\n\n")}});
  ASSERT_TRUE(secrets.ok());
  EXPECT_EQ(*(*secrets)->resolve("A"), "from the environment");
  EXPECT_EQ(*(*secrets)->resolve("plain"), "value");
  EXPECT_EQ(*(*secrets)->resolve("line"), "value");
  EXPECT_EQ(*(*secrets)->resolve("dos"), "value");
  EXPECT_EQ(*(*secrets)->resolve("lines"), " a\n\nb\n") << "one line break is that of the file";
}

TEST_F(ConfiguredSecretsTest, FollowARotationOfTheirFile) {
  const std::string path = given_file("token", "old\n");
  auto secrets = open({{"T", "", path}});
  ASSERT_TRUE(secrets.ok());
  given_file("token", "new\n");
  EXPECT_EQ(*(*secrets)->resolve("T"), "new");
  std::filesystem::rename(given_file("next", "newer"), path);
  EXPECT_EQ(*(*secrets)->resolve("T"), "newer");
}

TEST_F(ConfiguredSecretsTest, ThatAreMissingAreToldAllAtOnceByName) {
  EXPECT_EQ(faults({{"A", "UNSET", ""},
                    {"B", "EMPTY", ""},
                    {"C", "", folder_ + "/none"},
                    {"D", "", folder_},
                    {"E", "", given_file("empty", "\n")},
                    {"F", "", given_file("binary", "\xFF\xFE!")},
                    {"G", "", given_file("nul", std::string("a\0b", 3))},
                    {"H", "", given_file("large", std::string((64 << 10) + 1, 'x'))},
                    {"I", "", given_file("good", std::string(64 << 10, 'x') + "\r\n")}}),
            "secrets.A: the environment variable UNSET is not set\n"
            "secrets.B: the environment variable EMPTY is empty\n"
            "secrets.C: the file " +
                folder_ +
                "/none cannot be opened: No such file or directory\n"
                "secrets.D: the file " +
                folder_ +
                " is no file\n"
                "secrets.E: the file " +
                folder_ +
                "/empty is empty\n"
                "secrets.F: the file " +
                folder_ +
                "/binary is not UTF-8 text without NUL\n"
                "secrets.G: the file " +
                folder_ +
                "/nul is not UTF-8 text without NUL\n"
                "secrets.H: the file " +
                folder_ + "/large has more than 64 KiB\n");
}

TEST_F(ConfiguredSecretsTest, FailAPipeInsteadOfWaitingForItsOtherEnd) {
  const std::string path = folder_ + "/pipe";
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  EXPECT_EQ(faults({{"A", "", path}}), "secrets.A: the file " + path + " is no file\n");
}

TEST_F(ConfiguredSecretsTest, ThatNobodyNamedAreUnknown) {
  auto secrets = open({{"A", "SET", ""}});
  const auto value = (*secrets)->resolve("B");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, ErrorCode::unknown_secret);
  EXPECT_FALSE(value.error().retryable);
  EXPECT_THAT(value.error().message, HasSubstr("\"B\""));
}

TEST_F(ConfiguredSecretsTest, WhoseFileGoesAwayFailForNowAndTellNoPath) {
  const std::string path = given_file("token", "value");
  auto secrets = open({{"T", "", path}});
  std::filesystem::remove(path);
  const auto value = (*secrets)->resolve("T");
  ASSERT_FALSE(value.ok());
  EXPECT_EQ(value.error().code, ErrorCode::io_failed);
  EXPECT_TRUE(value.error().retryable);
  EXPECT_THAT(value.error().message, Not(HasSubstr(folder_)));
}

TEST_F(ConfiguredSecretsTest, KnowWhichOfThemAreShort) {
  auto secrets = open({{"A", "SET", ""}, {"pin", "", given_file("pin", "1234")}});
  EXPECT_THAT((*secrets)->shorter_than(6), ElementsAre("pin"));
}

}  // namespace
}  // namespace troupe
