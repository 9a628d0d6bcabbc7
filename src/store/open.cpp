#include "store/open.hpp"

#include "store_memory/memory_store.hpp"

namespace troupe {

std::vector<Fault> StoreOptions::validate() const {
  std::vector<Fault> faults;
  for (Fault& fault : sqlite.validate()) faults.push_back({"/sqlite" + fault.pointer, std::move(fault.message)});
  for (Fault& fault : postgres.validate()) faults.push_back({"/postgres" + fault.pointer, std::move(fault.message)});
  return faults;
}

Result<std::unique_ptr<Store>> open_store(const std::string& url, const StoreOptions& options) {
  if (auto faults = options.validate(); !faults.empty())
    return Error{ErrorCode::invalid_configuration, "the store's options are not valid", false, std::move(faults)};
  if (url == "memory:") return make_memory_store();
  if (url.starts_with("postgresql://") || url.starts_with("postgres://"))
    return make_postgres_store(url, options.postgres);
  if (url.starts_with("sqlite:")) {
    const std::string path = url.substr(7);
    // SQLite's own in-memory and temporary databases belong to one connection; we have several.
    if (path.empty() || path.starts_with(":"))
      return Error{ErrorCode::invalid_configuration, "sqlite: needs the path of a file (or use memory:)", false, {}};
    return make_sqlite_store(path, options.sqlite);
  }
  return Error{ErrorCode::invalid_configuration,
               "the database URL must begin with sqlite:, postgresql:// or be memory:", false, {}};
}

}  // namespace troupe
