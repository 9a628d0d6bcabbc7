#include "store/open.hpp"

#include <gtest/gtest.h>

namespace troupe {
namespace {

TEST(OpenStore, TheUrlTellsTheEngine) {
  EXPECT_EQ(open_store("memory:").value()->kind(), "memory");
  EXPECT_EQ(open_store("sqlite:some/file.db").value()->kind(), "sqlite");
  EXPECT_EQ(open_store("postgresql://localhost/troupe").value()->kind(), "postgresql");
  EXPECT_EQ(open_store("postgres://localhost/troupe").value()->kind(), "postgresql");
}

TEST(OpenStore, OtherUrlsAreRefused) {
  for (const char* url : {"", "sqlite:", "sqlite::memory:", "mysql://localhost/troupe", "memory", "/tmp/file.db"}) {
    const auto opened = open_store(url);
    ASSERT_FALSE(opened.ok()) << url;
    EXPECT_EQ(opened.error().code, ErrorCode::invalid_configuration) << url;
  }
}

TEST(OpenStore, OptionsOutOfRangeAreAllNamedAtOnce) {
  StoreOptions options;
  options.sqlite.cache_mib = 0;
  options.sqlite.busy_timeout = Millis(-1);
  options.postgres.answer_timeout = Millis(20'000);
  const auto opened = open_store("memory:", options);
  ASSERT_FALSE(opened.ok());
  std::vector<std::string> pointers;
  for (const Fault& fault : opened.error().faults) pointers.push_back(fault.pointer);
  EXPECT_EQ(pointers,
            (std::vector<std::string>{"/sqlite/busy_timeout", "/sqlite/cache_mib", "/postgres/answer_timeout"}));
  EXPECT_TRUE(StoreOptions().validate().empty());
}

TEST(OpenStore, ADatabaseThatIsNotThereIsUnavailable) {
  auto store = open_store("postgresql://nobody@127.0.0.1:1/none").value();
  EXPECT_EQ(store->migrate().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(store->writer().error().code, ErrorCode::store_unavailable);
  EXPECT_EQ(store->reader(1).error().code, ErrorCode::store_unavailable);
}

}  // namespace
}  // namespace troupe
