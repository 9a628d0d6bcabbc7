// A rule of the whole system, held against all that happens. A checker only looks: it is told what became durable, what
// was answered, what executors were given and gave, and throws Violation where the rule is broken.
//
// To add one: a file in checkers/ with a function that makes it, and a line in checkers/all.cpp.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "domain/violation.hpp"
#include "sim/request.hpp"
#include "sim/stored_jobs.hpp"
#include "troupe/port/executor.hpp"

namespace troupe::sim {

class World;
struct Census;

class Checker {
 public:
  explicit Checker(World& world) : world_(world) {}
  virtual ~Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  virtual std::string_view name() const = 0;

  // the store
  virtual void stored(const StoredChange&) {}
  /// After all changes of a transaction.
  virtual void committed() {}
  // clients; an answer is told before the client has it
  virtual void asked(const Request&) {}
  virtual void accepted(const Request&, const Result<AcceptedJob>&) {}
  virtual void changed(const Request&, const Result<JobChange>&) {}
  virtual void shown(const Request&, const Result<JobView>&) {}
  /// Someone is told that a workflow is disabled now.
  virtual void disabled(const std::string& /*workflow*/) {}
  // executors: one each for a worker of a node
  virtual void task_begins(const Life&, std::string_view /*worker*/, const Task&) {}
  virtual void task_is_to_stop(const Life&, const TaskKey&) {}
  virtual void task_ends(const Life&, std::string_view /*worker*/, const TaskKey&, const TaskOutcome&) {}
  /// Another actor works in its place from now on; what it had is being stopped.
  virtual void worker_gone(const Life&, std::string_view /*worker*/) {}
  // nodes
  /// In order; then it is gone, too.
  virtual void node_stopped(const Life&) {}
  /// Killed, or stopped.
  virtual void node_gone(const Life&) {}
  /// Everything has ended and is quiet; the node that is left, looked into.
  virtual void at_end(const Census&) {}

 protected:
  World& world_;
};

/// Throws Violation, with what it is about.
inline void expect(bool holds, std::string_view rule, const std::string& what = {}) {
  if (!holds) throw Violation(std::string(rule) + (what.empty() ? "" : ": " + what));
}

std::vector<std::unique_ptr<Checker>> make_checkers(World& world);

}  // namespace troupe::sim
