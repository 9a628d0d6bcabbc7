// The configuration of an `http` step, read.
//
//   url            required
//   method         POST
//   headers        object of text (numbers and booleans are taken as text; a list gives several headers)
//   body           text is sent as it is (text/plain unless a header says otherwise), any other value as JSON;
//                  absent or null: no body
//   expect_status  2xx; a number, `4xx`, `200-204`, or a list of these
//   timeout        of the whole exchange; at most what is left until the task's deadline
//
// Redirects are followed (each hop is checked against the egress rules) unless expect_status names a 3xx.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "troupe/base/bytes.hpp"
#include "troupe/base/result.hpp"
#include "troupe/port/http_client.hpp"

namespace troupe {

/// Which statuses count as success.
class StatusSet {
 public:
  void add(int first, int last) { ranges_.push_back({first, last}); }
  bool contains(int status) const;
  /// Does it hold any of these?
  bool overlaps(int first, int last) const;
  std::string text() const;  ///< `2xx, 404`

 private:
  struct Range {
    int first, last;
  };
  std::vector<Range> ranges_;
};

struct HttpConfig {
  std::string method = "POST";
  std::string url;
  HeaderList headers;
  std::string body;
  StatusSet expect;
  std::optional<Millis> timeout;

  bool has_header(std::string_view lower_case_name) const;
  /// Without query, fragment and credentials: they may be secrets.
  std::string shown_url() const;
};

/// Fails with invalid_config, naming every fault.
Result<HttpConfig> read_http_config(const Document& config);

}  // namespace troupe
