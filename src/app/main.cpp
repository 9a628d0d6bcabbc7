#include "app/demo.hpp"
#include "app/serve.hpp"
#include "app/upkeep.hpp"
#include "app/verify.hpp"
#include "cli/cli.hpp"

int main(int argc, char** argv) {
  return troupe::run_cli(argc, argv,
                         {.serve = troupe::serve,
                          .demo = troupe::demo,
                          .verify_offline = troupe::verify_offline,
                          .migrate_database = troupe::migrate_database,
                          .check_database = troupe::check_database,
                          .vacuum_database = troupe::vacuum_database,
                          .make_backup = troupe::make_backup,
                          .restore_backup = troupe::restore_backup});
}
