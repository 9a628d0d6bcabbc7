#include "bench/http_connection.hpp"

#include <strings.h>

#include <charconv>

#include "bench/fault.hpp"

namespace troupe::bench {

void HttpConnection::send(std::string_view request) {
  input_.clear();
  socket_.send(request);
}

std::optional<Answer> HttpConnection::receive() {
  if (!socket_.receive(input_)) stop_with("the server closed a connection instead of answering");
  return parse_answer(input_);
}

std::optional<std::uint64_t> numeric_header(std::string_view head, std::string_view name) {
  for (auto line = head.find("\r\n"); line != std::string_view::npos; line = head.find("\r\n", line + 2)) {
    const auto field = head.substr(line + 2);
    if (field.size() <= name.size() || field[name.size()] != ':') continue;
    if (strncasecmp(field.data(), name.data(), name.size()) != 0) continue;
    const auto value = field.substr(field.find_first_not_of(' ', name.size() + 1));
    std::uint64_t number = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ec != std::errc()) return {};
    return number;
  }
  return {};
}

std::optional<Answer> parse_answer(std::string_view text) {
  const auto end = text.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  Answer answer;
  answer.head = text.substr(0, end + 2);
  const auto length = numeric_header(answer.head, "Content-Length");
  if (!length) stop_with("an answer without Content-Length: " + std::string(answer.head));
  answer.body = text.substr(end + 4);
  if (answer.body.size() < *length) return {};
  const auto status = text.substr(text.find(' ') + 1);
  std::from_chars(status.data(), status.data() + status.size(), answer.status);
  return answer;
}

}  // namespace troupe::bench
