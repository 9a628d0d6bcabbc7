#include "ingress/openapi_schemas.hpp"

#include <string_view>

namespace troupe::ingress {
namespace {

// What clients send.
constexpr std::string_view kRequests = R"json(
"JobRequest": {
  "type": "object", "required": ["workflow_key"], "additionalProperties": false,
  "properties": {
    "job_id": {"type": ["string", "null"], "pattern": "^[A-Za-z0-9._:-]{1,128}$",
      "description": "Your own id, unique per client and not in the form of a UUID. The same id with the same body gets the first answer again."},
    "client_id": {"type": ["string", "null"], "maxLength": 128, "description": "Taken from the credential where it has one; `default` otherwise."},
    "workflow_key": {"type": "string", "maxLength": 64},
    "workflow_version": {"type": ["integer", "null"], "minimum": 1, "description": "The newest if absent."},
    "inputs": {"type": ["object", "null"], "description": "Checked against the workflow's own schema."},
    "callback_url": {"type": ["string", "null"], "description": "Not supported by this version: refused with `not_supported`."},
    "priority": {"type": ["integer", "null"], "minimum": 1, "maximum": 10, "default": 5, "description": "10 is most urgent."},
    "timeout_seconds": {"type": ["number", "null"], "exclusiveMinimum": 0, "description": "The workflow's own time-out if absent (300 unless it says otherwise)."},
    "metadata": {"type": ["object", "null"], "description": "Up to 16 KiB of anything.",
      "properties": {"user_id": {"type": ["string", "null"], "maxLength": 128, "description": "Can be searched for."}}}},
  "examples": [{"job_id": "poster-4711", "workflow_key": "product-poster", "inputs": {"prompt": "a red bicycle", "count": 4},
    "priority": 7, "timeout_seconds": 900, "metadata": {"user_id": "ada"}}]},
"JobBatch": {
  "type": "object", "required": ["jobs"], "additionalProperties": false,
  "properties": {"jobs": {"type": "array", "maxItems": 10000, "items": {"$ref": "#/components/schemas/JobRequest"}}},
  "examples": [{"jobs": [{"job_id": "poster-4711", "workflow_key": "product-poster", "inputs": {"prompt": "a red bicycle"}},
    {"job_id": "poster-4712", "workflow_key": "product-poster", "inputs": {"prompt": "a blue one"}}]}]},
"CancelRequest": {
  "type": "object", "additionalProperties": false,
  "properties": {"reason": {"type": ["string", "null"], "maxLength": 1000}},
  "examples": [{"reason": "ordered by mistake"}]},
"RetryRequest": {
  "type": "object", "additionalProperties": false,
  "properties": {
    "from_step": {"type": ["string", "null"], "maxLength": 64, "description": "This step and all that need it are run again; results of the others are reused."},
    "inputs": {"type": ["object", "null"], "description": "Other inputs than before; not with from_step where a step that is reused has `compensate`."},
    "workflow_version": {"type": ["integer", "null"], "minimum": 1, "description": "The newest if absent."}},
  "examples": [{"from_step": "render"}]},
"TriggerRequest": {
  "type": "object", "required": ["workflow_id"], "additionalProperties": false,
  "properties": {"workflow_id": {"type": "string", "description": "The workflow's key."}, "payload": {"type": ["object", "null"]}},
  "examples": [{"workflow_id": "product-poster", "payload": {"prompt": "a red bicycle"}}]},
"WorkflowDefinition": {
  "type": "object", "required": ["steps"], "description": "Unknown fields are refused. See the documentation of workflows.",
  "properties": {
    "key": {"type": "string", "description": "1 to 64 of a-z 0-9 . _ -"}, "id": {"type": "string", "description": "Another name of `key`."},
    "name": {"type": "string"}, "description": {"type": "string"},
    "inputs": {"type": "object", "description": "JSON Schema of a job's inputs."},
    "timeout": {"$ref": "#/components/schemas/Duration"}, "retention": {"$ref": "#/components/schemas/Duration"},
    "concurrency": {"type": "object", "required": ["limit"], "additionalProperties": false, "description": "At most `limit` runs with the same key are under way at once.",
      "properties": {"limit": {"type": "integer", "minimum": 1, "maximum": 1000000}, "key": {"type": "string", "description": "May hold expressions over `.inputs`, `.metadata`, `.client_id` and `.job_id`. One key for all runs if absent."}}},
    "rate_limit": {"$ref": "#/components/schemas/RateLimit"}, "defaults": {"type": "object"},
    "steps": {"type": "array", "minItems": 1, "maxItems": 256, "items": {"$ref": "#/components/schemas/StepDefinition"}},
    "outputs": {"description": "Any JSON, with expressions in `${ }`."}},
  "examples": [{"key": "greet", "name": "Greet", "inputs": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}},
    "steps": [{"name": "words", "type": "transform", "config": {"value": "Hello ${ .inputs.name }"}}], "outputs": {"greeting": "${ .steps.words.value }"}}]},
