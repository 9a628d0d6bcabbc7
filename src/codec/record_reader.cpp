#include "codec/record_reader.hpp"

#include <simdjson.h>

#include <string>

namespace troupe {

namespace od = simdjson::ondemand;

struct RecordReader::Parser {
  od::parser parser;
  std::string bytes;  ///< of the record, with the padding that simdjson reads beyond the end
};

RecordReader::RecordReader() : parser_(std::make_unique<Parser>()) {}
RecordReader::~RecordReader() = default;

namespace {

std::string_view raw_json(od::value value) {
  switch (od::json_type(value.type())) {
    case od::json_type::object: return od::object(value.get_object()).raw_json();
    case od::json_type::array: return od::array(value.get_array()).raw_json();
    default: return value.raw_json_token();
  }
}

void read_details(od::value value, RecordView& record) {
  for (auto member : value.get_object()) {
    const std::string_view name = member.unescaped_key();
    record.details.emplace_back(name, raw_json(member.value()));
  }
}

void read_record(od::document& document, RecordView& record) {
  for (auto member : document.get_object()) {
    const std::string_view name = member.unescaped_key();
    if (name == "seq")
      record.seq = member.value().get_uint64();
    else if (name == "action")
      record.action = member.value().get_string();
    else if (name == "at")
      record.at = member.value().get_string();
    else if (name == "run_id")
      record.run_id = member.value().get_string();
    else if (name == "details")
      read_details(member.value(), record);
  }
}

}  // namespace

const RecordView* RecordReader::read(std::string_view stored) {
  record_.seq = 0;
  record_.action = record_.at = record_.run_id = {};
  record_.details.clear();
  std::string& bytes = parser_->bytes;
  bytes.assign(stored);
  bytes.reserve(stored.size() + simdjson::SIMDJSON_PADDING);
  try {
    od::document document = parser_->parser.iterate(bytes.data(), bytes.size(), bytes.capacity());
    read_record(document, record_);
  } catch (const simdjson::simdjson_error&) {
    return nullptr;
  }
  return record_.seq == 0 || record_.action.empty() ? nullptr : &record_;
}

}  // namespace troupe
