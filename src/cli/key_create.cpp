// `troupe key create`: prints a fresh API key, this once, and the configuration entry that lets it in.
#include "auth/api_keys.hpp"
#include "cli/commands.hpp"
#include "config/value.hpp"
#include "crypto/hash.hpp"

namespace troupe::cli {
namespace {

struct NewKey {
  std::string name, client;
  std::string role = "client";
};

int create_key(Session& session, const NewKey& options) {
  const std::string key = make_api_key();
  const std::string digest = to_hex(sha256(key));
  if (session.json) {
    Json shown = {{"key", key}, {"name", options.name}, {"role", options.role}, {"sha256", digest}};
    if (!options.client.empty()) shown["client"] = options.client;
    session.print_json(shown);
    return kDone;
  }
  session.terminal.out << key << "\n\n"
                       << "[[auth.keys]]\n"
                       << "name = " << to_toml(options.name) << '\n'
                       << "sha256 = " << to_toml(digest) << '\n'
                       << "role = " << to_toml(options.role) << '\n';
  if (!options.client.empty()) session.terminal.out << "client = " << to_toml(options.client) << '\n';
  session.terminal.err << "The key is shown this once. Put the entry into the server's configuration and restart it.\n";
  return kDone;
}

}  // namespace

void add_key_create(CLI::App& parent, Session& session) {
  CLI::App* command = parent.add_subcommand("create", "Make an API key and the configuration entry for it");
  auto options = std::make_shared<NewKey>();
  command->add_option("--name", options->name, "Shown as the actor in audit records")->required();
  command->add_option("--role", options->role, "What the key may do")
      ->check(CLI::IsMember({"viewer", "client", "worker", "operator", "admin"}))
      ->capture_default_str();
  command->add_option("--client", options->client, "The client whose jobs alone it sees and makes");
  command->callback([&session, options] { session.command = [&session, options] { return create_key(session, *options); }; });
}

}  // namespace troupe::cli
