#include "cli/verdict_view.hpp"

#include "cli/display.hpp"

namespace troupe::cli {

void print(std::ostream& out, const std::vector<StoreFinding>& findings) {
  for (const StoreFinding& finding : findings)
    out << (finding.warning ? "warning: " : "damage: ") << printable(finding.place) << ": " << printable(finding.reason)
        << '\n';
}

void print(std::ostream& out, const AuditVerdict& verdict) {
  if (verdict.whole)
    out << "whole: " << verdict.records << " records in " << verdict.chains << " chains\n";
  else
    out << "broken: chain " << printable(verdict.chain) << ", record " << verdict.seq << ": "
        << printable(verdict.fault) << '\n';
}

Json to_json(const std::vector<StoreFinding>& findings) {
  Json list = Json::array();
  for (const StoreFinding& finding : findings)
    list.push_back({{"kind", finding.warning ? "warning" : "damage"},
                    {"place", printable(finding.place)},
                    {"reason", printable(finding.reason)}});
  return list;
}

Json to_json(const AuditVerdict& verdict) {
  Json fault;
  if (!verdict.whole) fault = {{"chain", verdict.chain}, {"seq", verdict.seq}, {"message", verdict.fault}};
  return {{"whole", verdict.whole}, {"chains", verdict.chains}, {"records", verdict.records}, {"fault", fault}};
}

}  // namespace troupe::cli