"StepDefinition": {
  "type": "object", "required": ["name", "type"],
  "properties": {
    "name": {"type": "string"}, "type": {"type": "string", "enum": ["noop", "delay", "http", "webhook", "exec", "transform", "generate", "signal", "approval", "workflow"]},
    "config": {"type": "object"}, "needs": {"type": "array", "items": {"type": "string"}},
    "when": {"type": "string"}, "for_each": {"type": "string"}, "retry": {"type": "object"},
    "timeout": {"$ref": "#/components/schemas/Duration"}, "heartbeat": {"$ref": "#/components/schemas/Duration"},
    "queue_timeout": {"$ref": "#/components/schemas/Duration"}, "total_timeout": {"$ref": "#/components/schemas/Duration"},
    "max_parallel": {"type": "integer", "minimum": 1, "maximum": 64}, "on_item_failure": {"type": "string", "enum": ["fail_fast", "collect"]},
    "idempotent": {"type": "boolean"}, "pool": {"type": "string"}, "requires": {"type": "object"}, "affinity": {"type": "string"},
    "compensate": {"type": "object"}}},
"RateLimit": {
  "type": "object", "required": ["limit", "per"], "additionalProperties": false, "description": "How many jobs are let in; beyond that, 429.",
  "properties": {
    "limit": {"type": "integer", "minimum": 1, "maximum": 1000000, "description": "Jobs within `per`."}, "per": {"$ref": "#/components/schemas/Duration"},
    "burst": {"type": "integer", "minimum": 1, "maximum": 1000000, "description": "Jobs at once, after a pause; `limit` if absent."},
    "key": {"type": "string", "description": "An expression over `inputs`, `metadata` and `client_id`: each of its values has a limit of its own."}},
  "examples": [{"limit": 100, "per": "1m", "key": "${ .client_id }"}]},
"KillSwitchRequest": {
  "type": "object", "required": ["scope", "mode", "reason"], "additionalProperties": false,
  "properties": {
    "scope": {"$ref": "#/components/schemas/SwitchScope"},
    "target": {"type": ["string", "null"], "maxLength": 128, "description": "Which workflow (its key), client, pool or node; none with `global`. All but clients must be there: the only pool is `default`, the only node this one."},
    "mode": {"$ref": "#/components/schemas/SwitchMode"},
    "reason": {"type": "string", "minLength": 1, "maxLength": 1000, "description": "Told to whoever is refused or stopped."}},
  "examples": [{"scope": "workflow", "target": "product-poster", "mode": "pause", "reason": "the renderer makes nonsense since 9:00"}]},
"SwitchScope": {"type": "string", "enum": ["global", "workflow", "client", "pool", "node"]},
"SwitchMode": {"type": "string", "enum": ["drain", "pause", "kill"],
  "description": "`drain`: nothing new is accepted. `pause`: nor is anything new started. `kill`: running work is stopped too."},
"Duration": {"type": ["string", "number"], "description": "Seconds, or text such as `250ms`, `30s`, `1h30m`, `7d`.", "examples": ["30s"]},
)json";

// What tells of jobs.
constexpr std::string_view kJobs = R"json(
"Status": {"type": "string", "enum": ["pending", "running", "success", "failed", "cancelled"]},
"WaitingFor": {"type": ["string", "null"], "enum": ["timer", "approval", "signal", "callback", "worker", "kill_switch", "concurrency", null],
  "description": "Why it is not moving."},
"OptionalTime": {"type": ["string", "null"], "format": "date-time"},
"EstimatedCompletion": {"type": ["string", "null"], "format": "date-time",
  "description": "By what was observed; as it stands now. The run's deadline where people or unknown delays are waited for; null while work is undone or held by a kill switch; absent once the run has ended."},
"QueuePlace": {
  "type": "object", "required": ["position", "estimated_start"], "description": "While a step waits for a worker, and no kill switch holds it. Both are estimates.",
  "properties": {"position": {"type": "integer", "minimum": 1, "description": "1 is the next one."}, "estimated_start": {"type": "string", "format": "date-time"}},
  "examples": [{"position": 3, "estimated_start": "2026-11-21T01:02:09.000Z"}]},
"Failure": {
  "type": "object", "required": ["code", "message"],
  "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "retryable": {"type": "boolean"}, "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}},
  "examples": [{"code": "step_timeout", "message": "render took longer than 300 s", "retryable": true}]},
"OptionalFailure": {"anyOf": [{"$ref": "#/components/schemas/Failure"}, {"type": "null"}]},
"JobLinks": {
  "type": "object", "required": ["self", "events", "cancel"],
  "properties": {"self": {"type": "string"}, "events": {"type": "string"}, "cancel": {"type": "string"}}},
"AcceptedJob": {
  "type": "object", "required": ["job_id", "id", "execution_id", "status", "message", "accepted_at", "estimated_completion", "links"],
  "properties": {
    "job_id": {"type": "string", "description": "What the client chose, else the UUID."}, "id": {"type": "string", "format": "uuid"},
    "execution_id": {"type": "string", "format": "uuid", "description": "The run."}, "status": {"$ref": "#/components/schemas/Status"},
    "message": {"type": "string"}, "accepted_at": {"type": "string", "format": "date-time"},
    "estimated_completion": {"$ref": "#/components/schemas/OptionalTime"}, "links": {"$ref": "#/components/schemas/JobLinks"}},
  "examples": [{"job_id": "poster-4711", "id": "019aa3f2-5c1b-7000-8a2f-3b1f64aa9001", "execution_id": "019aa3f2-5c1b-7000-8a2f-3b1f64aa9001",
    "status": "pending", "message": "The job is accepted and stored.", "accepted_at": "2026-11-21T01:02:03.456Z",
    "estimated_completion": "2026-11-21T01:03:03.456Z", "links": {"self": "/v1/jobs/019aa3f2-5c1b-7000-8a2f-3b1f64aa9001",
    "events": "/v1/jobs/019aa3f2-5c1b-7000-8a2f-3b1f64aa9001/events", "cancel": "/v1/jobs/019aa3f2-5c1b-7000-8a2f-3b1f64aa9001/cancel"}}]},
