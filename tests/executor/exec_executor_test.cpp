#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>

#include "executor/exec_fixture.hpp"

namespace troupe {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::ElementsAre;
using testing::ExecFixture;
using ::testing::HasSubstr;
using ::testing::Pair;
using testing::RecordingSink;

class ExecExecutorTest : public ExecFixture {};

// --- what it gives -------------------------------------------------------------------------------------------------

TEST_F(ExecExecutorTest, GivesExitCodeAndStreams) {
  const auto outcome = run_sh("echo out; echo err >&2");
  const Json given = outputs(outcome);
  EXPECT_EQ(given["exit_code"], 0);
  EXPECT_EQ(given["stdout"], "out\n");
  EXPECT_EQ(given["stderr"], "err\n");
  EXPECT_FALSE(given.contains("json"));
  EXPECT_THAT(outcome.log, HasSubstr("out\n"));
  EXPECT_THAT(outcome.log, HasSubstr("err\n"));
}

TEST_F(ExecExecutorTest, GivesJsonWhereStdoutIsJson) {
  EXPECT_EQ(sh(R"(echo '{"a": [1]}')")["json"], Json::parse(R"({"a": [1]})"));
  EXPECT_FALSE(sh("echo '{\"a\"'").contains("json"));
  EXPECT_FALSE(sh("true").contains("json"));
}

TEST_F(ExecExecutorTest, ReplacesWhatIsNoText) { EXPECT_EQ(sh(R"(printf 'a\377b')")["stdout"], "a�b"); }

TEST_F(ExecExecutorTest, FeedsStdin) {
  const auto echo = [&](Json input) { return outputs(run({{"command", "sh"}, {"args", {"cat"}}, {"stdin", input}})); };
  EXPECT_EQ(echo("text")["stdout"], "text");
  EXPECT_EQ(echo({{"a", 1}})["json"]["a"], 1);
  EXPECT_EQ(echo(std::string(500'000, 'x'))["stdout"].get<std::string>().size(), 500'000U);
  EXPECT_EQ(sh("cat")["stdout"], "") << "without stdin there is nothing to read";
}

TEST_F(ExecExecutorTest, PassesArgumentsWithoutAShell) {
  options_.commands.push_back({.name = "echo", .program = "/bin/echo", .args = {"fixed"}});
  const Json given = outputs(run({{"command", "echo"}, {"args", {"$HOME; id", 5, true}}}));
  EXPECT_EQ(given["stdout"], "fixed $HOME; id 5 true\n");
}

TEST_F(ExecExecutorTest, ReportsProgressLinesAndKeepsThemOutOfTheLog) {
  const auto sink = start_sh("echo 'troupe:progress 0.25 quarter' >&2; echo note >&2; printf 'troupe:progress 1' >&2");
  const auto outcome = sink->outcome();
  EXPECT_THAT(sink->progress_seen(), ElementsAre(Pair(0.25, "quarter"), Pair(1.0, "")));
  EXPECT_EQ(outputs(outcome)["stderr"], "note\n");
  EXPECT_EQ(outcome.log, "note\n");
}

TEST_F(ExecExecutorTest, StreamsItsLogWhileItRuns) {
  const auto sink = start_sh("echo begun; exec sleep 1000");
  sink->await_log("stdout", "begun\n");
  EXPECT_EQ(sink->times_done(), 0U);
  executor_->stop(task_.key);
  EXPECT_EQ(sink->outcome().log, "begun\n");
}

// --- failures ------------------------------------------------------------------------------------------------------

TEST_F(ExecExecutorTest, FailsWithTheExitCodeAndTheEndOfStderr) {
  const auto outcome = run_sh("echo kept; echo why >&2; exit 3");
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().code, ErrorCode::command_failed);
  EXPECT_TRUE(outcome.result.error().retryable);
  EXPECT_EQ(outcome.result.error().message, "the command 'sh' ended with exit code 3: why");
  EXPECT_THAT(outcome.log, HasSubstr("kept"));
}

TEST_F(ExecExecutorTest, NamesTheSignalThatKilledTheCommand) {
  EXPECT_THAT(run_sh("kill -SEGV $$").result.error().message, HasSubstr("SIGSEGV"));
}

TEST_F(ExecExecutorTest, RefusesCommandsThatAreNotListed) {
  const Error error = run({{"command", "/bin/sh"}}).result.error();
  EXPECT_EQ(error.code, ErrorCode::command_unknown);
  EXPECT_FALSE(error.retryable);
}

TEST_F(ExecExecutorTest, NamesTheProgramThatCannotBeStarted) {
  const std::string plain = (root_ / "plain").string();
  std::ofstream(plain) << "not executable";
  options_.commands = {{.name = "absent", .program = "/no/such/program", .args = {}},
                       {.name = "plain", .program = plain, .args = {}},
                       {.name = "folder", .program = "/bin/true", .args = {}}};
  options_.commands[2].working_dir = "/no/such/folder";
  struct Case {
    const char *command, *text;
  };
  for (const Case& rule : {Case{"absent", "/no/such/program: No such file"}, Case{"plain", "Permission denied"},
                           Case{"folder", "/no/such/folder"}}) {
    const Error error = run({{"command", rule.command}}).result.error();
    EXPECT_EQ(error.code, ErrorCode::command_missing);
    EXPECT_FALSE(error.retryable);
    EXPECT_THAT(error.message, HasSubstr(rule.text));
  }
}

TEST_F(ExecExecutorTest, NamesWhatIsWrongWithItsConfig) {
  EXPECT_EQ(run(Json::object()).result.error().code, ErrorCode::invalid_config);
  const Error error = run({{"command", "sh"}, {"args", {{{"a", 1}}}}, {"env", 5}, {"stdni", ""}}).result.error();
  EXPECT_EQ(error.code, ErrorCode::invalid_config);
  EXPECT_EQ(error.faults.size(), 3U);
  EXPECT_EQ(run({{"command", "sh"}, {"env", {{"LD_PRELOAD", "x"}}}}).result.error().code, ErrorCode::invalid_config);
  EXPECT_EQ(run({{"command", "sh"}, {"args", {std::string(3 << 20, 'x')}}}).result.error().code,
            ErrorCode::invalid_config);
}

// --- isolation -----------------------------------------------------------------------------------------------------

TEST_F(ExecExecutorTest, GivesACleanEnvironment) {
  setenv("SERVER_SECRET", "s3cret", 1);
  options_.commands = {{.name = "env", .program = "/usr/bin/env", .args = {}}};
  options_.commands[0].env = {{"FIXED", "1"}};
  task_.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  const std::string printed = outputs(run({{"command", "env"}, {"env", {{"MINE", "x y"}}}}))["stdout"];
  unsetenv("SERVER_SECRET");
  std::map<std::string, std::string> env;
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);)
    env[line.substr(0, line.find('='))] = line.substr(line.find('=') + 1);
  EXPECT_TRUE(env["HOME"].starts_with(options_.work_dir));
  EXPECT_TRUE(env["TROUPE_OUTPUT_DIR"].starts_with(options_.work_dir));
  for (const char* name : {"HOME", "TMPDIR", "TROUPE_OUTPUT_DIR"}) env.erase(name);
  const std::map<std::string, std::string> expected = {{"PATH", "/usr/local/bin:/usr/bin:/bin"},
                                                       {"LANG", "C.UTF-8"},
                                                       {"FIXED", "1"},
                                                       {"MINE", "x y"},
                                                       {"TROUPE_JOB_ID", to_string(task_.job)},
                                                       {"TROUPE_RUN_ID", to_string(task_.key.run)},
                                                       {"TROUPE_STEP", "build"},
                                                       {"TROUPE_ITEM", "0"},
                                                       {"TROUPE_ATTEMPT", "1"},
                                                       {"TRACEPARENT", task_.traceparent}};
  EXPECT_EQ(env, expected);
}

