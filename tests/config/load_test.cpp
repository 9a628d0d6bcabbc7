// Which source wins, and what each fault looks like.
#include "config/load.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "config/keys.hpp"
#include "config/value.hpp"

namespace troupe {
namespace {

using Texts = std::map<std::string, std::string>;

class ConfigTest : public testing::Test {
 protected:
  void given_file(const std::string& text) {
    std::ofstream(path_, std::ios::binary) << text;
    file_ = path_;
  }
  void given_environment(Texts environment) { environment_ = std::move(environment); }
  void given_flags(Texts flags) { flags_ = std::move(flags); }

  Result<Config> load() { return load_config({file_, environment_, flags_}); }
  Config loaded() {
    auto result = load();
    if (!result) ADD_FAILURE() << result.error().message << ": " << faults().front();
    return result.value_or(Config{});
  }
  /// `PLACE|MESSAGE`, the file's path cut.
  std::vector<std::string> faults() {
    std::vector<std::string> texts;
    const auto result = load();
    if (result) return texts;
    EXPECT_EQ(result.error().code, ErrorCode::invalid_configuration);
    for (const Fault& fault : result.error().faults) {
      std::string place = fault.pointer;
      if (place.starts_with(path_)) place = "file" + place.substr(path_.size());
      texts.push_back(place + "|" + fault.message);
    }
    return texts;
  }

 private:
  static std::string test_name() {
    std::string name = testing::UnitTest::GetInstance()->current_test_info()->name();
    std::replace(name.begin(), name.end(), '/', '_');  // of tests with a parameter
    return name;
  }