"JobBatchAnswer": {
  "type": "object", "required": ["accepted", "repeated", "refused", "items"],
  "properties": {
    "accepted": {"type": "integer"}, "repeated": {"type": "integer", "description": "Known by their job_id."}, "refused": {"type": "integer"},
    "items": {"type": "array", "description": "One for each job, in order.", "items": {
      "type": "object", "required": ["status"], "properties": {
        "status": {"type": "integer", "description": "202, 200 for a job_id that was known, or the status of the problem."},
        "job": {"$ref": "#/components/schemas/AcceptedJob"}, "error": {"$ref": "#/components/schemas/Problem"}}}}}},
"AcceptedJobOrJob": {"anyOf": [{"$ref": "#/components/schemas/AcceptedJob"}, {"$ref": "#/components/schemas/Job"}]},
"JobChange": {
  "type": "object", "required": ["job_id", "id", "execution_id", "status", "message", "links"],
  "properties": {
    "job_id": {"type": "string"}, "id": {"type": "string", "format": "uuid"}, "execution_id": {"type": "string", "format": "uuid"},
    "status": {"$ref": "#/components/schemas/Status"}, "message": {"type": "string"}, "links": {"$ref": "#/components/schemas/JobLinks"}}},
"Triggered": {
  "type": "object", "required": ["run_id", "job_id", "status"],
  "properties": {"run_id": {"type": "string", "format": "uuid"}, "job_id": {"type": "string"}, "status": {"type": "string", "enum": ["triggered"]}},
  "examples": [{"run_id": "019aa3f2-5c1b-7000-8a2f-3b1f64aa9001", "job_id": "019aa3f2-5c1b-7000-8a2f-3b1f64aa9001", "status": "triggered"}]},
"JobStatus": {
  "type": "object", "required": ["job_id", "status", "progress", "message", "waiting_for", "updated_at"],
  "properties": {
    "job_id": {"type": "string"}, "status": {"$ref": "#/components/schemas/Status"},
    "progress": {"type": "number", "minimum": 0, "maximum": 1}, "message": {"type": "string"},
    "waiting_for": {"$ref": "#/components/schemas/WaitingFor"}, "updated_at": {"$ref": "#/components/schemas/OptionalTime"},
    "estimated_completion": {"$ref": "#/components/schemas/EstimatedCompletion"}, "queue": {"$ref": "#/components/schemas/QueuePlace"}},
  "examples": [{"job_id": "poster-4711", "status": "running", "progress": 0.5, "message": "render", "waiting_for": null, "updated_at": "2026-11-21T01:02:04.000Z"}]},
"JobSummary": {
  "type": "object", "required": ["id", "job_id", "client_id", "workflow_key", "workflow_version", "status", "created_at", "links"],
  "properties": {
    "id": {"type": "string", "format": "uuid"}, "job_id": {"type": "string", "description": "What the client chose, else the UUID."},
    "client_id": {"type": "string"}, "workflow_key": {"type": "string"}, "workflow_version": {"type": "integer"},
    "status": {"$ref": "#/components/schemas/Status"}, "waiting_for": {"$ref": "#/components/schemas/WaitingFor"},
    "progress": {"type": "number", "minimum": 0, "maximum": 1}, "message": {"type": "string"}, "priority": {"type": "integer"},
    "user_id": {"type": ["string", "null"]}, "execution_id": {"type": "string", "format": "uuid", "description": "The newest run."},
    "created_at": {"type": "string", "format": "date-time"}, "started_at": {"$ref": "#/components/schemas/OptionalTime"},
    "completed_at": {"$ref": "#/components/schemas/OptionalTime"}, "updated_at": {"$ref": "#/components/schemas/OptionalTime"},
    "error": {"$ref": "#/components/schemas/OptionalFailure"}, "links": {"$ref": "#/components/schemas/JobLinks"}}},