TEST_F(ExecExecutorTest, LeaksNoDescriptors) {
  const int leaky = ::open("/dev/null", O_RDONLY);  // without O_CLOEXEC
  const std::string fds = sh("exec ls /proc/self/fd")["stdout"];
  ::close(leaky);
  EXPECT_EQ(fds, "0\n1\n2\n3\n") << "3 is ls's own";
}

TEST_F(ExecExecutorTest, RunsInAGroupOfItsOwnWithPlainSignalsAndAStrictUmask) {
  std::signal(SIGPIPE, SIG_IGN);
  const std::string script =
      "read -r _ _ _ _ group _ < /proc/$$/stat; test $group = $$ && echo own; umask; pwd; "
      "exec grep -E '^Sig(Blk|Ign)' /proc/self/status";
  const std::string printed = sh(script)["stdout"];
  std::signal(SIGPIPE, SIG_DFL);
  EXPECT_THAT(printed, HasSubstr("own\n0077\n"));
  // Signals 32 and 33 belong to the C library, which lets nobody set them: whoever started this test may have left them
  // ignored.
  const auto ignored = [](const char* upper) {
    return HasSubstr(std::string("SigBlk:\t0000000000000000\nSigIgn:\t0000000") + upper + "0000000\n");
  };
  EXPECT_THAT(printed, AnyOf(ignored("00"), ignored("08"), ignored("10"), ignored("18")));
  EXPECT_THAT(printed, HasSubstr(options_.work_dir));
}

