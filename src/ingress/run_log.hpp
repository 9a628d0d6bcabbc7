// What the steps of a run wrote, as one text: under each attempt's heading its log, in the order of steps.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ingress/exchange.hpp"

namespace troupe::ingress {

/// Above so many the text ends with a note; `?step=` narrows it. Each holds a file open while the text is sent.
inline constexpr std::size_t kLogPieces = 500;

/// `==> render, attempt 1 <==`, or `==> render, item 3, attempt 1 <==`
std::string log_heading(std::string_view step, ItemIndex item, AttemptNumber attempt);

/// Opens all pieces, one after another, and gives them as one text.
void open_log(const ExchangePtr& exchange, std::vector<LogPiece> pieces, Reply<std::shared_ptr<BlobSource>> reply);

/// Streams the pieces there are, then what is written from now on, until the run ends. `run` is not known to have
/// ended.
void follow_log(const ExchangePtr& exchange, const RunView& run, std::string step);

}  // namespace troupe::ingress
