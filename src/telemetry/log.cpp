#include "telemetry/log.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>

#include "telemetry/log_format.hpp"

namespace troupe::log {
namespace {

constexpr std::array<std::string_view, 5> kLevelTexts = {"debug", "info", "warning", "error", "off"};

/// spdlog owns the sink: it serialises lines and survives a sink that fails. Lines arrive finished.
struct Output {
  std::shared_ptr<spdlog::logger> logger;
  bool json = false;
  bool colour = false;
};

std::shared_ptr<const Output> make_output(const Options& options) {
  auto output = std::make_shared<Output>();
  spdlog::sink_ptr sink;
  if (options.to)
    sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(*options.to, true);
  else
    sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
  const bool terminal = !options.to && isatty(STDERR_FILENO) == 1;
  output->json = options.format == Format::json || (options.format == Format::automatic && !terminal);
  output->colour = terminal && !output->json && std::getenv("NO_COLOR") == nullptr;
  output->logger = std::make_shared<spdlog::logger>("troupe", std::move(sink));
  output->logger->set_pattern("%v");
  output->logger->set_level(spdlog::level::trace);  // levels are decided by enabled()
  output->logger->set_error_handler([](const std::string&) {});  // a log that cannot be written must not stop the server
  return output;
}

std::shared_ptr<const Output>& output_slot() {
  static std::shared_ptr<const Output> output = make_output({});
  return output;
}

}  // namespace

namespace detail {

std::atomic<Level> least_level{Level::info};

void write(Level level, std::string_view message, Fields fields) {
  const auto output = std::atomic_load(&output_slot());
  const auto at = std::chrono::floor<Millis>(std::chrono::system_clock::now());
  const std::string line = output->json ? format_json(at, level, message, fields)
                                        : format_text(at, level, message, fields, output->colour);
  output->logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace detail

std::string_view level_text(Level level) { return kLevelTexts[static_cast<std::size_t>(level)]; }

std::optional<Level> level_from_text(std::string_view text) {
  for (std::size_t i = 0; i < kLevelTexts.size(); ++i)
    if (kLevelTexts[i] == text) return static_cast<Level>(i);
  return std::nullopt;
}

std::optional<Format> format_from_text(std::string_view text) {
  if (text == "auto") return Format::automatic;
  if (text == "text") return Format::text;
  if (text == "json") return Format::json;
  return std::nullopt;
}

void configure(const Options& options) {
  std::atomic_store(&output_slot(), make_output(options));
  detail::least_level.store(options.level, std::memory_order_relaxed);
}

void flush() { std::atomic_load(&output_slot())->logger->flush(); }

}  // namespace troupe::log