TEST_F(ExecExecutorTest, HoldsItsCommandsToTheirLimits) {
  options_.commands[0].limits = {.cpu_seconds = 7, .memory_bytes = 512 << 20, .file_bytes = 4096, .open_files = 20};
  EXPECT_EQ(sh("ulimit -c; ulimit -t; ulimit -v; ulimit -n")["stdout"], "0\n7\n524288\n20\n");
  EXPECT_THAT(run_sh("exec dd if=/dev/zero of=$TROUPE_OUTPUT_DIR/big bs=8192 count=1").result.error().message,
              HasSubstr("SIGXFSZ"));
}

// --- files ---------------------------------------------------------------------------------------------------------

TEST_F(ExecExecutorTest, StoresTheFilesItWroteAndRemovesTheFolder) {
  const auto outcome = run_sh(
      "cd $TROUPE_OUTPUT_DIR; mkdir -p sub/deep; printf hello > z.txt; printf '{}' > sub/deep/a.json; : > empty; "
      "ln -s /etc/passwd link; ln -s /etc links; mkfifo fifo; echo stray > ../tmp/stray");
  ASSERT_TRUE(outcome.result) << outcome.result.error().message;
  const auto& assets = outcome.result->assets;
  ASSERT_EQ(assets.size(), 3U);
  EXPECT_EQ(assets[0].name, "empty");
  EXPECT_EQ(assets[0].bytes, 0U);
  EXPECT_EQ(assets[1].name, "sub/deep/a.json");
  EXPECT_EQ(assets[1].media_type, "application/json");
  EXPECT_EQ(assets[2].name, "z.txt");
  EXPECT_EQ(assets[2].bytes, 5U);
  EXPECT_EQ(*blobs_->get(assets[2].sha256), "hello");
  EXPECT_TRUE(fs::is_empty(options_.work_dir));
}

TEST_F(ExecExecutorTest, ReadsTheSizeOfImages) {
  // The header of a PNG of 640 x 480.
  const auto outcome = run_sh(
      R"(printf '\211PNG\r\n\032\n\000\000\000\rIHDR\000\000\002\200\000\000\001\340\010\002\000\000\000' > $TROUPE_OUTPUT_DIR/a)");
  ASSERT_TRUE(outcome.result);
  const NewAsset& asset = outcome.result->assets.at(0);
  EXPECT_EQ(asset.media_type, "image/png");
  EXPECT_EQ(asset.width, 640U);
  EXPECT_EQ(asset.height, 480U);
}

