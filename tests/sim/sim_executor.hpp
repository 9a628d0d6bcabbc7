// An executor that lies: it answers twice, late, never, out of order, after it was told to stop, at once, throws out of
// start(), gives too much. One each for a worker of a node, for every step type.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "sim/life.hpp"
#include "troupe/port/executor.hpp"

namespace troupe::sim {

class World;

class SimExecutor final : public Executor, public std::enable_shared_from_this<SimExecutor> {
 public:
  SimExecutor(World& world, LifePtr life, std::string worker)
      : world_(world), life_(std::move(life)), worker_(std::move(worker)) {}

  void start(Task task, std::shared_ptr<TaskSink> sink) override;
  void stop(const TaskKey& key) override;

  /// No lies from now on, and what hung goes on.
  void heal();
  /// The process is gone.
  void lose_all();
  std::size_t busy() const { return works_.size(); }

 private:
  /// What it does when told to stop.
  enum class Obedience : std::uint8_t { at_once, late, ends_anyway, never };
  struct Work {
    Task task;
    std::shared_ptr<TaskSink> sink;
    Obedience obedience = Obedience::at_once;
    bool hangs = false;
    bool twice = false;
    bool stopping = false;
  };

  TaskOutcome success(const Task& task);
  /// Of what it was given, and should tell nobody.
  static std::string indiscretion(const Task& task);
  TaskOutcome draw_outcome(const Task& task);
  void give_sign(std::uint64_t number, std::size_t left);
  void end_later(std::uint64_t number, Millis wait, TaskOutcome outcome);
  void end(std::uint64_t number, TaskOutcome outcome);

  World& world_;
  const LifePtr life_;
  const std::string worker_;
  std::map<std::uint64_t, Work> works_;
  std::uint64_t numbers_ = 0;
};

}  // namespace troupe::sim
