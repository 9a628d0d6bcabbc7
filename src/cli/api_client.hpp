// The server's API as the commands use it: JSON in, JSON or a problem out.
#pragma once

#include <string>
#include <string_view>

#include "cli/exit_code.hpp"
#include "codec/json.hpp"
#include "net/blocking_client.hpp"

namespace troupe::cli {

/// What came of a request.
struct ApiAnswer {
  int status = 0;     ///< 0: there was none
  Json body;          ///< the result, or a problem document; null if it is no JSON
  std::string text;   ///< the body as it came
  Error unreachable;  ///< where status is 0

  bool ok() const { return status >= 200 && status < 300; }
  int exit_code() const;
};

class ApiClient {
 public:
  /// `server` is http(s)://HOST[:PORT][/PREFIX]; `token` may be empty.
  ApiClient(std::string server, std::string token);

  const std::string& server() const { return server_; }

  ApiAnswer get(const std::string& target, HeaderList headers = {});
  /// What takes as long as there is data: hours for a large store.
  ApiAnswer get_patiently(const std::string& target);
  ApiAnswer post(const std::string& target, const Json& body, HeaderList headers = {});
  ApiAnswer put(const std::string& target, const Json& body);
  ApiAnswer remove(const std::string& target);
  ApiAnswer post_text(const std::string& target, std::string body, std::string_view media_type);
  /// Hands the body out as it arrives; `silence` is how long the server may send nothing.
  ApiAnswer stream(const std::string& target, HeaderList headers, Millis silence,
                   const BlockingHttpClient::TakePiece& take);

 private:
  HttpRequest request(std::string method, const std::string& target, HeaderList headers) const;
  static ApiAnswer read(Result<HttpResponse> response);

  std::string server_;
  std::string token_;
  BlockingHttpClient http_;
};

}  // namespace troupe::cli
