// The rows of a one-step job, about as large as a user's: what the loops of this benchmark write.
#pragma once

#include <chrono>
#include <random>
#include <string>

#include "troupe/base/id.hpp"
#include "troupe/base/time.hpp"
#include "troupe/port/store.hpp"

namespace troupe::bench {

/// Numbers that look like hashes and ids: no two records have them in common, as those of the audit chain.
class Digits {
 public:
  std::string operator()(std::size_t count) {
    std::string text(count, '0');
    for (char& digit : text) digit = "0123456789abcdef"[source_() % 16];
    return text;
  }

 private:
  std::minstd_rand source_{1};
};

/// What the audit chain writes with an accepted job of one step, and with its end: as long as these, and with as much
/// in them that no other record has. The chain itself is another bench's part (actor_loop.hpp).
inline std::string accepted_records(const JobRow& job, Digits& digits) {
  const std::string id = to_string(job.id), at = format_rfc3339(job.created_at);
  return R"({"action":"job.accepted","actor":"bench","at":")" + at + R"(","client_id":")" + job.client_id +
         R"(","details":{"deadline":")" + format_rfc3339(job.created_at + std::chrono::minutes(5)) +
         R"(","inputs":{"bytes":200,"sha256":")" + digits(64) +
         R"("},"next":[{"step":"render"}],"number":1,"priority":5,"timeout_seconds":300,"workflow":")" +
         job.workflow_key + R"(","workflow_version":1},"job_id":")" + id + R"(","node":"node-1","prev_hash":")" +
         std::string(64, '0') + R"(","run_id":")" + id + "\",\"seq\":1}\n";
}

inline std::string ended_records(const JobRow& job, Digits& digits) {
  const std::string id = to_string(job.id), at = format_rfc3339(job.updated_at + Millis(4));
  const auto record = [&](const std::string& action, const std::string& details, int seq) {
    return R"({"action":")" + action + R"(","actor":"node","at":")" + at + R"(","client_id":")" + job.client_id +
           R"(","details":)" + details + R"(,"duration_ms":)" + std::to_string(seq) + R"(,"job_id":")" + id +
           R"(","node":"node-1","prev_hash":")" + digits(64) + R"(","run_id":")" + id + R"(","seq":)" +
           std::to_string(seq) + "}\n";
  };
  const std::string outputs =
      R"({"attempt":1,"outputs":{"bytes":60,"sha256":")" + digits(64) + R"("},"step":"render","worker":"instant"})";
  return record("step.completed", outputs, 2) + record("run.completed", "{}", 3);
}

inline JobRow make_job(const JobId& id, std::size_t number) {
  JobRow job;
  job.id = id;
  job.client_id = "client-" + std::to_string(number % 10);
  job.workflow_key = "product-poster";
  job.workflow_version = job.run_workflow_version = 1;
  job.created_at = job.updated_at = id.created_at();
  job.spec = Document(std::string(200, 's'));
  job.status = Status::running;
  job.last_seq = 1;
  job.run = id.as<RunId>();
  job.state = std::string(100, 'a');
  return job;
}

inline JobUpdate make_end(const JobRow& job) {
  JobUpdate end;
  end.id = job.id;
  end.expected_seq = 1;
  end.status = Status::success;
  end.last_seq = 3;
  end.run = job.run;
  end.state = std::string(120, 'e');
  end.run_workflow_version = 1;
  end.updated_at = job.updated_at;
  end.outputs = Document(std::string(60, 'o'));
  return end;
}

}  // namespace troupe::bench
