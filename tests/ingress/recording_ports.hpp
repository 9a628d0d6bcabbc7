// What the metrics and the log were told of answers, as text.
#pragma once

#include <string>
#include <vector>

#include "support/silent_ports.hpp"

namespace troupe::ingress {

class RecordingMetrics final : public test::SilentMetrics {
 public:
  void request_answered(std::string_view route, std::string_view method, int status, Duration) override {
    answered.push_back(std::string(method) + ' ' + std::string(route) + ' ' + std::to_string(status));
  }
  std::vector<std::string> answered;
};

class RecordingLog final : public test::SilentLog {
 public:
  void write(log::Level level, std::string_view, log::Fields fields) override {
    std::string line = level == log::Level::warning ? "warning" : "other";
    for (const log::Field& field : fields)
      if (const auto* text = std::get_if<std::string_view>(&field.value.get()))
        line += ' ' + std::string(field.name) + '=' + std::string(*text);
    lines.push_back(std::move(line));
  }
  std::vector<std::string> lines;
};

}  // namespace troupe::ingress
