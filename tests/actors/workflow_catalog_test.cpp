// Which compiled definitions are in memory.
#include "actors/ingress/workflow_catalog.hpp"

#include "actors/node_fixture.hpp"

namespace troupe::test {
namespace {

/// Versions of one workflow, each of some 100 KB, in the store; a catalog of its own over it.
class WorkflowCatalogTest : public NodeTest {
 protected:
  void given_versions(int count) {
    for (int i = 0; i < count; ++i) {
      const std::string number = std::to_string(versions_++);
      given_workflow("{\"key\": \"w\", \"steps\": [{\"name\": \"s\", \"type\": \"noop\", \"config\": {\"n\": " +
                     number + ", \"filler\": \"" + std::string(100'000, 'x') + "\"}}]}");
    }
  }
  /// Room for so many old versions.
  WorkflowCatalog catalog_for(std::size_t old_versions) const { return {*reader_, is_quick, old_versions * 110'000}; }
  static CatalogEntryPtr load(WorkflowCatalog& catalog, std::uint32_t version) {
    const auto found = catalog.load("w", version);
    return found ? found->entry : nullptr;
  }
  static std::vector<std::uint32_t> in_memory(const WorkflowCatalog& catalog, std::uint32_t most) {
    std::vector<std::uint32_t> versions;
    for (std::uint32_t version = 1; version <= most; ++version)
      if (catalog.find("w", version).entry) versions.push_back(version);
    return versions;
  }

  int versions_ = 0;
};

using Versions = std::vector<std::uint32_t>;

TEST_F(WorkflowCatalogTest, KeepsTheNewestVersionAndThoseThatWereAskedForLast) {
  given_versions(6);
  WorkflowCatalog catalog = catalog_for(3);
  ASSERT_TRUE(catalog.load_all().ok());
  for (std::uint32_t version = 1; version <= 5; ++version) ASSERT_TRUE(load(catalog, version));
  ASSERT_TRUE(catalog.find("w", 3).entry);
  ASSERT_TRUE(load(catalog, 1));
  EXPECT_EQ(in_memory(catalog, 6), (Versions{1, 3, 5, 6}));
  EXPECT_EQ(reader_->workflow_reads, 6);
  ASSERT_TRUE(load(catalog, 5));
  EXPECT_EQ(reader_->workflow_reads, 6) << "it is there";
}

TEST_F(WorkflowCatalogTest, IsBoundedHoweverManyVersionsAreApplied) {
  given_versions(12);
  WorkflowCatalog catalog = catalog_for(3);
  for (std::uint32_t version = 1; version <= 12; ++version) {
    auto entry = catalog.compile((*reader_->workflow("w", version))->newest);
    ASSERT_TRUE(entry.ok());
    catalog.add(*std::move(entry));
    EXPECT_EQ(catalog.find("w", 0).entry->row.version, version);
  }
  EXPECT_EQ(in_memory(catalog, 12), (Versions{9, 10, 11, 12}));
}

TEST_F(WorkflowCatalogTest, FindsWhatSomeoneHoldsHoweverManyOthersComeAndGo) {
  given_versions(1);
  for (int i = 2; i <= 300; ++i)
    given_workflow("{key: w, steps: [{name: s, type: noop, config: {n: " + std::to_string(i) + "}}]}");
  WorkflowCatalog catalog(*reader_, is_quick, 0);
  ASSERT_TRUE(catalog.load_all().ok());
  WorkflowPtr held = definition_of(load(catalog, 1));
  for (int round = 0; round < 10; ++round)
    for (std::uint32_t version = 2; version < 300; ++version) ASSERT_TRUE(load(catalog, version));
  EXPECT_EQ(in_memory(catalog, 300), (Versions{1, 300}));
  EXPECT_EQ(&catalog.find("w", 1).entry->workflow, held.get());
  held.reset();
  EXPECT_EQ(in_memory(catalog, 300), Versions{300});
  EXPECT_TRUE(load(catalog, 1));
}

TEST_F(WorkflowCatalogTest, HasOneOfAVersionThatTwoHaveReadAtOnce) {
  given_versions(2);
  WorkflowCatalog catalog(*reader_, is_quick, 0);
  ASSERT_TRUE(catalog.load_all().ok());
  const WorkflowRow row = (*reader_->workflow("w", 1))->newest;
  const CatalogEntryPtr first = *catalog.compile(row), second = *catalog.compile(row);
  EXPECT_EQ(catalog.add(first), first);
  EXPECT_EQ(catalog.add(second), first);
  EXPECT_EQ(catalog.find("w", 1).entry, first);
}

TEST_F(WorkflowCatalogTest, RemembersTheShortestRetentionOfVersionsThatAreGone) {
  for (const char* retention : {"30d", "2d", "60d"})
    given_workflow(std::string("{key: w, retention: ") + retention + ", steps: [{name: s, type: noop}]}");
  WorkflowCatalog catalog(*reader_, is_quick, 0);
  ASSERT_TRUE(catalog.load_all().ok());
  EXPECT_EQ(catalog.shortest_retention(), 60 * 24h);
  ASSERT_TRUE(load(catalog, 2));
  EXPECT_FALSE(catalog.find("w", 2).entry);
  EXPECT_EQ(catalog.shortest_retention(), 2 * 24h);
}

}  // namespace
}  // namespace troupe::test
