#include "store_sql/journal_dictionary.hpp"

namespace troupe::store {
namespace {

// What zstd's Huffman and FSE coders expect of records, in the form that RFC 8878 (section 5) gives a dictionary:
// without it, each row would have to bring a description of its own of which digits are frequent. Made by
// ZDICT_finalizeDictionary for level 1, from the text below and 1,445 journal rows of real runs (docs/adr/0018).
constexpr std::string_view kEntropyTables =
    "37a430ec010000002710d092a403ffffffffff8307b2643bedff66c916b39452f2ec7fc19629a594524a94fc6a1c1801"
    "33063800008044c491620d6a000400030c1290898a8292820f8f8d43e37020140404000000002806000000302001c0e2"
    "e4505501000000e47025a430299622010008200c000200800340c9000000010000000400000008000000";

// Records of every action, the rare ones first: what is nearer to the end is named by a shorter distance. The common
// ones have ids, hashes and names in their places, because what surrounds those is found again only piece by piece;
// where the rare ones have none, that is room spared.
constexpr std::string_view kContent =
    R"({"action":"retention.checkpoint","actor":"retention","at":"2026-12-01T12:00:00.000Z","client_id":"",)"
    R"("details":{"chain_head":"","chain_seq":1,"head":"","survivors":"","transaction":1},"node":"","prev_hash":"",)"
    R"("seq":2}
)"
    R"({"action":"retention.removed","actor":"retention","at":"2026-12-01T12:00:00.000Z","client_id":"",)"
    R"("details":{"jobs":[{"head":"","id":"","last_seq":3,"retention_seconds":86400},{"head":"","id":"",)"
    R"("last_seq":5,"retention_seconds":604800}]},"node":"","prev_hash":"","seq":2}
)"
    R"({"action":"workflow.enabled","actor":"anonymous","at":"2026-12-01T12:00:00.000Z","client_id":"",)"
    R"("details":{"workflow":""},"node":"","prev_hash":"","seq":2}
)"
    R"({"action":"workflow.disabled","actor":"anonymous","at":"2026-12-01T12:00:00.000Z","client_id":"",)"
    R"("details":{"workflow":""},"node":"","prev_hash":"","seq":2}
)"
    R"({"action":"workflow.applied","actor":"workflows-folder","at":"2026-12-01T12:00:00.000Z","client_id":"",)"
    R"("details":{"definition":{"bytes":1000,"sha256":""},"version":1,"workflow":""},"node":"",)"
    R"("prev_hash":"0000000000000000000000000000000000000000000000000000000000000000","seq":1}
)"
    R"({"action":"job.retried","actor":"anonymous","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"from_step":"","inputs_sha256":"","number":2,"run":"","workflow_version":1},"job_id":"",)"
    R"("node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"run.started","actor":"anonymous","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"deadline":"2026-12-01T12:00:00.000Z","next":[{"skipped":true,"step":""},{"step":""}],"number":2,)"
    R"("reused":[""]},"job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"run.recovered","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"epoch":1},"job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"step.begun","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"next":[{"due":"2026-12-01T12:00:00.000Z","from":0,"items":100,"step":"","to":63}]},"job_id":"",)"
    R"("node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"step.skipped","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"step":""},"job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"compensation.started","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"item":0,"step":""},"job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"compensation.failed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":1,"error":{"code":"internal","errors":[{"message":"","pointer":"/"}],"message":"",)"
    R"("retryable":false},"step":"","worker":"http"},"duration_ms":1,"job_id":"","node":"","prev_hash":"",)"
    R"("run_id":"","seq":2}
)"
    R"({"action":"compensation.completed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":1,"outputs":{"bytes":2,"sha256":""},"step":"","worker":"http"},"duration_ms":1,)"
    R"("job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"("error":{"code":"expression_failed","message":"step \"\", config/","retryable":false}
)"
    R"("error":{"code":"run_timeout","message":"the run took longer than 300s","retryable":false}
)"
    R"("error":{"code":"step_timeout","message":"the command '' took longer than ","retryable":true}
)"
    R"("error":{"code":"worker_lost","message":"","retryable":true}
)"
    R"("error":{"code":"http_unreachable","message":"POST http://","retryable":true}
)"
    R"({"action":"step.cancelled","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":1,"step":""},"job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"run.stopping","actor":"anonymous","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"error":{"code":"cancelled","message":"","retryable":false},"verdict":"cancelled"},"job_id":"",)"
    R"("node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"run.cancelled","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"error":{"code":"cancelled","message":"","retryable":false}},"duration_ms":10,"job_id":"",)"
    R"("node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"step.retrying","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":1,"due":"2026-12-01T12:00:00.000Z","error":{"code":"http_status",)"
    R"("message":"POST https:// answered 503, expected 2xx: ","retryable":true},"step":"","worker":"http"},)"
    R"("duration_ms":10,"job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"step.failed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":3,"error":{"code":"command_failed","message":"the command '' ended with exit code 1",)"
    R"("retryable":true},"step":"","worker":"exec"},"duration_ms":10,"job_id":"","node":"","prev_hash":"",)"
    R"("run_id":"","seq":2}
)"
    R"({"action":"run.stopping","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"error":{"code":"command_failed","message":"the command '' ended with exit code 1",)"
    R"("retryable":true},"verdict":"failed"},"job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"run.failed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"error":{"code":"command_failed","message":"the command '' ended with exit code 1",)"
    R"("retryable":true}},"duration_ms":10,"job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"step.started","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":1,"compensation":true,"deadline":"2026-12-01T12:00:00.000Z","step":"","worker":"exec"},)"
    R"("job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"step.started","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":1,"deadline":"2026-12-01T12:00:00.000Z","step":"","worker":"exec"},"job_id":"",)"
    R"("node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"step.completed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"assets":[{"bytes":250000,"height":512,"id":"","media_type":"image/jpeg","name":"-1.jpg",)"
    R"("ordinal":1,"sha256":"","width":512},{"bytes":250000,"height":768,"id":"","media_type":"image/png",)"
    R"("name":"-2.png","ordinal":2,"sha256":"","width":768}],"attempt":1,"outputs":{"bytes":1000,"sha256":""},)"
    R"("step":"","worker":"generate"},"duration_ms":100,"job_id":"","node":"","prev_hash":"","run_id":"","seq":2}
)"
    R"({"action":"item.completed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":1,"item":1,"next":[{"from":64,"step":"step","to":64}],"outputs":{"bytes":20,)"
    R"("sha256":"9f2c61d07be4a8355c0d9eb1f743682a1bd9504ec7f68a3270b5de19c48f6372"},"step":"step",)"
    R"("worker":"instant"},"duration_ms":1,"job_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","node":"node",)"
    R"("prev_hash":"9f2c61d07be4a8355c0d9eb1f743682a1bd9504ec7f68a3270b5de19c48f6372",)"
    R"("run_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","seq":2}
)"
    R"({"action":"step.completed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"items":10,"step":"step"},"duration_ms":10,"job_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000",)"
    R"("node":"node","prev_hash":"9f2c61d07be4a8355c0d9eb1f743682a1bd9504ec7f68a3270b5de19c48f6372",)"
    R"("run_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","seq":2}
)"
    R"({"action":"step.completed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":1,"next":[{"step":"step"}],"outputs":{"bytes":20,)"
    R"("sha256":"9f2c61d07be4a8355c0d9eb1f743682a1bd9504ec7f68a3270b5de19c48f6372"},"step":"step","worker":"http"},)"
    R"("duration_ms":10,"job_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","node":"node",)"
    R"("prev_hash":"9f2c61d07be4a8355c0d9eb1f743682a1bd9504ec7f68a3270b5de19c48f6372",)"
    R"("run_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","seq":3}
)"
    R"({"action":"job.accepted","actor":"anonymous","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"client_job_id":"","deadline":"2026-12-01T12:00:00.000Z","inputs":{"bytes":2,)"
    R"("sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"next":[{"step":"step"},)"
    R"({"step":"step"}],"number":1,"priority":5,"timeout_seconds":300,"user_id":"","workflow":"workflow",)"
    R"("workflow_version":2},"job_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","node":"node",)"
    R"("prev_hash":"0000000000000000000000000000000000000000000000000000000000000000",)"
    R"("run_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","seq":1}
)"
    R"({"action":"step.completed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":1,"next":[{"step":"step"}],"outputs":{"bytes":2,)"
    R"("sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"step":"step",)"
    R"("worker":"instant"},"duration_ms":0,"job_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","node":"node",)"
    R"("prev_hash":"9f2c61d07be4a8355c0d9eb1f743682a1bd9504ec7f68a3270b5de19c48f6372",)"
    R"("run_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","seq":2}
)"
    R"({"action":"step.completed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"attempt":1,"outputs":{"bytes":2,)"
    R"("sha256":"44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},"step":"step",)"
    R"("worker":"instant"},"duration_ms":0,"job_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","node":"node",)"
    R"("prev_hash":"9f2c61d07be4a8355c0d9eb1f743682a1bd9504ec7f68a3270b5de19c48f6372",)"
    R"("run_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","seq":2}
)"
    R"({"action":"run.completed","actor":"node","at":"2026-12-01T12:00:00.000Z","client_id":"default","details":{},)"
    R"("duration_ms":1,"job_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","node":"node",)"
    R"("prev_hash":"9f2c61d07be4a8355c0d9eb1f743682a1bd9504ec7f68a3270b5de19c48f6372",)"
    R"("run_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","seq":3}
)"
    R"({"action":"job.accepted","actor":"anonymous","at":"2026-12-01T12:00:00.000Z","client_id":"default",)"
    R"("details":{"deadline":"2026-12-01T12:00:00.000Z","inputs":{"bytes":200,)"
    R"("sha256":"9f2c61d07be4a8355c0d9eb1f743682a1bd9504ec7f68a3270b5de19c48f6372"},"next":[{"step":"step"}],)"
    R"("number":1,"priority":5,"timeout_seconds":300,"workflow":"workflow","workflow_version":1},)"
    R"("job_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","node":"node",)"
    R"("prev_hash":"0000000000000000000000000000000000000000000000000000000000000000",)"
    R"("run_id":"0190f3c2-7b5e-7000-9d41-c38e5a17b000","seq":1}
)";

char nibble(char digit) { return static_cast<char>(digit <= '9' ? digit - '0' : digit - 'a' + 10); }

}  // namespace

std::string journal_dictionary() {
  std::string bytes;
  bytes.reserve(kEntropyTables.size() / 2 + kContent.size());
  for (std::size_t i = 0; i < kEntropyTables.size(); i += 2)
    bytes += static_cast<char>(nibble(kEntropyTables[i]) << 4 | nibble(kEntropyTables[i + 1]));
  return bytes.append(kContent);
}

}  // namespace troupe::store