TEST_F(ExecExecutorTest, RefusesTooManyAndTooLargeFiles) {
  options_.assets_max = 2;
  options_.asset_bytes_max = 10;
  EXPECT_EQ(run_sh("cd $TROUPE_OUTPUT_DIR; touch a b c").result.error().code, ErrorCode::output_too_large);
  EXPECT_EQ(run_sh("cd $TROUPE_OUTPUT_DIR; echo 12345 > a; echo 12345 > b").result.error().code,
            ErrorCode::output_too_large);
  EXPECT_TRUE(run_sh("cd $TROUPE_OUTPUT_DIR; echo 1234 > a; echo 1234 > b").result);
}

TEST_F(ExecExecutorTest, SaysDiskFullWhenItsFilesCannotBeStored) {
  const fs::path disk = root_ / "disk";
  fs::create_directories(disk);
  if (::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=256k") != 0)
    GTEST_SKIP() << "may not mount a tmpfs here: " << strerror(errno);
  {
    const auto blobs = std::move(*FileBlobStore::open((disk / "blobs").string()));
    auto executor = std::move(*ExecExecutor::make(options_, *blobs, clock_));
    auto sink = std::make_shared<RecordingSink>();
    task_.config =
        to_document({{"command", "sh"}, {"args", {"head -c 1000000 /dev/urandom > $TROUPE_OUTPUT_DIR/big"}}});
    executor->start(task_, sink);
    const auto outcome = sink->outcome();
    ASSERT_FALSE(outcome.result);
    EXPECT_EQ(outcome.result.error().code, ErrorCode::disk_full);
    EXPECT_TRUE(outcome.result.error().retryable);
  }
  EXPECT_EQ(::umount(disk.c_str()), 0);
}

TEST_F(ExecExecutorTest, RemovesAtItsStartWhatADeadProcessLeft) {
  fs::create_directories(fs::path(options_.work_dir) / "dead00/out");
  open();
  EXPECT_TRUE(fs::is_empty(options_.work_dir));
}

TEST_F(ExecExecutorTest, LeavesAtItsStartWhatAnotherProcessUses) {
  const auto sink = start_sh("echo begun; exec sleep 1000");
  sink->await_log("stdout", "begun");
  ASSERT_TRUE(ExecExecutor::make(options_, *blobs_, clock_));
  EXPECT_FALSE(fs::is_empty(options_.work_dir));
  executor_->stop(task_.key);
  sink->outcome();
}

// --- limits of output ----------------------------------------------------------------------------------------------

TEST_F(ExecExecutorTest, EndsACommandThatFloodsStdout) {
  const auto outcome = run_sh("exec cat /dev/zero");
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().code, ErrorCode::output_too_large);
  EXPECT_FALSE(outcome.result.error().retryable);
}

TEST_F(ExecExecutorTest, RefusesStdoutAboveTheLimitEvenIfTheCommandHasEnded) {
  const auto outcome = run_sh("head -c 4194305 /dev/zero");
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().code, ErrorCode::output_too_large);
}

TEST_F(ExecExecutorTest, CutsTheLogAtItsLimitAndSaysSo) {
  const auto outcome = run_sh("yes 123456789012345678901234567890 | head -c 6000000 >&2");
  EXPECT_TRUE(outcome.result);
  EXPECT_LE(outcome.log.size(), limits::kLogBytes);
  EXPECT_THAT(outcome.log.substr(outcome.log.size() - 100), HasSubstr("the log is cut here"));
  EXPECT_LE(outputs(outcome)["stderr"].get<std::string>().size(), (64U << 10) + 3);
}

// --- stopping ------------------------------------------------------------------------------------------------------

TEST_F(ExecExecutorTest, StopAsksTheCommandToEnd) {
  const auto sink = start_sh("trap 'echo bye; exit 0' TERM; echo ready; while :; do sleep 1000 & wait; done");
  sink->await_log("stdout", "ready");
  executor_->stop(task_.key);
  const auto outcome = sink->outcome();
  ASSERT_FALSE(outcome.result);
  EXPECT_EQ(outcome.result.error().code, ErrorCode::cancelled);
  EXPECT_THAT(outcome.log, HasSubstr("bye"));
}

