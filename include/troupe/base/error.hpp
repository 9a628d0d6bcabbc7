// The one closed set of error codes, and the value that carries one.
//
// An expected failure is a value (`Result<T>`), never an exception. `code_text` is stable: clients, audit records and
// metrics name errors by it. docs/errors.md is checked against this list by a test.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace troupe {

// name (the text is the same word), what it means, what the user can do
#define TROUPE_ERROR_CODES(X)                                                                                       \
  /* requests */                                                                                                    \
  X(malformed_json, "The body is not well-formed JSON.", "Mend the body at the place named in detail.")             \
  X(json_too_deep, "The JSON is nested too deeply.", "Keep nesting within the limit shown by /v1/meta.")            \
  X(malformed_request, "The request is not well-formed HTTP.", "Send a well-formed HTTP/1.1 request.")              \
  X(invalid_query, "A query parameter is wrong.", "Use the parameters and values listed in /docs.")                 \
  X(invalid_cursor, "The cursor is not one this server gave out.", "Start again without a cursor.")                 \
  X(invalid_limit, "The limit is out of range.", "Use a limit from 1 to 500.")                                      \
  X(invalid_id, "The id is neither a UUID nor a valid job_id.", "Use an id that the server returned.")              \
  X(unauthenticated, "No valid credential was given.", "Send Authorization: Bearer with a valid key.")              \
  X(forbidden, "The credential does not allow this.", "Use a credential with the role this needs.")                 \
  X(not_found, "There is nothing at this address.", "Check the id and the path.")                                   \
  X(method_not_allowed, "The method does not exist here.", "Use one of the methods in the Allow header.")           \
  X(request_timeout, "The request stalled.", "Send the whole request without long pauses.")                         \
  X(payload_too_large, "The body is too large.", "Keep the body within the limit shown by /v1/meta.")               \
  X(unsupported_media_type, "The body's media type is not supported.", "Send application/json.")                    \
  X(validation_failed, "Some fields have values that are not allowed.", "Mend the fields named in errors.")         \
  X(range_not_satisfiable, "The range lies outside the content.", "Ask for a range within the size.")               \
  X(header_too_large, "The header block is too large.", "Keep the headers within 16 KiB.")                          \
  X(rate_limited, "More was asked for than the rate limit allows.", "Retry after the time in Retry-After.")         \
  X(overloaded, "The server has more work than it may queue.", "Retry after the time in Retry-After.")              \
  X(not_ready, "The server cannot take work now.", "See /readyz for the reason; retry later.")                      \
  X(not_supported, "This version does not do that yet.", "See the README for what this version does.")              \
  X(internal, "The server failed in a way it should not.", "Report the request_id; the log holds the details.")     \
  /* jobs */                                                                                                        \
  X(unknown_workflow, "There is no workflow with this key.", "Apply the workflow first, or mend the key.")          \
  X(workflow_disabled, "The workflow takes no new jobs.", "Enable the workflow, or use another.")                   \
  X(kill_switch_engaged, "An operator has stopped this kind of work.", "Ask the operator; retry later.")            \
  X(callback_url_forbidden, "The egress rules forbid this callback URL.", "Use a URL that the rules allow.")        \
  X(timeout_too_large, "The time-out is above the maximum.", "Ask for a shorter time-out.")                         \
  X(job_id_conflict, "The job_id was used for another body.", "Use a new job_id for a new job.")                    \
  X(ambiguous_job_id, "Several clients have a job with this job_id.", "Use the UUID, or name the client_id.")       \
  X(job_finished, "The job has already ended.", "Nothing is left to do; retry starts a new run.")                   \
  X(job_not_finished, "The job has not ended yet.", "Wait for its end, or cancel it first.")                        \
  X(already_reviewed, "The reviewer has decided about this image already.", "Nothing; a decision is not changed.")  \
  X(no_signal_expected, "The run cannot take a signal of this name.", "Name a signal that the workflow waits for.") \
  X(too_many_signals, "Too many signals wait for steps of the run.", "Send it again once the run has taken some.")  \
  X(idempotency_key_reused, "The Idempotency-Key was used for another request.", "Use a fresh key.")                \
  X(idempotency_key_in_flight, "The first request with this key is still at work.", "Retry a little later.")        \
  /* steps and runs */                                                                                              \
  X(step_timeout, "The step took longer than its time-out.", "Raise the step's timeout or make it faster.")         \
  X(queue_timeout, "The step waited too long for a worker.", "Raise queue_timeout, or add workers.")                \
  X(heartbeat_timeout, "The step gave no sign of life for too long.", "Look into the work; raise heartbeat.")       \
  X(run_timeout, "The run took longer than its time-out.", "Raise timeout_seconds or split the work.")              \
  X(cancelled, "The work was cancelled.", "Nothing; someone asked for it.")                                         \
  X(step_stopped, "The step that the job was for was stopped.", "Nothing; the job of that step tells why.")         \
  X(expression_failed, "An expression could not be evaluated.", "Mend the expression named in the message.")        \
  X(invalid_config, "The step's configuration is not valid.", "Mend the step's config as the message says.")        \
  X(http_failed, "The HTTP call did not get an answer.", "Check the target; the step retries by its policy.")       \
  X(http_status, "The HTTP call got a status it did not expect.", "Check the target, or set expect_status.")        \
  X(egress_forbidden, "The egress rules forbid this URL.", "Allow the address in the server's configuration.")      \
  X(command_unknown, "The command is not in the server's list.", "Add it to [exec.commands] in the config.")        \
  X(command_missing, "The command's program cannot be started.", "Check the program's path and permissions.")       \
  X(command_failed, "The command ended with a non-zero exit code.", "See the step's stderr in the run's logs.")     \
  X(disk_full, "There is no room on the disk.", "Free room in the data directory; the step can be retried.")        \
  X(output_too_large, "The step gave more than the limit.", "Write large results as assets.")                       \
  X(worker_lost, "The worker went away during the step.", "Nothing; the step is retried by its policy.")            \
  X(approval_rejected, "Too few images were approved.", "Nothing; the reviewers decided so.")                       \
  X(sub_workflow_failed, "The step's own job did not succeed.", "See the job named in the message.")                \
  X(sub_workflow_too_deep, "Workflows call each other too deeply.", "Look for a workflow that calls itself.")       \
  X(unknown_secret, "The server has no secret of this name.", "Add it to [secrets] in the server's configuration.") \
  X(compensation_incomplete, "Something that was done could not be undone.", "Undo by hand what the error lists.")  \
  X(poison, "The run was taken over too often.", "Look for what crashes the node; then retry the job.")             \
  X(in_doubt, "A step was in doubt, and someone decided that it failed.", "Retry the job, if it may be done now.")  \
  X(executor_failed, "The step's executor failed.", "See the message and the server's log.")                        \
  /* store, audit, start-up */                                                                                      \
  X(store_unavailable, "The database does not answer.", "Check the database; the server retries by itself.")        \
  X(store_newer, "The database was written by a newer version.", "Run that version, or restore a backup.")          \
  X(store_corrupt, "Stored data cannot be read.", "Run troupe audit verify; restore a backup.")                     \
  X(store_refused, "The database refused a row.", "See the message; nothing of it was written.")                    \
  X(fenced, "Another node has taken over this shard.", "Nothing; the other node carries on.")                       \
  X(conflict, "The thing has changed meanwhile.", "Read it again and repeat.")                                      \
  X(chain_broken, "The audit chain does not hold.", "The named record was changed: find out by whom.")              \
  X(invalid_configuration, "The server's configuration is not valid.", "Mend the keys named in errors.")            \
  X(wrong_usage, "The command line is not understood.", "See `troupe --help`, or --help after a command.")          \
  X(insecure_listen, "Listening off loopback needs authentication.", "Configure a key, or listen on 127.0.0.1.")    \
  X(io_failed, "A file could not be read or written.", "Check the path, its permissions and the disk.")

