// What every engine that keeps anything promises of its StoreMaintenance. Instantiated beside StoreContract.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <set>

#include "store/store_driver.hpp"
#include "troupe/port/maintenance.hpp"

namespace troupe::test {

/// All rows of a snapshot as text, a line a row, in order of their text.
std::multiset<std::string> rows_of(StoreSnapshot& snapshot, const std::string& table);

/// Copies everything, table by table, but for the tables that `to` has not yet.
void copy_rows(StoreSnapshot& from, StoreLoader& to, const std::set<std::string>& later = {});

class MaintenanceContract : public testing::TestWithParam<EngineFactory> {
 protected:
  MaintenanceContract() : engine(GetParam().make()), driver(std::in_place, engine->store()) {}

  std::unique_ptr<StoreMaintenance> maintenance() { return maintenance_of(*engine); }
  static std::unique_ptr<StoreMaintenance> maintenance_of(Engine& of) {
    auto made = of.store().maintenance();
    EXPECT_TRUE(made.ok());
    return std::move(made).value();
  }
  /// A row of every table.
  void given_rows_of_all_kinds();
  void commit(std::vector<Change> changes) {
    const CommitReply reply = driver->commit(std::move(changes));
    ASSERT_EQ(reply.status, CommitStatus::committed) << reply.error.message;
  }

  std::unique_ptr<Engine> engine;
  std::optional<StoreDriver> driver;  ///< reset where no server is to run
};

}  // namespace troupe::test
