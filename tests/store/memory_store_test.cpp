#include "store_memory/memory_store.hpp"

#include "store/store_contract.hpp"

namespace troupe::test {
namespace {

class MemoryEngine final : public Engine {
 public:
  Store& store() override { return *store_; }

 private:
  std::unique_ptr<Store> store_ = make_memory_store();
};

INSTANTIATE_TEST_SUITE_P(Memory, StoreContract,
                         testing::Values(EngineFactory{"memory", [] { return std::make_unique<MemoryEngine>(); }}),
                         name_of);

}  // namespace
}  // namespace troupe::test
