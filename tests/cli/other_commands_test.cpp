// serve, demo, audit, key, version and --help.
#include "cli/cli_fixture.hpp"
#include "crypto/hash.hpp"

namespace troupe {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class OtherCommandTest : public CliTest {};

TEST_F(OtherCommandTest, ServeHandsOverTheConfiguration) {
  Config seen;
  hooks_.serve = [&](const Config& config) {
    seen = config;
    return 0;
  };
  const std::string file = given_file("serve.toml", "node_name = 'from-file'\n[log]\nlevel = 'debug'\n");
  EXPECT_EQ(run_bare({"serve", "--config", file, "--listen", "127.0.0.1:0", "--data-dir", "/tmp/x", "--worker-slots",
                      "3", "--egress-allow", "10.0.0.0/8,shop.example"}),
            0)
      << err_;
  EXPECT_EQ(seen.server.listen, (HostPort{"127.0.0.1", 0}));
  EXPECT_EQ(seen.database.url, "sqlite:/tmp/x/troupe.db");
  EXPECT_EQ(seen.node_name, "from-file");
  EXPECT_EQ(seen.log.level, "debug");
  EXPECT_EQ(seen.worker.slots, 3);
  EXPECT_EQ(seen.egress.allow.size(), 2U);
}

TEST_F(OtherCommandTest, ServeGivesBackTheExitCodeOfTheServer) {
  hooks_.serve = [](const Config&) { return 17; };
  EXPECT_EQ(run_bare({"serve"}), 17);
}

TEST_F(OtherCommandTest, ServeRefusesAWrongConfigurationWithEveryFault) {
  hooks_.serve = [](const Config&) {
    ADD_FAILURE() << "must not start";
    return 0;
  };
  const std::string file = given_file("bad.toml", "lisen = 'x'\n");
  EXPECT_EQ(run_bare({"serve", "--config", file, "--log-level", "loud"}), 2);
  EXPECT_THAT(err_, AllOf(HasSubstr(file + ":1: lisen: is not a known key; did you mean listen?"),
                          HasSubstr("--log-level: log.level: must be one of")));
}

TEST_F(OtherCommandTest, ServeHelpListsEveryKey) {
  EXPECT_EQ(run_bare({"serve", "--help"}), 0);
  for (const char* flag :
       {"--listen", "--data-dir", "--database-url", "--workflows", "--node-name", "--limits-jobs-in-flight"})
    EXPECT_THAT(out_, HasSubstr(flag));
}

TEST_F(OtherCommandTest, DemoKnowsWhatWasChosen) {
  DemoOptions seen{.terminal = {std::cin, std::cout, std::cerr}};
  hooks_.demo = [&](const DemoOptions& options) {
    seen.data_dir_given = options.data_dir_given;
    seen.listen_given = options.listen_given;
    seen.stay = options.stay;
    return 0;
  };
  EXPECT_EQ(run_bare({"demo"}), 0);
  EXPECT_FALSE(seen.data_dir_given || seen.listen_given || seen.stay);
  EXPECT_EQ(run_bare({"demo", "--data-dir", "/tmp/demo", "--listen", "127.0.0.1:9", "--stay"}), 0);
  EXPECT_TRUE(seen.data_dir_given && seen.listen_given && seen.stay);
}

TEST_F(OtherCommandTest, AuditTailShowsTheNewestRecordsInOrder) {
  server_.answer(
      "GET /v1/audit?action=job.accepted&limit=2", 200,
      R"({"items":[{"seq":2,"at":"2026-11-21T01:02:04.000Z","job_id":"j","action":"b","actor":"shop","hash":"22"},)"
      R"({"seq":1,"at":"2026-11-21T01:02:03.000Z","job_id":"j","action":"a","actor":"shop","details":{"n":1},"hash":"11"}],)"
      R"("next_cursor":"x"})");
  EXPECT_EQ(run({"audit", "tail", "--action", "job.accepted", "-n", "2"}), 0);
  EXPECT_EQ(out_, "2026-11-21 01:02:03  j  1  a  shop  {\"n\":1}\n2026-11-21 01:02:04  j  2  b  shop\n");
  EXPECT_EQ(run({"audit", "tail", "--action", "job.accepted", "-n", "2", "--json"}), 0);
  ASSERT_EQ(out_lines().size(), 2U);
  EXPECT_EQ(out_lines()[0]["hash"], "11");
}

TEST_F(OtherCommandTest, AuditTailOfAJobReadsItsTrail) {
  server_.answer("GET /v1/audit?job=j1&limit=50", 200, R"({"items":[],"next_cursor":null})");
  EXPECT_EQ(run({"audit", "tail", "--job", "j1"}), 0) << err_;
}

TEST_F(OtherCommandTest, AuditTailFollowsUntilTheServerGoes) {
  const std::string first = "GET /v1/audit?limit=1", page = "GET /v1/audit?limit=500";
  const std::string one = R"({"seq":1,"action":"a","hash":"11"})", two = R"({"seq":2,"action":"b","hash":"22"})",
                    three = R"({"seq":3,"action":"c","hash":"33"})";
  const std::string four = R"({"seq":4,"action":"d","hash":"44"})";
  server_.answer(first, 200, R"({"items":[)" + two + R"(],"next_cursor":"older"})");
  server_.answer(page, 200, R"({"items":[)" + four + R"(],"next_cursor":"more"})");
  server_.answer(page + "&cursor=more", 200,
                 R"({"items":[)" + three + "," + two + "," + one + R"(],"next_cursor":"x"})");
  server_.refuse(page, 401, "unauthenticated", "gone");
  EXPECT_EQ(run({"audit", "tail", "--follow", "-n", "1"}), 4);
  EXPECT_EQ(out_, "  2  b\n  3  c\n  4  d\n") << "the newest one, then what is new, page by page";
}

TEST_F(OtherCommandTest, AuditVerifyExitsSevenForABrokenChain) {
  server_.answer("GET /v1/audit/verify", 200, R"({"whole":true,"chains":3,"records":9})");
  EXPECT_EQ(run({"audit", "verify"}), 0);
  EXPECT_EQ(out_, "whole: 9 records in 3 chains\n");
  server_.answer(
      "GET /v1/audit/verify?job=j1", 200,
      R"({"whole":false,"chains":1,"records":2,"fault":{"chain":"c","seq":2,"message":"the hash differs"}})");
  EXPECT_EQ(run({"audit", "verify", "--job", "j1"}), 7);
  EXPECT_EQ(out_, "broken: chain c, record 2: the hash differs\n");
}

TEST_F(OtherCommandTest, AuditVerifyReadsTheDatabaseWhenTold) {
  Config seen;
  std::optional<JobId> job;
  hooks_.verify_offline = [&](const Config& config, const std::optional<JobId>& named) -> Result<AuditVerdict> {
    seen = config;
    job = named;
    return AuditVerdict{
        .whole = false, .chains = 1, .records = 5, .chain = "c", .seq = 4, .fault = "a record is missing"};
  };
  EXPECT_EQ(run({"audit", "verify", "--data-dir", "/srv/t", "--job", "0190aaaa-0000-7000-8000-000000000001", "--json"}),
            7);
  EXPECT_EQ(out_json(), (Json{{"whole", false},
                              {"chains", 1},
                              {"records", 5},
                              {"fault", {{"chain", "c"}, {"seq", 4}, {"message", "a record is missing"}}}}));
  EXPECT_EQ(seen.database.url, "sqlite:/srv/t/troupe.db");
  EXPECT_EQ(to_string(job.value_or(JobId{})), "0190aaaa-0000-7000-8000-000000000001");
  EXPECT_EQ(run({"audit", "verify", "--database-url", "memory:", "--job", "mine"}), 2);
  EXPECT_TRUE(server_.requests().empty());
}

TEST_F(OtherCommandTest, AuditVerifyOfflineTellsWhatIsWrongWithTheDatabase) {
  hooks_.verify_offline = [](const Config&, const std::optional<JobId>&) -> Result<AuditVerdict> {
    return Error{ErrorCode::store_unavailable, "no such file", false, {}};
  };
  EXPECT_EQ(run({"audit", "verify", "--data-dir", "/nowhere"}), 1);
  EXPECT_THAT(err_, HasSubstr("no such file"));
}

TEST_F(OtherCommandTest, DbMigrateSaysWhatItDid) {
  Config seen;
  SchemaChange change{0, 2};
  hooks_.migrate_database = [&](const Config& config) -> Result<SchemaChange> {
    seen = config;
    return change;
  };
  EXPECT_EQ(run_bare({"db", "migrate", "--data-dir", "/srv/t"}), 0);
  EXPECT_EQ(out_, "made: the schema has version 2\n");
  EXPECT_EQ(seen.database.url, "sqlite:/srv/t/troupe.db");
  change = {1, 2};
  EXPECT_EQ(run_bare({"db", "migrate"}), 0);
  EXPECT_EQ(out_, "upgraded: the schema had version 1, has 2\n");
  change = {2, 2};
  EXPECT_EQ(run_bare({"db", "migrate"}), 0);
  EXPECT_EQ(out_, "nothing to do: the schema has version 2\n");
  EXPECT_EQ(run_bare({"db", "migrate", "--json"}), 0);
  EXPECT_EQ(out_json(), (Json{{"from", 2}, {"to", 2}}));
}

TEST_F(OtherCommandTest, DbCheckExitsSevenForABrokenChainAndOneForOtherDamage) {
  DatabaseCheck found;
  found.schema_version = 2;
  found.rows = 9;
  found.audit = AuditVerdict{.whole = true, .chains = 1, .records = 3};
  hooks_.check_database = [&](const Config&) -> Result<DatabaseCheck> { return found; };
  found.findings = {{true, "setting fsync", "is off"}};
  EXPECT_EQ(run_bare({"db", "check"}), 0);
  EXPECT_EQ(out_,
            "warning: setting fsync: is off\nwhole: 3 records in 1 chains\n"
            "checked: schema version 2, 9 rows, 0 blobs (0 bytes)\n");
  found.findings.push_back({false, "asset a", "lost\x1b[2J"});
  EXPECT_EQ(run_bare({"db", "check"}), 1);
  EXPECT_THAT(out_, HasSubstr("damage: asset a: lost [2J\n"));
  found.audit = AuditVerdict{.whole = false, .chain = "c", .seq = 4, .fault = "changed"};
  EXPECT_EQ(run_bare({"db", "check"}), 7);
  EXPECT_THAT(out_, HasSubstr("broken: chain c, record 4: changed\n"));
  EXPECT_EQ(run_bare({"db", "check", "--json"}), 7);
  EXPECT_EQ(out_json()["findings"][1], (Json{{"kind", "damage"}, {"place", "asset a"}, {"reason", "lost [2J"}}));
  found.audit.reset();
  found.findings.clear();
  EXPECT_EQ(run_bare({"db", "check", "--json"}), 0);
  EXPECT_TRUE(out_json()["audit"].is_null());
}

TEST_F(OtherCommandTest, DbVacuumPrintsBytesBeforeAndAfter) {
  hooks_.vacuum_database = [](const Config&) -> Result<SpaceChange> { return SpaceChange{1'234'567, 999}; };
  EXPECT_EQ(run_bare({"db", "vacuum"}), 0);
  EXPECT_EQ(out_, "before: 1234567 bytes (1.2 MB)\nafter:  999 bytes (999 bytes)\n");
  hooks_.vacuum_database = [](const Config&) -> Result<SpaceChange> {
    return {ErrorCode::store_unavailable, "in use"};
  };
  EXPECT_EQ(run_bare({"db", "vacuum"}), 1);
  EXPECT_THAT(err_, HasSubstr("in use"));
}

TEST_F(OtherCommandTest, BackupTellsWhatItCopiedAndFailsForLostBlobsOnly) {
  backup::BackupReport report;
  report.manifest.tables = {{{"job", {}}, 3, {1'000, {}}}, {{"run", {}}, 1, {500, {}}}};
  report.manifest.blobs = 2;
  report.manifest.blob_bytes = 2'500;
  std::string named;
  hooks_.make_backup = [&](const Config&, const std::string& folder) -> Result<backup::BackupReport> {
    named = folder;
    return report;
  };
  EXPECT_EQ(run_bare({"backup", "/b", "--data-dir", "/srv/t"}), 0);
  EXPECT_EQ(named, "/b");
  EXPECT_EQ(out_, "backed up to /b: 4 rows (1.5 kB), 2 blobs (2.5 kB)\n");
  report.findings = {{true, "asset a", "removed meanwhile"}};
  EXPECT_EQ(run_bare({"backup", "/b"}), 0);
  report.findings = {{false, "asset a", "lost"}};
  EXPECT_EQ(run_bare({"backup", "/b", "--json"}), 1);
  EXPECT_EQ(out_json()["rows"], 4);
  EXPECT_EQ(run_bare({"backup"}), 2);
}

TEST_F(OtherCommandTest, RestoreTellsOfTheChainsUnlessTold) {
  RestoreOutcome outcome;
  outcome.report.manifest.tables = {{{"job", {}}, 3, {}}};
  outcome.report.manifest.blobs_missing = 1;
  outcome.audit = AuditVerdict{.whole = true, .chains = 1, .records = 3};
  bool verified = false;
  hooks_.restore_backup = [&](const Config&, const std::string&, bool verify) -> Result<RestoreOutcome> {
    verified = verify;
    return outcome;
  };
  EXPECT_EQ(run_bare({"restore", "/b"}), 0);
  EXPECT_TRUE(verified);
  EXPECT_EQ(out_,
            "restored: 3 rows and 0 blobs (0 bytes), of 1970-01-01 00:00:00 UTC\n"
            "warning: 1 blobs were not there when the backup was made\nwhole: 3 records in 1 chains\n");
  outcome.audit->whole = false;
  EXPECT_EQ(run_bare({"restore", "/b", "--json"}), 7);
  EXPECT_EQ(out_json()["audit"]["whole"], false);
  outcome.audit.reset();
  EXPECT_EQ(run_bare({"restore", "/b", "--no-verify"}), 0);
  EXPECT_FALSE(verified);
  hooks_.restore_backup = [](const Config&, const std::string&, bool) -> Result<RestoreOutcome> {
    return {ErrorCode::store_refused, "not empty"};
  };
  EXPECT_EQ(run_bare({"restore", "/b"}), 1);
  EXPECT_EQ(run_bare({"restore", "--check-only", "/no/such/backup"}), 5);
}

TEST_F(OtherCommandTest, KeyCreatePrintsAKeyAndItsEntry) {
  EXPECT_EQ(run_bare({"key", "create", "--name", "shop", "--role", "operator", "--client", "s1", "--json"}), 0);
  const Json key = out_json();
  EXPECT_TRUE(key["key"].get<std::string>().starts_with("trp_"));
  EXPECT_EQ(key["sha256"], to_hex(sha256(key["key"].get<std::string>())));

  EXPECT_EQ(run_bare({"key", "create", "--name", "shop", "--role", "operator", "--client", "s1"}), 0);
  const std::string text = out_.substr(0, out_.find('\n'));
  EXPECT_EQ(out_.substr(out_.find("[[auth.keys]]")), "[[auth.keys]]\nname = \"shop\"\nsha256 = \"" +
                                                         to_hex(sha256(text)) +
                                                         "\"\nrole = \"operator\"\nclient = \"s1\"\n");
  EXPECT_THAT(err_, Not(HasSubstr(text)));
}

TEST_F(OtherCommandTest, KeyCreateEntryIsReadByTheServer) {
  EXPECT_EQ(run_bare({"key", "create", "--name", "a \"b\"", "--role", "admin"}), 0);
  const std::string file = given_file("key.toml", out_.substr(out_.find("[[auth.keys]]")));
  hooks_.serve = [](const Config& config) { return config.auth_keys.at(0).role == Role::admin ? 0 : 1; };
  EXPECT_EQ(run_bare({"serve", "--config", file}), 0) << err_;
}

TEST_F(OtherCommandTest, VersionIsOneLineOrOneDocument) {
  EXPECT_EQ(run_bare({"version"}), 0);
  EXPECT_TRUE(out_.starts_with("troupe ")) << out_;
  EXPECT_EQ(run_bare({"version", "--json"}), 0);
  EXPECT_TRUE(out_json()["version"].is_string());
}

TEST_F(OtherCommandTest, WrongUseNamesWhatIsWrong) {
  EXPECT_EQ(run_bare({"bogus"}), 2);
  EXPECT_EQ(err_, "error: there is no command \"bogus\"\nhint: See `troupe --help`, or --help after a command.\n");
  EXPECT_EQ(run_bare({"--json", "bogus"}), 2);
  const Json problem = Json::parse(err_);
  EXPECT_EQ(problem["code"], "wrong_usage");
  EXPECT_EQ(problem["detail"], "there is no command \"bogus\"");
}

TEST_F(OtherCommandTest, HelpTellsTheExitCodes) {
  EXPECT_EQ(run_bare({"--help"}), 0);
  EXPECT_THAT(out_, AllOf(HasSubstr("3  server not reached"), HasSubstr("7  audit chain broken")));
  EXPECT_EQ(run_bare({"job", "submit", "--help"}), 0);
  EXPECT_THAT(out_, AllOf(HasSubstr("--input"), HasSubstr("Exit codes")));
}

TEST_F(OtherCommandTest, ActorsAreShownAsATreeWithWhatIsWorthALine) {
  const char* tree = R"({"id":"node","kind":"node","state":"running","children":[)"
                     R"({"id":"broker","state":"running","busy":3,"waiting":0,"mailbox":0,"restarts":0,"children":[]},)"
                     R"({"id":"worker:exec","state":"given_up","slots":4,"busy":0,"restarts":5,)"
                     R"("last_error":"it\ndied","next_start_at":"2026-11-21T01:02:03.000Z","children":[]}]})";
  server_.answer("GET /v1/actors?limit=3", 200, tree);
  server_.answer("GET /v1/actors?limit=50", 200, tree);
  EXPECT_EQ(run({"actors", "--limit", "3"}), 0) << err_;
  EXPECT_EQ(last_request().target, "/v1/actors?limit=3");
  EXPECT_THAT(out_, HasSubstr("\n  broker       running   3 at work\n"));
  EXPECT_THAT(out_, HasSubstr("  worker:exec  given_up  0/4 slots, 5 restarts, next start 2026-11-21 01:02:03, "
                              "last error: it died"));
  EXPECT_EQ(run({"actors", "--json"}), 0);
  EXPECT_EQ(out_json()["id"], "node");
}

TEST_F(OtherCommandTest, AnActorIsRestarted) {
  server_.answer("POST /v1/actors/worker:exec/restart", 202, R"({"id":"worker:exec","message":"…"})");
  EXPECT_EQ(run({"actors", "--restart", "worker:exec"}), 0) << err_;
  EXPECT_EQ(out_, "worker:exec is being restarted\n");
  server_.refuse("POST /v1/actors/broker/restart", 409, "conflict", "the broker cannot be restarted by itself");
  EXPECT_EQ(run({"actors", "--restart", "broker"}), 6);
  EXPECT_THAT(err_, HasSubstr("cannot be restarted by itself"));
}

}  // namespace
}  // namespace troupe