  std::string path_ = testing::TempDir() + "troupe_" + test_name() + ".toml";
  std::string file_;
  Texts environment_, flags_;
};

TEST_F(ConfigTest, NamesSecretsAndTheirPlaces) {
  given_file("[secrets]\nTOKEN = {env = \"TROUPE_SHOP_TOKEN\"}\n\"shop.key\" = {file = \"/run/secrets/key\"}\n");
  given_environment({{"TROUPE_SHOP_TOKEN", "a value that is no configuration"}});
  const Config config = loaded();
  EXPECT_EQ(config.secrets.at("TOKEN"), (SecretConfig{"TROUPE_SHOP_TOKEN", ""}));
  EXPECT_EQ(config.secrets.at("shop.key"), (SecretConfig{"", "/run/secrets/key"}));
}

TEST_F(ConfigTest, RepeatsNoSecretThatStandsWhereItsPlaceShould) {
  given_file(
      "[secrets]\nA = \"hunter2\"\nB = {file = \"hunter2\"}\nC = {}\nD = {env = \"X\", file = \"/x\"}\n"
      "\"a b\" = {env = \"X\"}\nE = {value = \"hunter2\"}\n");
  EXPECT_EQ(faults(), (std::vector<std::string>{
                          R"(file:2|secrets.A: must be {env = "VARIABLE"} or {file = "/path"})",
                          "file:3|secrets.B.file: must be an absolute path",
                          "file:4|secrets.C: must have either env or file",
                          "file:5|secrets.D: must have either env or file",
                          "file:6|secrets.a b: a secret's name is of A-Z a-z 0-9 _ - .",
                          "file:7|secrets.E.value: is not a known key",
                      }));
}

TEST_F(ConfigTest, NeedsNoFile) {
  const Config config = loaded();
  EXPECT_EQ(config.server.listen, (HostPort{"127.0.0.1", 8080}));
  EXPECT_EQ(config.data_dir, "troupe-data");
  EXPECT_EQ(config.database.url, "sqlite:troupe-data/troupe.db");
  EXPECT_FALSE(config.node_name.empty());
}

TEST_F(ConfigTest, FlagWinsOverEnvironmentOverFileOverDefault) {
  given_file("listen = '127.0.0.1:1'\nworkflows = 'from-file'\nnode_name = 'from-file'\n[log]\nlevel = 'error'\n");
  given_environment(
      {{"TROUPE_LISTEN", "127.0.0.1:2"}, {"TROUPE_WORKFLOWS", "from-environment"}, {"TROUPE_LOG_LEVEL", ""}});
  given_flags({{"listen", "127.0.0.1:3"}});
  const Config config = loaded();
  EXPECT_EQ(config.server.listen.port, 3);
  EXPECT_EQ(config.workflows, "from-environment");
  EXPECT_EQ(config.node_name, "from-file");
  EXPECT_EQ(config.log.level, "error") << "an empty variable counts as not set";
  EXPECT_EQ(config.log.format, "auto");
}

TEST_F(ConfigTest, DefaultDatabaseLiesInTheDataDirectory) {
  given_flags({{"data_dir", "/srv/troupe"}});
  EXPECT_EQ(loaded().database.url, "sqlite:/srv/troupe/troupe.db");
}

TEST_F(ConfigTest, EnvironmentMayNameTheFileUnlessAFlagDoes) {
  given_file("node_name = 'from-file'");
  const std::string other = testing::TempDir() + "troupe_other.toml";
  std::ofstream(other) << "node_name = 'other'";
  given_environment({{"TROUPE_CONFIG", other}});
  EXPECT_EQ(loaded().node_name, "from-file");
  EXPECT_EQ(load_config({"", {{"TROUPE_CONFIG", other}}, {}})->node_name, "other");
}

TEST_F(ConfigTest, ReadsKeysAndCommands) {
  given_file(R"(
[[auth.keys]]
name = "shop"
sha256 = "00000000000000000000000000000000000000000000000000000000000000ff"
role = "operator"
client = "shop"

[exec.commands.resize]
program = "/usr/bin/convert"
args = ["-resize", "50%"]
env = {LANG = "C.UTF-8"}
timeout = "90s"
memory_mb = 512

[egress]
allow = ["10.0.0.0/8", "*.internal.example"]

[clients.shop]
weight = 3
[clients."two words"]
)");
  Config config = loaded();
  ASSERT_EQ(config.auth_keys.size(), 1U);
  EXPECT_EQ(config.auth_keys[0].role, Role::op);
  EXPECT_EQ(config.auth_keys[0].sha256[31], 0xFF);
  const ExecCommandConfig& resize = config.exec_commands["resize"];
  EXPECT_EQ(resize.args, (std::vector<std::string>{"-resize", "50%"}));
  EXPECT_EQ(resize.env.at("LANG"), "C.UTF-8");
  EXPECT_EQ(resize.timeout, Millis(90'000));
  EXPECT_EQ(resize.memory_mb, 512);
  EXPECT_EQ(config.egress.allow.size(), 2U);
  EXPECT_EQ(config.clients["shop"].weight, 3);
  EXPECT_EQ(config.clients.at("two words").weight, 1);
}

TEST_F(ConfigTest, ReadsTheRatesOfClients) {
  given_file("[limits]\nclient_rate = '100/1m burst 200'\n[clients.shop]\nrate = 'none'\n[clients.'the lab']\n");
  const Config config = loaded();
  EXPECT_EQ(parse_rate(config.limits.client_rate), (RateLimit{100, Millis(60'000), 200}));
  ASSERT_EQ(config.clients.size(), 2U);
  EXPECT_EQ(parse_rate(config.clients.at("shop").rate), RateLimit{});
  EXPECT_EQ(config.clients.at("the lab").rate, "");
  EXPECT_EQ(parse_rate("5/90"), (RateLimit{5, Millis(90'000), 5}));
}

TEST_F(ConfigTest, AllFaultsOfAllSourcesAreReportedAtOnce) {
  given_file("lisen = '127.0.0.1:1'\n[server]\nthreads = 0\n[log]\nlevel = 'loud'\n");
  given_environment({{"TROUPE_LISTN", "x"}, {"TROUPE_WORKER_SLOTS", "many"}});
  given_flags({{"node_name", "no spaces"}});
  EXPECT_EQ(faults(), (std::vector<std::string>{
                          "file:1|lisen: is not a known key; did you mean listen?",
                          "file:3|server.threads: must be a whole number from 1 to 64, not 0",
                          "file:5|log.level: must be one of debug, info, warning, error, not \"loud\"",
                          "TROUPE_LISTN|is not a known variable; did you mean TROUPE_LISTEN?",
                          "TROUPE_WORKER_SLOTS|worker.slots: must be a whole number from 1 to 4096, not \"many\"",
                          "--node-name|node_name: must be 1 to 64 of A–Z a–z 0–9 . _ -, not \"no spaces\"",
                      }));
}

struct BadFile {
  const char* text;
  const char* fault;
};
class BadFileTest : public ConfigTest, public testing::WithParamInterface<BadFile> {};

TEST_P(BadFileTest, IsToldWithItsPlace) {
  given_file(GetParam().text);
  EXPECT_EQ(faults(), std::vector<std::string>{GetParam().fault});
}

// The row of the twins needs a text that lives as long as the table.
constexpr const char* kDigest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const std::string kTwins =
    std::string("[[auth.keys]]\nname='a'\nsha256='") + kDigest + "'\n[[auth.keys]]\nname='b'\nsha256='" + kDigest + "'";

constexpr const char* kBadRate =
    "file:2|limits.client_rate: must be like 100/1m, 100/1m burst 200 (1 to 1000000 jobs, whole seconds up to 30d) or "
    "none, not \"100 a minute\"";

INSTANTIATE_TEST_SUITE_P(
    Table, BadFileTest,
    testing::Values(
        BadFile{"listen = 8080", "file:1|listen: must be HOST:PORT, with a port from 0 to 65535, not 8080"},
        BadFile{"\nlisten = 'here'", "file:2|listen: must be HOST:PORT, with a port from 0 to 65535, not \"here\""},
        BadFile{"data_dir = ''", "file:1|data_dir: must not be empty"},
        BadFile{"data_dir = true", "file:1|data_dir: must be a string, not true"},
        BadFile{"database_url = 'mysql://root:pw@h'",
                "file:1|database_url: must be sqlite:PATH, postgresql://… or memory:"},
        BadFile{"server = 3", "file:1|server: must be a table"},
        BadFile{"[server]\nthreads = 2.5", "file:2|server.threads: must be a whole number from 1 to 64, not 2.5"},
        BadFile{"[server]\nthreads = '2'", "file:2|server.threads: must be a whole number from 1 to 64, not \"2\""},
        BadFile{"[server]\nrequest_stal = '5s'",
                "file:2|server.request_stal: is not a known key; did you mean server.request_stall?"},
        BadFile{
            "[shutdown]\ngrace = 'soon'",
            "file:2|shutdown.grace: must be a duration like 30s, 5m or 1h30m, or a number of seconds, not \"soon\""},
        BadFile{"[shutdown]\ngrace = -1",
                "file:2|shutdown.grace: must be a duration like 30s, 5m or 1h30m, or a number of seconds, not -1"},
        BadFile{"[egress]\nallow = ['10.0.0.0/8',\n '10.0.0.0/99']",
                "file:2|egress.allow: item 2 must be a CIDR block, an address, a host name or *.DOMAIN, not "
                "\"10.0.0.0/99\""},
        BadFile{"[auth]\nkeys = 'x'", "file:2|auth.keys: must be a list of tables, written as [[auth.keys]]"},
        BadFile{"[[auth.keys]]\nname = 'shop'", "file:1|auth.keys.sha256: is required"},
        BadFile{"[[auth.keys]]\nname='a'\nsha256='beef'",
                "file:3|auth.keys.sha256: must be a SHA-256 digest of 64 hexadecimal digits"},
        BadFile{kTwins.c_str(), "file:4|auth.keys.sha256: the same key is there twice"},
        BadFile{"[exec.commands]\nls = '/bin/ls'", "file:2|exec.commands.ls: must be a table"},
        BadFile{"[exec.commands.ls]\nprogram = 'ls'",
                "file:2|exec.commands.ls.program: must be an absolute path, not \"ls\""},
        BadFile{"[exec.commands.ls]\nprogram = '/bin/ls'\narg = []",
                "file:3|exec.commands.ls.arg: is not a known key; did you mean args?"},
        BadFile{"[exec.commands.ls]\nprogram = '/bin/ls'\nenv = {A = 1}",
                "file:3|exec.commands.ls.env: A must be a string, not 1"},
        BadFile{"[clients]\nweight = 2", "file:2|clients.weight: must be a table"},
        BadFile{"[clients.shop]\nweight = 0",
                "file:2|clients.shop.weight: must be a whole number from 1 to 1000, not 0"},
        BadFile{"[client.shop]\nweight = 2", "file:1|client: is not a known key; did you mean clients?"},
        BadFile{"clients = 3", "file:1|clients: must be a table of clients"},
        BadFile{"[clients]\nshop = '100/1m'", "file:2|clients.shop: must be a table"},
        BadFile{"[clients.shop]\nrte = '100/1m'", "file:2|clients.shop.rte: is not a known key; did you mean rate?"},
        BadFile{"[limits]\nclient_rate = 100", "file:2|limits.client_rate: must be a string, not 100"},
        BadFile{"[limits]\nclient_rate = '100 a minute'", kBadRate},
        BadFile{"when = 2026-11-21", "file:1|when: is not a known key"}));

TEST_F(ConfigTest, ARateIsWholeSecondsAndWithinItsBounds) {
  for (const char* text :
       {"", "/", "100", "100/", "/1m", "0/1m", "100/0s", "100/1500ms", "1000001/1s", "-1/1s", "1/31d", "100/1m burst",
        "100/1m burst 0", "100/1m burst 1000001", "100/1mburst 5", "100/1m  burst 5", "1.5/1s", " 100/1m", "None"})
    EXPECT_EQ(parse_rate(text), std::nullopt) << text;
  EXPECT_TRUE(parse_rate("1000000/30d burst 1000000"));
}

TEST_F(ConfigTest, MalformedFileIsToldWithItsLine) {
  given_file("listen = '127.0.0.1:1'\nlog = [\n");
  const auto found = faults();
  ASSERT_EQ(found.size(), 1U);
  EXPECT_TRUE(found[0].starts_with("file:3|") || found[0].starts_with("file:2|")) << found[0];
}

TEST_F(ConfigTest, MissingFileIsAFault) {
  EXPECT_EQ(load_config({"/nowhere/troupe.toml", {}, {}}).error().faults,
            (std::vector<Fault>{{"/nowhere/troupe.toml", "the file cannot be read"}}));
}

TEST_F(ConfigTest, VariablesOfTheClientAndOfTestsAreLeftAlone) {
  given_environment({{"TROUPE_SERVER", "http://h"},
                     {"TROUPE_TOKEN", "trp_x"},
                     {"TROUPE_REVIEWER", "ada"},
                     {"TROUPE_TEST_POSTGRES", "1"},
                     {"HOME", "/"}});
  EXPECT_TRUE(load().ok());
}

TEST(Keys, EveryKeyHasItsOwnVariableAndFlag) {
  EXPECT_EQ(environment_name("database_url"), "TROUPE_DATABASE_URL");
  EXPECT_EQ(environment_name("log.level"), "TROUPE_LOG_LEVEL");
  EXPECT_EQ(flag_name("server.body_bytes"), "--server-body-bytes");
  std::map<std::string, int> seen;
  for (const auto& key : config_keys()) ++seen[environment_name(key.name)];
  for (const auto& [name, count] : seen) EXPECT_EQ(count, 1) << name;
}

TEST(Keys, NearestNameIsNearOrNone) {
  EXPECT_EQ(nearest_name("lisen", {"listen", "log.level"}), "listen");
  EXPECT_EQ(nearest_name("bananas", {"listen", "log.level"}), "");
}

}  // namespace
}  // namespace troupe
