#include "store_postgres/sql_state.hpp"

namespace troupe::store::postgres {

FailureKind kind_of(std::string_view sql_state) {
  if (sql_state == "40001" || sql_state == "40P01" || sql_state == "55P03") return FailureKind::retry;
  if (sql_state == "53100") return FailureKind::full;
  if (sql_state == "25006") return FailureKind::read_only;
  const std::string_view sql_class = sql_state.substr(0, 2);
  if (sql_class == "21" || sql_class == "22" || sql_class == "23" || sql_class == "54") return FailureKind::refused;
  return FailureKind::unavailable;
}

CommitReply reply_of(FailureKind kind, std::string message) {
  CommitReply reply;
  switch (kind) {
    case FailureKind::full:
      reply.status = CommitStatus::full;
      reply.error = {ErrorCode::disk_full, std::move(message), false, {}};
      break;
    case FailureKind::read_only:
      reply.status = CommitStatus::read_only;
      reply.error = {ErrorCode::store_unavailable, std::move(message), true, {}};
      break;
    case FailureKind::refused:
      reply.status = CommitStatus::refused;
      reply.error = {ErrorCode::store_refused, std::move(message), false, {}};
      break;
    case FailureKind::retry:
    case FailureKind::unavailable:
      reply.status = CommitStatus::unavailable;
      reply.error = {ErrorCode::store_unavailable, std::move(message), true, {}};
      break;
  }
  return reply;
}

}  // namespace troupe::store::postgres