"JobPage": {
  "type": "object", "required": ["items", "next_cursor"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/JobSummary"}}, "next_cursor": {"type": ["string", "null"]}}},
"Job": {
  "type": "object", "description": "Inputs, steps, outputs, error and assets are those of the newest run; `runs` has all, oldest first.",
  "required": ["id", "job_id", "client_id", "workflow_key", "workflow_version", "status", "inputs", "outputs", "error", "runs", "steps", "assets", "timings", "links"],
  "properties": {
    "id": {"type": "string", "format": "uuid"}, "job_id": {"type": "string"}, "client_id": {"type": "string"}, "workflow_key": {"type": "string"},
    "workflow_version": {"type": "integer"}, "status": {"$ref": "#/components/schemas/Status"}, "waiting_for": {"$ref": "#/components/schemas/WaitingFor"},
    "progress": {"type": "number", "minimum": 0, "maximum": 1}, "message": {"type": "string"}, "priority": {"type": "integer"},
    "user_id": {"type": ["string", "null"]}, "execution_id": {"type": "string", "format": "uuid"},
    "created_at": {"type": "string", "format": "date-time"}, "started_at": {"$ref": "#/components/schemas/OptionalTime"},
    "completed_at": {"$ref": "#/components/schemas/OptionalTime"}, "updated_at": {"$ref": "#/components/schemas/OptionalTime"},
    "inputs": {"type": ["object", "null"], "description": "Those of the newest run."}, "metadata": {"type": ["object", "null"]}, "callback_url": {"type": ["string", "null"]},
    "timeout_seconds": {"type": ["number", "null"]}, "outputs": {"description": "Any JSON; null until the run has succeeded."},
    "parent": {"type": ["object", "null"], "description": "The step of another job that this job does the work of.", "required": ["job_id", "run_id", "step"],
      "properties": {"job_id": {"type": "string", "format": "uuid"}, "run_id": {"type": "string", "format": "uuid"}, "step": {"type": "string"}}},
    "error": {"$ref": "#/components/schemas/OptionalFailure"},
    "estimated_completion": {"$ref": "#/components/schemas/EstimatedCompletion"}, "queue": {"$ref": "#/components/schemas/QueuePlace"},
    "timings": {"type": "object", "properties": {"queued_seconds": {"type": ["number", "null"]}, "running_seconds": {"type": ["number", "null"]}, "total_seconds": {"type": ["number", "null"]}}},
    "steps": {"type": "array", "items": {"$ref": "#/components/schemas/Step"}}, "assets": {"type": "array", "items": {"$ref": "#/components/schemas/Asset"}},
    "runs": {"type": "array", "items": {"$ref": "#/components/schemas/Run"}}, "links": {"$ref": "#/components/schemas/JobLinks"}}},
)json";

// What tells of runs and what they made.
constexpr std::string_view kRuns = R"json(
"Attempt": {
  "type": "object", "required": ["item", "attempt", "status"],
  "properties": {
    "item": {"type": "integer"}, "attempt": {"type": "integer", "minimum": 1}, "compensation": {"type": "boolean", "description": "It undid the step."},
    "status": {"$ref": "#/components/schemas/StepStatus"}, "worker": {"type": ["string", "null"]},
    "started_at": {"$ref": "#/components/schemas/OptionalTime"}, "completed_at": {"$ref": "#/components/schemas/OptionalTime"},
    "error": {"$ref": "#/components/schemas/OptionalFailure"}, "log_bytes": {"type": "integer"}}},
"StepStatus": {"type": "string", "enum": ["pending", "running", "success", "failed", "cancelled", "skipped"]},
"Step": {
  "type": "object", "required": ["name", "type", "status", "attempts"],
  "properties": {
    "name": {"type": "string"}, "type": {"type": "string"}, "status": {"$ref": "#/components/schemas/StepStatus"},
    "waiting_for": {"$ref": "#/components/schemas/WaitingFor"}, "progress": {"type": "number", "minimum": 0, "maximum": 1}, "message": {"type": "string"},
    "for_each": {"type": "boolean"}, "items": {"type": "integer"}, "items_done": {"type": "integer"},
    "items_failed": {"type": "integer", "description": "With `on_item_failure: collect`."},
    "started_at": {"$ref": "#/components/schemas/OptionalTime"}, "completed_at": {"$ref": "#/components/schemas/OptionalTime"},
    "outputs": {"description": "What `.steps.NAME` gives; null while there is nothing."}, "error": {"$ref": "#/components/schemas/OptionalFailure"},
    "compensation": {"type": ["string", "null"], "enum": ["running", "success", "failed", null], "description": "How its undoing stands; null while there is none."},
    "reused_from": {"type": ["string", "null"], "description": "The run whose results these are."},
    "attempts": {"type": "array", "items": {"$ref": "#/components/schemas/Attempt"}},
    "in_doubt": {"type": "array", "description": "Attempts that wait for a person to decide whether they were done.", "items": {"$ref": "#/components/schemas/Doubt"}}}},
"Doubt": {
  "type": "object", "required": ["item", "attempt", "compensation", "since"],
  "properties": {
    "item": {"type": "integer"}, "attempt": {"type": "integer", "minimum": 1}, "compensation": {"type": "boolean", "description": "It was undoing the step."},
    "since": {"$ref": "#/components/schemas/OptionalTime"}}},
"RunLinks": {
  "type": "object", "required": ["self", "job", "logs"],
  "properties": {"self": {"type": "string"}, "job": {"type": "string"}, "logs": {"type": "string"}}},
"RunSummary": {
  "type": "object", "required": ["id", "job_id", "client_id", "workflow_key", "workflow_version", "number", "status", "links"],
  "properties": {
    "id": {"type": "string", "format": "uuid"}, "job_id": {"type": "string"}, "client_id": {"type": "string"}, "workflow_key": {"type": "string"},
    "workflow_version": {"type": "integer"}, "number": {"type": "integer", "minimum": 1, "description": "1 for the job's first run."},
    "status": {"$ref": "#/components/schemas/Status"}, "waiting_for": {"$ref": "#/components/schemas/WaitingFor"},
    "progress": {"type": "number", "minimum": 0, "maximum": 1}, "message": {"type": "string"},
    "recoveries": {"type": "integer", "description": "How often another node took it over."},
    "created_at": {"$ref": "#/components/schemas/OptionalTime"}, "started_at": {"$ref": "#/components/schemas/OptionalTime"},
    "completed_at": {"$ref": "#/components/schemas/OptionalTime"}, "updated_at": {"$ref": "#/components/schemas/OptionalTime"},
    "error": {"$ref": "#/components/schemas/OptionalFailure"}, "links": {"$ref": "#/components/schemas/RunLinks"}}},
"RunPage": {
  "type": "object", "required": ["items", "next_cursor"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/RunSummary"}}, "next_cursor": {"type": ["string", "null"]}}},
"Run": {
  "type": "object", "required": ["id", "job_id", "number", "status", "steps", "images", "assets", "links"],
  "properties": {
    "id": {"type": "string", "format": "uuid"}, "job_id": {"type": "string"}, "client_id": {"type": "string"}, "workflow_key": {"type": "string"},
    "workflow_version": {"type": "integer"}, "number": {"type": "integer", "minimum": 1}, "status": {"$ref": "#/components/schemas/Status"},
    "waiting_for": {"$ref": "#/components/schemas/WaitingFor"}, "progress": {"type": "number", "minimum": 0, "maximum": 1}, "message": {"type": "string"},
    "recoveries": {"type": "integer"}, "created_at": {"$ref": "#/components/schemas/OptionalTime"}, "started_at": {"$ref": "#/components/schemas/OptionalTime"},
    "completed_at": {"$ref": "#/components/schemas/OptionalTime"}, "updated_at": {"$ref": "#/components/schemas/OptionalTime"},
    "error": {"$ref": "#/components/schemas/OptionalFailure"},
    "retry_of": {"type": ["string", "null"], "description": "The run before it; null of a job's first run, and so are the next two."},
    "from_step": {"type": ["string", "null"], "description": "Which step it began from, if not with all."},
    "requested_by": {"type": ["string", "null"], "description": "Who asked for the retry, as in the audit trail."},
    "inputs": {"type": ["object", "null"], "description": "What it runs with: a retry may have been given others than the job."},
    "outputs": {"description": "Any JSON; null until it has succeeded."},
    "steps": {"type": "array", "items": {"$ref": "#/components/schemas/Step"}},
    "images": {"type": "array", "description": "Those of its assets that are images.", "items": {"$ref": "#/components/schemas/Asset"}},
    "assets": {"type": "array", "items": {"$ref": "#/components/schemas/Asset"}}, "links": {"$ref": "#/components/schemas/RunLinks"},
    "reviews": {"type": "array", "items": {"$ref": "#/components/schemas/Review"}}}},
"Review": {
  "type": "object", "required": ["image_id", "reviewer", "decision", "notes", "decided_at"],
  "properties": {
    "image_id": {"type": "string", "format": "uuid"}, "reviewer": {"type": "string"}, "decision": {"type": "string", "enum": ["approved", "rejected"]},
    "notes": {"type": "string"}, "decided_at": {"type": "string", "format": "date-time"}}},
"Reviews": {
  "type": "object", "required": ["run_id", "job_id", "status", "reviews"],
  "properties": {
    "run_id": {"type": "string", "format": "uuid"}, "job_id": {"type": "string"}, "status": {"$ref": "#/components/schemas/Status"},
    "reviews": {"type": "array", "description": "Those of this request.", "items": {"$ref": "#/components/schemas/Review"}}}},
"SignalRequest": {
  "type": "object", "additionalProperties": false, "properties": {"payload": {"description": "Any JSON."}}, "examples": [{"payload": {"paid": true}}]},
"ResolveRequest": {
  "type": "object", "required": ["decision"], "additionalProperties": false,
  "properties": {
    "decision": {"type": "string", "enum": ["done", "repeat", "failed"]},
    "item": {"type": ["integer", "null"], "minimum": 0, "maximum": 9999, "description": "Which item of a `for_each`; needed where several are in doubt."},
    "output": {"description": "With `done`: any JSON, which stands for what the step gave."},
    "comment": {"type": ["string", "null"], "maxLength": 2000, "description": "Why; kept in the audit trail."}},
  "examples": [{"decision": "done", "output": {"status": 200}, "comment": "the bank has booked it"}, {"decision": "repeat", "item": 3}]},
"DecisionRequest": {
  "type": "object", "required": ["reviewer"], "additionalProperties": false,
  "properties": {"reviewer": {"type": "string", "minLength": 1, "maxLength": 128}, "notes": {"type": "string", "maxLength": 2000}},
  "examples": [{"reviewer": "ada", "notes": "the light is right"}]},
"ReviewRequest": {
  "type": "object", "required": ["reviewer"], "additionalProperties": false,
  "properties": {
    "reviewer": {"type": "string", "minLength": 1, "maxLength": 128}, "notes": {"type": "string", "maxLength": 2000},
    "approve": {"type": "array", "maxItems": 1000, "items": {"type": "string", "format": "uuid"}},
    "reject": {"type": "array", "maxItems": 1000, "items": {"type": "string", "format": "uuid"}}},
  "examples": [{"reviewer": "ada", "approve": ["019aa3f2-6000-7000-8a2f-3b1f64aa9001"], "reject": []}]},
"Asset": {
  "type": "object", "required": ["id", "run_id", "step", "ordinal", "uri", "url", "media_type", "bytes", "sha256", "width", "height", "status", "notes", "created_at"],
  "properties": {
    "id": {"type": "string", "format": "uuid"}, "run_id": {"type": "string", "format": "uuid"}, "step": {"type": "string"}, "item": {"type": "integer"},
    "ordinal": {"type": "integer"}, "name": {"type": "string"}, "uri": {"type": "string"}, "url": {"type": "string", "description": "Its bytes."},
    "media_type": {"type": "string"}, "bytes": {"type": "integer"}, "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "width": {"type": ["integer", "null"]}, "height": {"type": ["integer", "null"]},
    "status": {"type": "string", "enum": ["pending", "approved", "rejected"]}, "notes": {"type": ["string", "null"]},
    "created_at": {"$ref": "#/components/schemas/OptionalTime"}},
  "examples": [{"id": "019aa3f2-6000-7000-8a2f-3b1f64aa9001", "run_id": "019aa3f2-5c1b-7000-8a2f-3b1f64aa9001", "step": "render", "item": 0, "ordinal": 0,
    "name": "poster-0.png", "uri": "/v1/assets/019aa3f2-6000-7000-8a2f-3b1f64aa9001/content", "url": "/v1/assets/019aa3f2-6000-7000-8a2f-3b1f64aa9001/content",
    "media_type": "image/png", "bytes": 20480, "sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "width": 512, "height": 512,
    "status": "pending", "notes": null, "created_at": "2026-11-21T01:02:05.000Z"}]},
)json";

// What tells of schedules.
constexpr std::string_view kSchedules = R"json(
"MissedRuns": {"type": "string", "enum": ["skip", "once", "all"], "description": "What becomes of times that passed while the server was down: nothing; one job for the last of them; one job for each (the last 100)."},
"ScheduleRequest": {
  "type": "object", "required": ["workflow_key", "cron"], "additionalProperties": false,
  "properties": {
    "id": {"type": ["string", "null"], "pattern": "^[A-Za-z0-9._:-]{1,128}$", "description": "Your own id, unique on the server; made if absent."},
    "client_id": {"type": ["string", "null"], "maxLength": 128, "description": "Whose jobs they are. Taken from the credential where it has one; `default` otherwise."},
    "workflow_key": {"type": "string", "maxLength": 64},
    "workflow_version": {"type": ["integer", "null"], "minimum": 1, "description": "The newest at each time if absent."},
    "cron": {"type": "string", "maxLength": 256, "description": "Five fields: minute hour day-of-month month day-of-week; or @hourly, @daily, @weekly, @monthly, @yearly."},
    "time_zone": {"type": ["string", "null"], "default": "UTC", "description": "A name of the IANA database."},
    "missed_run_policy": {"anyOf": [{"$ref": "#/components/schemas/MissedRuns"}, {"type": "null"}], "default": "skip"},
    "enabled": {"type": ["boolean", "null"], "description": "As it is if absent; a new schedule is enabled."},
    "inputs": {"type": ["object", "null"]}, "callback_url": {"type": ["string", "null"], "description": "Not supported by this version: refused with `not_supported`."},
    "priority": {"type": ["integer", "null"], "minimum": 1, "maximum": 10, "default": 5},
    "timeout_seconds": {"type": ["number", "null"], "exclusiveMinimum": 0},
    "metadata": {"type": ["object", "null"], "description": "Up to 15 KiB of anything; each job's has `schedule_id` and `scheduled_at` too."}},
  "examples": [{"workflow_key": "product-poster", "cron": "30 7 * * MON-FRI", "time_zone": "Europe/Berlin", "missed_run_policy": "once",
    "inputs": {"prompt": "the poster of the day"}}]},
"ScheduleFault": {
  "type": "object", "required": ["code", "message", "at"],
  "properties": {"code": {"type": "string"}, "message": {"type": "string"}, "at": {"$ref": "#/components/schemas/OptionalTime"}}},
"ScheduleLinks": {
  "type": "object", "required": ["self", "trigger"], "properties": {"self": {"type": "string"}, "trigger": {"type": "string"}}},
"ScheduleSummary": {
  "type": "object", "required": ["id", "client_id", "workflow_key", "workflow_version", "cron", "time_zone", "missed_run_policy", "enabled", "next_at", "last_at", "last_job_id", "last_error", "created_at", "created_by", "updated_at", "links"],
  "properties": {
    "id": {"type": "string"}, "client_id": {"type": "string"}, "workflow_key": {"type": "string"}, "workflow_version": {"type": ["integer", "null"]},
    "cron": {"type": "string"}, "time_zone": {"type": "string"}, "missed_run_policy": {"$ref": "#/components/schemas/MissedRuns"}, "enabled": {"type": "boolean"},
    "next_at": {"$ref": "#/components/schemas/OptionalTime"}, "last_at": {"$ref": "#/components/schemas/OptionalTime"},
    "last_job_id": {"type": ["string", "null"], "format": "uuid"}, "last_error": {"anyOf": [{"$ref": "#/components/schemas/ScheduleFault"}, {"type": "null"}]},
    "created_at": {"$ref": "#/components/schemas/OptionalTime"}, "created_by": {"type": "string"}, "updated_at": {"$ref": "#/components/schemas/OptionalTime"},
    "links": {"$ref": "#/components/schemas/ScheduleLinks"}}},
"Schedule": {
  "type": "object", "required": ["id", "client_id", "workflow_key", "workflow_version", "cron", "time_zone", "missed_run_policy", "enabled", "next_at", "next_times", "last_at", "last_job_id", "last_error", "inputs", "priority", "timeout_seconds", "metadata", "created_at", "created_by", "updated_at", "links"],
  "properties": {
    "id": {"type": "string"}, "client_id": {"type": "string"}, "workflow_key": {"type": "string"}, "workflow_version": {"type": ["integer", "null"], "description": "null: the newest at each time."},
    "cron": {"type": "string"}, "time_zone": {"type": "string"}, "missed_run_policy": {"$ref": "#/components/schemas/MissedRuns"}, "enabled": {"type": "boolean"},
    "next_at": {"$ref": "#/components/schemas/OptionalTime"}, "next_times": {"type": "array", "items": {"type": "string", "format": "date-time"}, "description": "The next five; none while it is disabled."},
    "last_at": {"$ref": "#/components/schemas/OptionalTime"},
    "last_job_id": {"type": ["string", "null"], "format": "uuid"}, "last_error": {"anyOf": [{"$ref": "#/components/schemas/ScheduleFault"}, {"type": "null"}], "description": "Why the last time got no job; null if it got one."},
    "inputs": {"type": "object"}, "priority": {"type": "integer"}, "timeout_seconds": {"type": ["number", "null"]}, "metadata": {"type": "object"}, "callback_url": {"type": ["string", "null"]},
    "created_at": {"$ref": "#/components/schemas/OptionalTime"}, "created_by": {"type": "string"}, "updated_at": {"$ref": "#/components/schemas/OptionalTime"},
    "links": {"$ref": "#/components/schemas/ScheduleLinks"}}},
"SchedulePage": {
  "type": "object", "required": ["items", "next_cursor"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/ScheduleSummary"}}, "next_cursor": {"type": ["string", "null"]}}},
)json";

// The rest.
constexpr std::string_view kOthers = R"json(
"AppliedWorkflow": {
  "type": "object", "required": ["key", "version"],
  "properties": {"key": {"type": "string"}, "version": {"type": "integer", "minimum": 1}}, "examples": [{"key": "product-poster", "version": 3}]},
"ValidWorkflow": {
  "type": "object", "required": ["valid", "key"], "properties": {"valid": {"type": "boolean"}, "key": {"type": "string"}}},
"WorkflowSummary": {
  "type": "object", "required": ["key", "version", "newest_version", "name", "description", "disabled", "digest", "created_at", "created_by"],
  "properties": {
    "key": {"type": "string"}, "version": {"type": "integer"}, "newest_version": {"type": "integer"}, "name": {"type": "string"},
    "description": {"type": "string"}, "disabled": {"type": "boolean", "description": "It takes no new jobs."},
    "digest": {"type": "string", "description": "SHA-256 of its canonical JSON."}, "created_at": {"$ref": "#/components/schemas/OptionalTime"},
    "created_by": {"type": "string"}}},
"Workflow": {
  "type": "object", "required": ["key", "version", "newest_version", "disabled", "definition"],
  "properties": {
    "key": {"type": "string"}, "version": {"type": "integer"}, "newest_version": {"type": "integer"}, "name": {"type": "string"},
    "description": {"type": "string"}, "disabled": {"type": "boolean"}, "digest": {"type": "string"},
    "created_at": {"$ref": "#/components/schemas/OptionalTime"}, "created_by": {"type": "string"}, "definition": {"$ref": "#/components/schemas/WorkflowDefinition"}}},
"WorkflowPage": {
  "type": "object", "required": ["items", "next_cursor"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/WorkflowSummary"}}, "next_cursor": {"type": ["string", "null"]}}},
"AuditRecord": {
  "type": "object", "required": ["seq", "at", "action", "actor", "node", "prev_hash", "hash"], "additionalProperties": true,
  "properties": {
    "seq": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}, "job_id": {"type": "string"}, "run_id": {"type": "string"},
    "action": {"type": "string"}, "actor": {"type": "string"}, "node": {"type": "string"}, "client_id": {"type": "string"},
    "details": {"type": "object", "additionalProperties": true}, "duration_ms": {"type": "number"}, "prev_hash": {"type": "string"},
    "hash": {"type": "string", "description": "SHA-256 over prev_hash and the canonical JSON of the record without hash."}}},
"AuditPage": {
  "type": "object", "required": ["items", "next_cursor"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/AuditRecord"}}, "next_cursor": {"type": ["string", "null"]}}},
"AuditVerdict": {
  "type": "object", "required": ["whole", "chains", "records", "fault"],
  "properties": {
    "whole": {"type": "boolean"}, "chains": {"type": "integer"}, "records": {"type": "integer"},
    "fault": {"anyOf": [{"type": "null"}, {"type": "object", "required": ["chain", "seq", "message"],
      "properties": {"chain": {"type": "string"}, "seq": {"type": "integer"}, "message": {"type": "string"}}}]}},
  "examples": [{"whole": true, "chains": 12, "records": 48, "fault": null}]},
"KillSwitch": {
  "type": "object", "required": ["id", "scope", "target", "mode", "reason", "engaged_by", "engaged_at"],
  "properties": {
    "id": {"type": "string", "format": "uuid"}, "scope": {"$ref": "#/components/schemas/SwitchScope"}, "target": {"type": ["string", "null"]},
    "mode": {"$ref": "#/components/schemas/SwitchMode"}, "reason": {"type": "string"}, "engaged_by": {"type": "string"},
    "engaged_at": {"type": "string", "format": "date-time"}},
  "examples": [{"id": "019aa3f2-7000-7000-8a2f-3b1f64aa9001", "scope": "workflow", "target": "product-poster", "mode": "pause",
    "reason": "the renderer makes nonsense since 9:00", "engaged_by": "ada", "engaged_at": "2026-11-21T09:12:03.456Z"}]},
"KillSwitchPage": {
  "type": "object", "required": ["items", "next_cursor"],
  "properties": {"items": {"type": "array", "items": {"$ref": "#/components/schemas/KillSwitch"}}, "next_cursor": {"type": ["string", "null"]}}},
"Health": {"type": "object", "required": ["status"], "properties": {"status": {"type": "string", "enum": ["ok"]}}, "examples": [{"status": "ok"}]},
"Readiness": {
  "type": "object", "required": ["ready", "reasons", "warnings"],
  "properties": {
    "ready": {"type": "boolean"}, "reasons": {"type": "array", "items": {"type": "string"}, "description": "Why not."},
    "warnings": {"type": "array", "items": {"type": "string"}, "description": "What is wrong although it is ready."}},
  "examples": [{"ready": true, "reasons": [], "warnings": []}]},
"ActorNode": {
  "type": "object",
  "required": ["id", "kind", "state", "restarts", "restarts_in_window", "last_error", "failed_at", "next_start_at", "mailbox", "answered_after_ms",
    "at_work_for_ms", "children"],
  "properties": {
    "id": {"type": "string", "description": "Stable: `broker`, `worker:exec`, `job:UUID`."},
    "kind": {"type": "string", "enum": ["node", "persistence", "completion", "timer", "schedules", "broker", "worker", "supervisor", "job", "run"]},
    "state": {"type": "string", "enum": ["running", "unresponsive", "restarting", "given_up"]},
    "restarts": {"type": "integer", "description": "Since the server started; of the supervisor, those of jobs."},
    "restarts_in_window": {"type": "integer", "description": "In the last minute. After five of them a worker is given up for a minute."},
    "last_error": {"type": ["string", "null"], "description": "Why it died last; of a writer, what keeps it from the database."},
    "failed_at": {"type": ["string", "null"], "format": "date-time"}, "next_start_at": {"type": ["string", "null"], "format": "date-time"},
    "mailbox": {"type": ["integer", "null"], "description": "Messages that wait for it; null where it did not answer."},
    "answered_after_ms": {"type": ["integer", "null"]},
    "at_work_for_ms": {"type": ["integer", "null"], "description": "How long it has been at the oldest thing that it has in hand."},
    "slots": {"type": "integer"}, "busy": {"type": "integer", "description": "Of a worker, tasks that it has; of the broker, tasks that workers have."},
    "waiting": {"type": "integer", "description": "Changes for a writer, tasks for the broker, timers that are set, schedules that are awaited, jobs that are being loaded."},
    "live_jobs": {"type": "integer"},
    "queues": {"type": "array", "items": {"type": "object", "required": ["type", "priority", "waiting"], "properties": {
      "type": {"type": "string"}, "priority": {"type": "integer"}, "waiting": {"type": "integer"}}}},
    "children": {"type": "array", "items": {"$ref": "#/components/schemas/ActorNode"}}}},
"ActorRestart": {
  "type": "object", "required": ["id", "message"], "properties": {"id": {"type": "string"}, "message": {"type": "string"}},
  "examples": [{"id": "worker:exec", "message": "It is being restarted."}]},
"Meta": {
  "type": "object", "required": ["name", "version", "node", "store", "started_at", "limits", "rate_limits"],
  "properties": {
    "name": {"type": "string"}, "version": {"type": "string"}, "node": {"type": "string"}, "store": {"type": "string"}, "started_at": {"type": "string"},
    "limits": {"type": "object", "additionalProperties": {"type": "number"}},
    "rate_limits": {"type": "array", "description": "Those in force for all jobs of the caller's client, as they stand.", "items": {
      "type": "object", "required": ["policy", "limit", "per_seconds", "burst", "remaining"], "properties": {
        "policy": {"type": "string"}, "limit": {"type": "integer"}, "per_seconds": {"type": "number"}, "burst": {"type": "integer"},
        "remaining": {"type": "integer", "description": "Jobs that would be let in at once."}}}}}},
"AnyObject": {"type": "object", "additionalProperties": true},
"Fault": {
  "type": "object", "required": ["pointer", "message"],
  "properties": {"pointer": {"type": "string", "description": "JSON Pointer (RFC 6901) into the body."}, "message": {"type": "string"}}},
"Problem": {
  "type": "object", "required": ["type", "title", "status", "detail", "code", "request_id"],
  "properties": {
    "type": {"type": "string", "format": "uri-reference"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"},
    "code": {"type": "string", "description": "Stable; listed at /docs/errors."}, "request_id": {"type": "string"},
    "errors": {"type": "array", "items": {"$ref": "#/components/schemas/Fault"}}},
  "examples": [{"type": "/docs/errors#validation_failed", "title": "Some fields have values that are not allowed.", "status": 422,
    "detail": "/priority must be an integer from 1 to 10.", "code": "validation_failed", "request_id": "7f1c",
    "errors": [{"pointer": "/priority", "message": "must be an integer from 1 to 10"}]}]}
)json";

}  // namespace

std::string openapi_schemas() {
  std::string text = "{";
  for (std::string_view group : {kRequests, kJobs, kRuns, kSchedules, kOthers}) text += group;
  return text + "}";
}

}  // namespace troupe::ingress
