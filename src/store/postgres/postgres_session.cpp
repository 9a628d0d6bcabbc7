#include "store_postgres/postgres_session.hpp"

namespace troupe::store {
namespace {

/// The combinations of filters are many; rare ones are not kept.
constexpr std::size_t kPreparedMax = 128;

/// Binds values: numbers need a place to lie in network order.
class Binder {
 public:
  explicit Binder(const std::vector<Value>& values) {
    numbers_.reserve(values.size());  // so that the views stay valid
    for (const Value& value : values) parameters_.push_back(bind(value));
  }
  const std::vector<Parameter>& parameters() const { return parameters_; }

 private:
  Parameter bind(const Value& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      append_int64(numbers_.emplace_back(), static_cast<std::uint64_t>(*number));
      return {scalar_type(FieldType::integer), numbers_.back()};
    }
    if (const auto* text = std::get_if<std::string>(&value)) return {scalar_type(FieldType::text), *text};
    if (const auto* uuid = std::get_if<Uuid>(&value))
      return {scalar_type(FieldType::uuid), {reinterpret_cast<const char*>(uuid->data()), uuid->size()}};
    return {scalar_type(FieldType::bytes), std::get<BytesValue>(value).bytes};
  }

  std::vector<std::string> numbers_;
  std::vector<Parameter> parameters_;
};

}  // namespace

Result<Done> PostgresSession::select(const std::string& sql, const std::vector<Value>& values,
                                     const std::function<bool(const RowView&)>& each) {
  const Binder binder(values);
  std::vector<Request> requests;
  const auto found = prepared_.find(sql);
  const bool prepare = found == prepared_.end() && prepared_.size() < kPreparedMax;
  const std::string name = found != prepared_.end() ? found->second : "read" + std::to_string(prepared_.size());
  if (prepare) requests.push_back({Request::Kind::prepare, name, sql, binder.parameters()});
  if (prepare || found != prepared_.end())
    requests.push_back({Request::Kind::run_prepared, name, {}, binder.parameters()});
  else
    requests.push_back({Request::Kind::run_text, {}, sql, binder.parameters()});

  Answers answers = connection_->exchange(requests);
  if (prepare && !answers.answers.empty() && answers.answers.front().ok()) prepared_.emplace(sql, name);
  if (answers.lost) return connection_->unavailable(answers.error);
  if (const Answer* failed = answers.failed()) return Error{ErrorCode::store_unavailable, failed->message(), true, {}};
  Answer& rows = answers.answers.back();
  for (int row = 0; row < rows.rows(); ++row) {
    rows.at(row);
    if (!each(rows)) return Error{ErrorCode::store_corrupt, "PostgreSQL: a row cannot be read", false, {}};
  }
  return Done{};
}

}  // namespace troupe::store
