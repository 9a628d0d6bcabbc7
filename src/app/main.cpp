#include "app/demo.hpp"
#include "app/serve.hpp"
#include "app/verify.hpp"
#include "cli/cli.hpp"

int main(int argc, char** argv) {
  return troupe::run_cli(argc, argv,
                         {.serve = troupe::serve, .demo = troupe::demo, .verify_offline = troupe::verify_offline});
}
