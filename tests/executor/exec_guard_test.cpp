#include "executor/exec/exec_guard.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <linux/sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>
#include <vector>

#include "executor/exec_fixture.hpp"

namespace troupe {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using testing::ExecFixture;
using ::testing::HasSubstr;
using ::testing::KilledBySignal;

/// No regular expression: libonig has a regcomp of its own, and the sanitizer calls the regexec of the C library.
const ::testing::Matcher<const std::string&> kAnything = ::testing::_;

/// Leaves a process behind, says its id, and goes on for ever.
constexpr const char* kLeaves = "sleep 1000 & echo $!; wait";

class ExecGuardTest : public ExecFixture {
 protected:
  ~ExecGuardTest() override {
    for (const pid_t pid : victims_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }

  /// The guards of a process, by the name that ps shows.
  static std::vector<pid_t> guards_of(pid_t server) {
    std::vector<pid_t> found;
    for (const auto& entry : fs::directory_iterator("/proc")) {
      std::ifstream stat(entry.path() / "stat");
      std::string number, name, state;
      pid_t parent = 0;
      if (stat >> number >> name >> state >> parent && parent == server && name == "(exec-guard)" && state != "Z")
        found.push_back(std::stoi(number));
    }
    return found;
  }
  pid_t guard() {
    if (!executor_) open();
    const auto guards = guards_of(::getpid());
    EXPECT_EQ(guards.size(), 1U);
    return guards.at(0);
  }
  /// Another than this one.
  static pid_t await_guard_after(pid_t dead) {
    while (true) {
      const auto guards = guards_of(::getpid());
      if (guards.size() == 1 && guards[0] != dead) return guards[0];
      std::this_thread::yield();
    }
  }

  std::shared_ptr<testing::RecordingSink> start_leaving(ItemIndex item = 0) {
    task_.key.item = item;
    auto sink = start_sh(kLeaves);
    sink->await_log("stdout", "\n");
    return sink;
  }
  /// What a server that is killed tells those who look afterwards.
  void note(pid_t pid) { std::ofstream(notes(), std::ios::app) << pid << std::endl; }
  std::vector<pid_t> noted() {
    std::vector<pid_t> pids;
    std::ifstream file(notes());
    for (pid_t pid = 0; file >> pid;) pids.push_back(pid);
    return pids;
  }
  fs::path notes() const { return root_ / "notes"; }
  [[noreturn]] static void die() {
    ::kill(::getpid(), SIGKILL);
    while (true) ::pause();
  }

  /// A child of the test, or of a server in it: holds nothing, so that nobody takes the server to be there still.
  [[noreturn]] static void rest() {
    ::close_range(0, ~0U, 0);
    while (true) ::pause();
  }
  /// A process that leads a group of its own and has nothing to do with the server.
  pid_t make_victim() {
    const pid_t pid = ::fork();
    if (pid == 0) rest();
    ::setpgid(pid, pid);
    victims_.push_back(pid);
    return pid;
  }

  /// A process with this id, in a group of its own: 0, or why not.
  static int make_stranger(pid_t id) {
    clone_args args{};
    args.exit_signal = SIGCHLD;
    args.set_tid = reinterpret_cast<std::uintptr_t>(&id);
    args.set_tid_size = 1;
    long pid = -1;
    do pid = ::syscall(SYS_clone3, &args, sizeof args);
    while (pid < 0 && errno == EEXIST);
    if (pid == 0) rest();
    return pid < 0 || ::setpgid(id, id) != 0 ? errno : 0;
  }

  std::vector<pid_t> victims_;
};

using ExecGuardDeathTest = ExecGuardTest;

TEST_F(ExecGuardDeathTest, EndsWhatCommandsHaveStartedWhenTheServerIsKilled) {
  const auto serve = [&] {
    for (ItemIndex i = 0; i < 20; ++i) note(std::stoi(start_leaving(i)->logged("stdout")));
    die();
  };
  EXPECT_EXIT(serve(), KilledBySignal(SIGKILL), kAnything);
  ASSERT_EQ(noted().size(), 20U);
  for (const pid_t left : noted()) await_death(left);
}

TEST_F(ExecGuardDeathTest, LeavesAloneWhatWasTakenBack) {
  const pid_t known = make_victim(), taken_back = make_victim();
  const auto serve = [&] {
    auto guard = std::move(*ExecGuard::start());
    note(guards_of(::getpid()).at(0));
    guard->add(taken_back);
    guard->add(known);
    guard->remove(taken_back);
    die();
  };
  EXPECT_EXIT(serve(), KilledBySignal(SIGKILL), kAnything);
  await_death(noted().at(0));
  await_death(known);
  EXPECT_TRUE(alive(taken_back));
}

TEST_F(ExecGuardDeathTest, LeavesAloneAStrangerWhoHasTheIdOfACommandThatEnded) {
  const auto serve = [&] {
    const pid_t guarding = guard();
    const pid_t id = std::stoi(sh("echo $$")["stdout"].get<std::string>());
    const int failed = make_stranger(id);
    for (const int number : {guarding, id, failed}) note(number);
    die();
  };
  EXPECT_EXIT(serve(), KilledBySignal(SIGKILL), kAnything);
  const auto told = noted();
  ASSERT_EQ(told.size(), 3U);
  if (told[2] == EPERM) GTEST_SKIP() << "may not choose the id of a process here";
  ASSERT_EQ(told[2], 0);
  await_death(told[0]);
  EXPECT_TRUE(alive(told[1]));
  ::kill(told[1], SIGKILL);
}

TEST_F(ExecGuardDeathTest, AnotherTakesThePlaceOfOneThatDied) {
  const auto serve = [&] {
    const pid_t first = guard();
    const auto before = start_leaving(0);
    ::kill(first, SIGKILL);
    await_guard_after(first);
    const auto after = start_leaving(1);
    for (const auto& sink : {before, after}) note(std::stoi(sink->logged("stdout")));
    die();
  };
  EXPECT_EXIT(serve(), KilledBySignal(SIGKILL), kAnything);
  ASSERT_EQ(noted().size(), 2U);
  for (const pid_t left : noted()) await_death(left);
}

TEST_F(ExecGuardTest, EndsWithItsExecutor) {
  const pid_t guarding = guard();
  EXPECT_TRUE(run_sh("true").result);
  executor_.reset();
  EXPECT_FALSE(fs::exists("/proc/" + std::to_string(guarding))) << "not even as a zombie";
}

TEST_F(ExecGuardTest, HoldsNothingOfTheServerAndTakesNoSignalButSigkill) {
  const pid_t guarding = guard();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE}) ::kill(guarding, signal);
  EXPECT_EQ(::getsid(guarding), guarding);
  // It closes the last of them once it has said that it is there.
  const auto descriptors = [&] {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator("/proc/" + std::to_string(guarding) + "/fd"))
      names.push_back(entry.path().filename());
    return names;
  };
  while (descriptors().size() > 1) std::this_thread::yield();
  EXPECT_THAT(descriptors(), ElementsAre("0"));
  EXPECT_TRUE(alive(guarding));
  EXPECT_TRUE(run_sh("true").result);
  EXPECT_EQ(guard(), guarding) << "it is still the same";
}

TEST_F(ExecGuardTest, OneThatDoesNotReadIsEndedAndNobodyWaitsForIt) {
  std::signal(SIGPIPE, SIG_IGN);
  const auto guard = std::move(*ExecGuard::start());
  const pid_t stuck = guards_of(::getpid()).at(0);
  ::kill(stuck, SIGSTOP);
  while (alive(stuck)) guard->remove(2);
  std::signal(SIGPIPE, SIG_DFL);
}

TEST_F(ExecGuardTest, WhereItCannotBeStartedNorCanTheExecutor) {
  fs::create_directories(options_.work_dir);
  rlimit before;
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  ::close(next);
  const rlimit one_more{static_cast<rlim_t>(next) + 1, before.rlim_max};  // a pipe takes two
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &one_more), 0);
  const auto made = ExecExecutor::make(options_, *blobs_, clock_);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().code, ErrorCode::executor_failed);
  EXPECT_THAT(made.error().message, HasSubstr("cannot start the guard of the commands: Too many open files"));
}

}  // namespace
}  // namespace troupe