TEST_F(ExecExecutorTest, StopKillsAGroupThatIgnoresItsRequest) {
  options_.stop_grace = 50ms;
  const auto sink = start_sh(
      "trap '' TERM; (trap '' TERM; echo child $(exec sh -c 'echo $PPID'); while :; do sleep 1000; done) & echo ready; "
      "wait");
  sink->await_log("stdout", "ready");
  sink->await_log("stdout", "child ");
  sink->await_log("stdout", "\n");
  const std::string printed = sink->logged("stdout");
  const pid_t child = std::stoi(printed.substr(printed.find("child ") + 6));
  ASSERT_TRUE(alive(child));
  executor_->stop(task_.key);
  EXPECT_EQ(sink->outcome().result.error().code, ErrorCode::cancelled);
  await_death(child);
  EXPECT_EQ(sink->times_done(), 1U);
}

TEST_F(ExecExecutorTest, ACommandsBackgroundProcessesEndWithIt) {
  const Json given = sh("sleep 1000 & echo $!");
  await_death(std::stoi(given["stdout"].get<std::string>()));
}

TEST_F(ExecExecutorTest, DoesNotWaitForAProcessThatLeftItsGroup) {
  const Json given = sh("setsid sh -c 'echo $$; exec sleep 1000' & sleep 0.2");
  const pid_t escaped = std::stoi(given["stdout"].get<std::string>());
  EXPECT_TRUE(alive(escaped));
  ::kill(escaped, SIGKILL);
}

TEST_F(ExecExecutorTest, StopOfAnUnknownOrEndedTaskIsIgnored) {
  open();
  executor_->stop(task_.key);
  const auto sink = start_sh("true");
  sink->outcome();
  executor_->stop(task_.key);
  EXPECT_TRUE(run_sh("true").result);
}

TEST_F(ExecExecutorTest, StopRightAfterStartCancels) {
  for (int i = 0; i < 20; ++i) {
    const auto sink = start_sh("exec sleep 1000");
    executor_->stop(task_.key);
    EXPECT_EQ(sink->outcome().result.error().code, ErrorCode::cancelled);
  }
}

TEST_F(ExecExecutorTest, ACommandsOwnTimeoutEndsIt) {
  options_.commands[0].timeout = 100ms;
  const Error error = run_sh("exec sleep 1000").result.error();
  EXPECT_EQ(error.code, ErrorCode::step_timeout);
  EXPECT_TRUE(error.retryable);
}

TEST_F(ExecExecutorTest, DestructionKillsWhatRunsAndTellsEverySink) {
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  for (ItemIndex i = 0; i < 5; ++i) {
    task_.key.item = i;
    sinks.push_back(start_sh("trap '' TERM; echo $$; while :; do sleep 1000; done"));
  }
  for (auto& sink : sinks) sink->await_log("stdout", "\n");
  executor_.reset();
  for (auto& sink : sinks) {
    ASSERT_EQ(sink->times_done(), 1U);
    EXPECT_EQ(sink->outcome().result.error().code, ErrorCode::cancelled);
    EXPECT_FALSE(alive(std::stoi(sink->logged("stdout"))));
  }
}

TEST_F(ExecExecutorTest, RunsManyCommandsAtOnce) {
  std::vector<std::shared_ptr<RecordingSink>> sinks;
  for (ItemIndex i = 0; i < 40; ++i) {
    task_.key.item = i;
    sinks.push_back(start_sh("echo " + std::to_string(i)));
  }
  for (std::size_t i = 0; i < sinks.size(); ++i)
    EXPECT_EQ(outputs(sinks[i]->outcome())["stdout"], std::to_string(i) + "\n");
}

}  // namespace
}  // namespace troupe
