// config/troupe.toml documents the program that is built, not one of last month.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include "config/keys.hpp"
#include "config/load.hpp"
#include "config/reference_file.hpp"

namespace troupe {
namespace {

std::string read_reference() {
  std::ifstream stream(TROUPE_REFERENCE_FILE, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

TEST(ReferenceFile, DocumentsEveryKeyWithItsDefault) {
  if (std::getenv("TROUPE_TEST_UPDATE")) std::ofstream(TROUPE_REFERENCE_FILE, std::ios::binary) << reference_file();
  EXPECT_EQ(read_reference(), reference_file())
      << "run this test with TROUPE_TEST_UPDATE=1 to write the file from the key table";
}

TEST(ReferenceFile, ChangesNothingAsItIs) {
  const auto plain = load_config({});
  const auto with_file = load_config({.file = TROUPE_REFERENCE_FILE, .environment = {}, .flags = {}});
  ASSERT_TRUE(with_file.ok());
  EXPECT_EQ(*with_file, *plain);
}

TEST(ReferenceFile, WithEveryLineTakenInSetsTheDefaultsAndItsExamples) {
  std::string uncommented;
  const std::string text = read_reference();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at, end - at);
    const bool setting = line.size() > 1 && line[0] == '#' && line[1] != ' ';
    uncommented += (setting ? line.substr(1) : line) + "\n";
    at = end + 1;
  }
  const std::string path = testing::TempDir() + "troupe_reference_uncommented.toml";
  std::ofstream(path, std::ios::binary) << uncommented;

  auto loaded = load_config({.file = path, .environment = {}, .flags = {}});
  for (const Fault& fault : loaded.ok() ? std::vector<Fault>{} : loaded.error().faults)
    ADD_FAILURE() << fault.pointer << ": " << fault.message;
  ASSERT_TRUE(loaded.ok());
  ASSERT_EQ(loaded->auth_keys.size(), 1U);
  EXPECT_EQ(loaded->auth_keys[0].name, "shop");
  ASSERT_EQ(loaded->exec_commands.size(), 1U);
  EXPECT_EQ(loaded->exec_commands["thumbnail"].program, "/usr/bin/convert");
  EXPECT_EQ(loaded->node_name, "node-1");
  ASSERT_EQ(loaded->clients.size(), 1U);
  EXPECT_EQ(loaded->clients["shop"].rate, "1000/1m");
  EXPECT_EQ(loaded->clients["shop"].weight, 1);
  ASSERT_EQ(loaded->secrets.size(), 1U);
  EXPECT_EQ(loaded->secrets["SHOP_TOKEN"].file, "/run/secrets/shop_token");

  auto expected = load_config({}).value_or(Config{});
  loaded->auth_keys.clear();
  loaded->exec_commands.clear();
  loaded->clients.clear();
  loaded->secrets.clear();
  loaded->node_name = expected.node_name;
  EXPECT_EQ(*loaded, expected);
}

}  // namespace
}  // namespace troupe