enum class ErrorCode : std::uint8_t {
#define TROUPE_ENUMERATOR(name, meaning, remedy) name,
  TROUPE_ERROR_CODES(TROUPE_ENUMERATOR)
#undef TROUPE_ENUMERATOR
};

/// The stable snake_case text of a code.
std::string_view code_text(ErrorCode code);
/// One sentence: what the code means. Used as the title of a problem document.
std::string_view code_meaning(ErrorCode code);
/// One sentence: what the user can do.
std::string_view code_remedy(ErrorCode code);
/// The code with this text; nothing if there is none (an older journal, another node's newer code).
std::optional<ErrorCode> code_from_text(std::string_view text);
/// Every code, in the order of the list above.
const std::vector<ErrorCode>& all_error_codes();

/// A fault at one place of a document.
struct Fault {
  std::string pointer;  ///< JSON Pointer (RFC 6901); "" is the whole document
  std::string message;  ///< what is wrong there, for a person

  bool operator==(const Fault&) const = default;
};

/// An expected failure.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;        ///< what happened here, with the names and numbers of this case
  bool retryable = false;     ///< for step failures: may another attempt succeed?
  std::vector<Fault> faults;  ///< for validation: all faults at once
  /// When to try again, as far as is known: an HTTP answer's Retry-After, a rate limit's next token.
  std::optional<std::chrono::milliseconds> retry_after = std::nullopt;

  bool operator==(const Error&) const = default;
};

}  // namespace troupe
