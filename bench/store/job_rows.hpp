// The rows of a one-step job, about as large as a user's: what the loops of this benchmark write.
#pragma once

#include <string>

#include "troupe/base/id.hpp"
#include "troupe/port/store.hpp"

namespace troupe::bench {

/// Of the records as the audit chain writes them: one with the accepted job, two with its end.
inline constexpr std::size_t kAcceptedBytes = 560, kEndedBytes = 820;

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
