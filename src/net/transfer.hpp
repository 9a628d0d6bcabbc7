// One call of the HTTP client: its request, its redirects, what has arrived, and how curl's results become ours.
// Lives on the client's thread. Redirects are followed here rather than by libcurl, so that each hop is checked as a URL,
// the rules of its own host apply to its connection, and no header of the caller crosses to another origin.
#pragma once

#include <curl/curl.h>
#include <sys/socket.h>

#include <chrono>
#include <memory>
#include <optional>

#include "net/curl_http_client.hpp"

namespace troupe {

class Transfer {
 public:
  Transfer(HttpClient::CallId id, HttpRequest request, HttpClient::Reply reply, const HttpClientOptions& options,
           const EgressPolicy& policy);
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  HttpClient::CallId id() const { return id_; }
  const HttpClient::Reply& reply() const { return reply_; }

  /// Sets `handle` up for the next hop. Fails before anything is sent: bad URL, header or method; forbidden; out of time.
  Result<Done> prepare();
  /// The result of the call, or nothing: another hop is to be prepared.
  std::optional<Result<HttpResponse>> on_hop_done(CURLcode code);

  CURL* handle = nullptr;  ///< owned by the loop

 private:
  using SteadyTime = std::chrono::steady_clock::time_point;
  struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
  };

  Result<Done> check_request() const;
  void set_up_connection(Millis left);
  void set_up_request();
  Error failure(CURLcode code) const;
  Error timed_out() const;
  /// Nothing if the answer is no redirect to be followed; sets stopped_by_ if it leads nowhere.
  std::optional<Url> redirect_target();
  void follow(Url target);

  static std::size_t on_body(char* data, std::size_t size, std::size_t count, void* self);
  static std::size_t on_header(char* data, std::size_t size, std::size_t count, void* self);
  static curl_socket_t on_open_socket(void* self, curlsocktype purpose, curl_sockaddr* address);

  const HttpClient::CallId id_;
  HttpRequest request_;
  const HttpClient::Reply reply_;
  const HttpClientOptions& options_;
  const EgressPolicy& policy_;
  const SteadyTime deadline_;

  Url url_;
  int redirects_ = 0;
  std::unique_ptr<curl_slist, FreeList> header_list_;
  HttpResponse response_;
  std::size_t header_bytes_ = 0;
  std::optional<Error> stopped_by_;  ///< why a callback of ours ended the transfer
  std::optional<Error> forbidden_;   ///< the first address that was refused
  bool tried_an_address_ = false;    ///< some address was allowed: what fails then is the connection, not the rule
  char curl_message_[CURL_ERROR_SIZE] = {};
};

}  // namespace troupe
