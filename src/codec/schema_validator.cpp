#include "codec/schema_validator.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/constraints/concrete_constraints.hpp>
#include <valijson/constraints/constraint_visitor.hpp>

#include "codec/schema_format.hpp"
#include "codec/suggestion.hpp"
#include "codec/utf8.hpp"

namespace troupe {
namespace {

using valijson::Subschema;
using valijson::adapters::NlohmannJsonAdapter;

/// A place in the value: a chain on the stack, made text only for a fault.
struct Place {
  const Place* parent = nullptr;
  std::string_view member;
  std::size_t index = 0;  ///< when the parent is a list
  bool in_list = false;
};

std::string to_pointer(const Place& place) {
  if (place.parent == nullptr) return {};
  return pointer_append(to_pointer(*place.parent),
                        place.in_list ? std::to_string(place.index) : std::string(place.member));
}

template <class Text>
std::string_view view_of(const Text& text) {
  return {text.data(), text.size()};
}

std::string number_text(double number) { return canonical_json(Json(number)); }

std::string counted(std::uint64_t count, std::string_view noun, std::string_view plural) {
  return std::to_string(count) + " " + std::string(count == 1 ? noun : plural);
}

/// What a check may take of its thread: schemas can ask for a number of comparisons that no value deserves. Hardly
/// costs anything to ask: the processor's time is looked at only where the clock on the wall says so.
class TimeLimit {
 public:
  explicit TimeLimit(Millis most) : most_(most) {}

  /// So much was done since; a step is of the order of 100 ns. Gives whether there is time for more.
  bool allows(std::size_t steps) {
    steps_ += steps;
    if (steps_ >= kStepsBetweenLooks) look();
    return !over_;
  }
  bool is_over() const { return over_; }

  static constexpr std::size_t kStepsBetweenLooks = 1'024;

 private:
  using Clock = std::chrono::steady_clock;

  void look() {
    steps_ = 0;
    const auto now = Clock::now();
    if (!next_) next_ = now + most_;
    if (now < *next_) return;
    const auto used = processor_time();
    if (!began_) began_ = used;
    over_ = used - *began_ >= most_;
    next_ = now + (most_ - (used - *began_));
  }
  static std::chrono::nanoseconds processor_time() {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
  }

  const Millis most_;
  std::size_t steps_ = 0;
  bool over_ = false;
  std::optional<Clock::time_point> next_;          ///< to look at the processor's time
  std::optional<std::chrono::nanoseconds> began_;  ///< when most_ had gone by on the wall
};

class Validator final : public valijson::constraints::ConstraintVisitor {
 public:
  Validator(const SchemaSource& source, const Json& value) : source_(source), value_(&value), place_(&root_) {}

  std::vector<Fault> run(const Subschema& schema) {
    apply(schema);
    if (limit_.is_over()) return {{"", "takes too long to be compared with the schema"}};
    return std::move(faults_);
  }

  bool visit(const AllOfConstraint& constraint) override {
    bool fits = true;
    constraint.applyToSubschemas([&](unsigned, const Subschema* schema) {
      fits = apply(*schema) && fits;
      return true;
    });
    return fits;
  }

  bool visit(const AnyOfConstraint& constraint) override {
    std::vector<std::vector<Fault>> refusals;
    bool fits = false;
    constraint.applyToSubschemas([&](unsigned, const Subschema* schema) {
      refusals.emplace_back();
      fits = attempt(*schema, refusals.back());
      return !fits;
    });
    return fits || refuse_all(refusals);
  }

  bool visit(const OneOfConstraint& constraint) override {
    std::vector<std::vector<Fault>> refusals;
    int fitting = 0;
    constraint.applyToSubschemas([&](unsigned, const Subschema* schema) {
      refusals.emplace_back();
      fitting += attempt(*schema, refusals.back()) ? 1 : 0;
      return true;
    });
    if (fitting > 1) return fault("fits more than one of the allowed forms, and must fit exactly one");
    return fitting == 1 || refuse_all(refusals);
  }

  bool visit(const NotConstraint& constraint) override {
    std::vector<Fault> refusal;
    return !attempt(*constraint.getSubschema(), refusal) || fault("has a form that is not allowed");
  }

  bool visit(const ConditionalConstraint& constraint) override {
    std::vector<Fault> refusal;
    const Subschema* next =
        attempt(*constraint.getIfSubschema(), refusal) ? constraint.getThenSubschema() : constraint.getElseSubschema();
    return next == nullptr || apply(*next);
  }

  bool visit(const ConstConstraint& constraint) override {
    if (equal(*constraint.getValue())) return true;
    for (const Json* constant : source_.constants)
      if (constraint.getValue()->equalTo(NlohmannJsonAdapter(*constant), true))
        return fault("must be " + shown(*constant));
    return fault("must be the one allowed value");
  }

  bool visit(const EnumConstraint& constraint) override {
    bool found = false;
    constraint.applyToValues([&](const valijson::adapters::FrozenValue& choice) {
      found = equal(choice);
      return !found && limit_.allows(1);
    });
    return found || fault("must be " + choices_of(constraint));
  }

  bool visit(const TypeConstraint& constraint) override {
    bool fits = false;
    constraint.applyToNamedTypes([&](TypeConstraint::JsonType type) { return !(fits = is_of(type)); });
    if (fits) return true;
    std::string types;
    constraint.applyToNamedTypes([&](TypeConstraint::JsonType type) {
      types += (types.empty() ? "" : " or ") + std::string(type_name(type));
      return true;
    });
    return fault("must be " + types);
  }

  bool visit(const FormatConstraint& constraint) override {
    if (!value_->is_string()) return true;
    const std::string_view expected = breaks_format(constraint.getFormat(), text());
    return expected.empty() || fault("must be " + std::string(expected));
  }

  // --- numbers ---

  bool visit(const MaximumConstraint& constraint) override {
    if (!value_->is_number()) return true;
    const double number = value_->get<double>(), bound = constraint.getMaximum();
    if (constraint.getExclusiveMaximum()) return number < bound || fault("must be below " + number_text(bound));
    return number <= bound || fault("must be at most " + number_text(bound));
  }
  bool visit(const MinimumConstraint& constraint) override {
    if (!value_->is_number()) return true;
    const double number = value_->get<double>(), bound = constraint.getMinimum();
    if (constraint.getExclusiveMinimum()) return number > bound || fault("must be above " + number_text(bound));
    return number >= bound || fault("must be at least " + number_text(bound));
  }
  bool visit(const MultipleOfIntConstraint& constraint) override {
    return is_multiple(static_cast<double>(constraint.getDivisor()));
  }
  bool visit(const MultipleOfDoubleConstraint& constraint) override { return is_multiple(constraint.getDivisor()); }

  // --- strings ---

  bool visit(const MaxLengthConstraint& constraint) override {
    if (!value_->is_string() || text().size() <= constraint.getMaxLength()) return true;
    return count_characters(text()) <= constraint.getMaxLength() ||
           fault("must have at most " + counted(constraint.getMaxLength(), "character", "characters"));
  }
  bool visit(const MinLengthConstraint& constraint) override {
    if (!value_->is_string() || count_characters(text()) >= constraint.getMinLength()) return true;
    if (constraint.getMinLength() == 1) return fault("must not be empty");
    return fault("must have at least " + counted(constraint.getMinLength(), "character", "characters"));
  }
  bool visit(const PatternConstraint& constraint) override {
    if (!value_->is_string()) return true;
    std::string pattern;
    constraint.getPattern(pattern);
    switch (search(pattern, text())) {
      case Pattern::Match::yes: return true;
      case Pattern::Match::no: return fault("must match the pattern " + pattern);
      case Pattern::Match::too_costly: break;
    }
    return fault("takes too long to compare with the pattern " + pattern);
  }

  // --- lists ---

  bool visit(const MaxItemsConstraint& constraint) override {
    return !value_->is_array() || value_->size() <= constraint.getMaxItems() ||
           fault("must have at most " + counted(constraint.getMaxItems(), "item", "items"));
  }
  bool visit(const MinItemsConstraint& constraint) override {
    return !value_->is_array() || value_->size() >= constraint.getMinItems() ||
           fault("must have at least " + counted(constraint.getMinItems(), "item", "items"));
  }
  bool visit(const SingularItemsConstraint& constraint) override {
    if (!value_->is_array()) return true;
    bool fits = true;
    for (std::size_t i = 0; i < value_->size(); ++i) fits = apply_item(*constraint.getItemsSubschema(), i) && fits;
    return fits;
  }
  bool visit(const LinearItemsConstraint& constraint) override {
    if (!value_->is_array()) return true;
    bool fits = true;
    constraint.applyToItemSubschemas([&](unsigned i, const Subschema* schema) {
      if (i < value_->size()) fits = apply_item(*schema, i) && fits;
      return true;
    });
    const Subschema* rest = constraint.getAdditionalItemsSubschema();  // null stands for `false`
    const std::size_t count = constraint.getItemSubschemaCount();
    if (rest == nullptr && value_->size() > count) return fault("must have at most " + counted(count, "item", "items"));
    for (std::size_t i = count; i < value_->size(); ++i) fits = apply_item(*rest, i) && fits;
    return fits;
  }
  bool visit(const ContainsConstraint& constraint) override {
    if (!value_->is_array()) return true;
    for (std::size_t i = 0; i < value_->size(); ++i) {
      std::vector<Fault> refusal;
      const Place item{place_, {}, i, true};
      if (attempt(*constraint.getSubschema(), refusal, (*value_)[i], item)) return true;
    }
    return fault("must contain an item of the required form");
  }
  bool visit(const UniqueItemsConstraint&) override {
    if (!value_->is_array()) return true;
    if (!limit_.allows(value_->size())) return false;
    std::vector<const Json*> items;
    for (const Json& item : *value_) items.push_back(&item);
    std::sort(items.begin(), items.end(), [](const Json* left, const Json* right) { return *left < *right; });
    const auto twin = std::adjacent_find(items.begin(), items.end(),
                                         [](const Json* left, const Json* right) { return *left == *right; });
    return twin == items.end() || fault("must not contain an item twice");
  }

  // --- objects ---

  bool visit(const MaxPropertiesConstraint& constraint) override {
    return !value_->is_object() || value_->size() <= constraint.getMaxProperties() ||
           fault("must have at most " + counted(constraint.getMaxProperties(), "member", "members"));
  }
  bool visit(const MinPropertiesConstraint& constraint) override {
    return !value_->is_object() || value_->size() >= constraint.getMinProperties() ||
           fault("must have at least " + counted(constraint.getMinProperties(), "member", "members"));
  }
  bool visit(const RequiredConstraint& constraint) override {
    if (!value_->is_object()) return true;
    bool fits = true;
    constraint.applyToRequiredProperties([&](const auto& name) {
      fits = has(view_of(name), "is required") && fits;
      return true;
    });
    return fits;
  }
  bool visit(const DependenciesConstraint& constraint) override {
    if (!value_->is_object()) return true;
    bool fits = true;
    constraint.applyToPropertyDependencies([&](const auto& name, const auto& others) {
      if (find(view_of(name)) == nullptr) return true;
      for (const auto& other : others)
        fits = has(view_of(other), "is required beside \"" + std::string(view_of(name)) + "\"") && fits;
      return true;
    });
    constraint.applyToSchemaDependencies([&](const auto& name, const Subschema* schema) {
      if (find(view_of(name)) != nullptr) fits = apply(*schema) && fits;
      return true;
    });
    return fits;
  }
  bool visit(const PropertyNamesConstraint& constraint) override {
    if (!value_->is_object()) return true;
    bool fits = true;
    for (const auto& [name, unused] : object()) {
      std::vector<Fault> refusal;
      const Place member{place_, name};
      if (attempt(*constraint.getSubschema(), refusal, Json(name), member)) continue;
      const std::string reason = refusal.empty() ? "is not allowed" : refusal.front().message;
      fits = fault_at(member, "has a name that is not allowed: it " + reason);
    }
    return fits;
  }
  bool visit(const PropertiesConstraint& constraint) override {
    if (!value_->is_object()) return true;
    bool fits = true;
    std::vector<const std::string*> matched;  // in the order of the object, which is sorted as the schema's names are
    constraint.applyToProperties([&](const auto& name, const Subschema* schema) {
      if (const auto* member = find(view_of(name))) {
        matched.push_back(&member->first);
        fits = apply_member(*schema, *member) && fits;
      }
      return true;
    });
    const std::size_t named = matched.size();
    constraint.applyToPatternProperties([&](const auto& pattern, const Subschema* schema) {
      for (const auto& member : object()) {
        if (search(view_of(pattern), member.first) != Pattern::Match::yes) continue;
        matched.push_back(&member.first);
        fits = apply_member(*schema, member) && fits;
      }
      return true;
    });
    const Subschema* rest = constraint.getAdditionalPropertiesSubschema();  // null stands for `false`
    if (matched.size() == named && named == value_->size()) return fits;
    const auto by_name = [](const std::string* left, const std::string* right) { return *left < *right; };
    std::sort(matched.begin(), matched.end(), by_name);
    for (const auto& member : object())
      if (!std::binary_search(matched.begin(), matched.end(), &member.first, by_name))
        fits = (rest == nullptr ? is_unknown(constraint, member.first) : apply_member(*rest, member)) && fits;
    return fits;
  }

  /// Constraints of other libraries' making; there are none.
  bool visit(const PolyConstraint&) override { return true; }

 private:
  // A schema that refers to itself without going down in the value would never end; values nest at most 64 deep.
  static constexpr int kDepthMax = 400;
  static constexpr Millis kTimeMax{250};

  bool apply(const Subschema& schema) {
    if (!limit_.allows(1)) return false;
    if (schema.getAlwaysInvalid()) return fault("is not allowed");
    if (depth_ == kDepthMax) return fault("cannot be checked: the schema refers to itself without end");
    ++depth_;
    Subschema::ApplyFunction each = [this](const valijson::constraints::Constraint& constraint) {
      return faults_.size() >= kFaultsMax || constraint.accept(*this);
    };
    const bool fits = schema.apply(each);
    --depth_;
    return fits;
  }
  bool apply(const Subschema& schema, const Json& value, const Place& place) {
    const Json* const outer_value = std::exchange(value_, &value);
    const Place* const outer_place = std::exchange(place_, &place);
    const bool fits = apply(schema);
    value_ = outer_value;
    place_ = outer_place;
    return fits;
  }
  bool apply_item(const Subschema& schema, std::size_t index) {
    return apply(schema, (*value_)[index], Place{place_, {}, index, true});
  }
  bool apply_member(const Subschema& schema, const Json::object_t::value_type& member) {
    return apply(schema, member.second, Place{place_, member.first});
  }

  /// Whether the value fits, without telling: what does not fit goes into `refusal`.
  bool attempt(const Subschema& schema, std::vector<Fault>& refusal, const Json& value, const Place& place) {
    faults_.swap(refusal);
    const bool fits = apply(schema, value, place);
    faults_.swap(refusal);
    return fits;
  }
  bool attempt(const Subschema& schema, std::vector<Fault>& refusal) {
    return attempt(schema, refusal, *value_, *place_);
  }

  bool fault_at(const Place& place, std::string message) {
    if (faults_.size() < kFaultsMax) faults_.push_back({to_pointer(place), std::move(message)});
    return false;
  }
  bool fault(std::string message) { return fault_at(*place_, std::move(message)); }

  /// Where each alternative has but one objection to this very value, they are told together; of long lists of
  /// objections nobody could say which one matters.
  bool refuse_all(const std::vector<std::vector<Fault>>& refusals) {
    const std::string here = to_pointer(*place_);
    std::string message;
    for (const auto& refusal : refusals) {
      if (refusal.size() != 1 || refusal[0].pointer != here) return fault("fits none of the allowed forms");
      message += (message.empty() ? "" : ", or ") + refusal[0].message;
    }
    return fault(message);
  }

  bool is_unknown(const valijson::constraints::PropertiesConstraint& constraint, const std::string& name) {
    if (faults_.size() >= kFaultsMax) return false;
    std::vector<std::string_view> known;
    constraint.applyToProperties([&](const auto& property, const Subschema*) {
      known.push_back(view_of(property));
      return true;
    });
    if (!limit_.allows(known.size())) return false;
    return fault_at(Place{place_, name}, "is not a known member" + did_you_mean(name, known));
  }

  bool is_multiple(double divisor) {
    if (!value_->is_number()) return true;
    const double quotient = value_->get<double>() / divisor;
    // 0.3 / 0.1 is 2.9999999999999996: as near as doubles come counts as whole.
    return std::abs(quotient - std::round(quotient)) <= 1e-12 * std::max(1.0, std::abs(quotient)) ||
           fault("must be a multiple of " + number_text(divisor));
  }

  bool has(std::string_view name, std::string message) {
    return find(name) != nullptr || fault_at(Place{place_, name}, std::move(message));
  }
  const Json::object_t::value_type* find(std::string_view name) const {
    const auto member = object().find(name);
    return member == object().end() ? nullptr : &*member;
  }

  Pattern::Match search(std::string_view pattern, std::string_view text) {
    if (!limit_.allows(TimeLimit::kStepsBetweenLooks)) return Pattern::Match::too_costly;
    const auto compiled = source_.patterns.find(pattern);
    TROUPE_ASSERT(compiled != source_.patterns.end(), "a pattern that was not compiled with its schema");
    return compiled->second.search(text);
  }

  bool equal(const valijson::adapters::FrozenValue& choice) const {
    return choice.equalTo(NlohmannJsonAdapter(*value_), true);
  }

  bool is_of(TypeConstraint::JsonType type) const {
    switch (type) {
      case TypeConstraint::kAny: return true;
      case TypeConstraint::kArray: return value_->is_array();
      case TypeConstraint::kBoolean: return value_->is_boolean();
      case TypeConstraint::kInteger:  // 1.0 is one in draft 7
        return value_->is_number_integer() ||
               (value_->is_number_float() && std::trunc(value_->get<double>()) == value_->get<double>());
      case TypeConstraint::kNull: return value_->is_null();
      case TypeConstraint::kNumber: return value_->is_number();
      case TypeConstraint::kObject: return value_->is_object();
      case TypeConstraint::kString: return value_->is_string();
    }
    return false;
  }
  static std::string_view type_name(TypeConstraint::JsonType type) {
    switch (type) {
      case TypeConstraint::kAny: return "any value";
      case TypeConstraint::kArray: return "a list";
      case TypeConstraint::kBoolean: return "true or false";
      case TypeConstraint::kInteger: return "an integer";
      case TypeConstraint::kNull: return "null";
      case TypeConstraint::kNumber: return "a number";
      case TypeConstraint::kObject: return "an object";
      case TypeConstraint::kString: return "a string";
    }
    return "";
  }

  /// valijson hides the values of its constraint; the list as written that holds the same ones does as well.
  std::string choices_of(const valijson::constraints::EnumConstraint& constraint) const {
    for (const Json* choices : source_.choices) {
      std::size_t i = 0;
      bool same = true;
      constraint.applyToValues([&](const valijson::adapters::FrozenValue& choice) {
        return same = i < choices->size() && choice.equalTo(NlohmannJsonAdapter((*choices)[i++]), true);
      });
      if (same && i == choices->size()) return choice_text(*choices);
    }
    return "one of the allowed values";
  }
  static std::string choice_text(const Json& choices) {
    constexpr std::size_t kShown = 12;
    if (choices.size() == 1) return shown(choices[0]);
    std::string text = "one of ";
    for (std::size_t i = 0; i < choices.size() && i < kShown; ++i) text += (i == 0 ? "" : ", ") + shown(choices[i]);
    return choices.size() > kShown ? text + ", …" : text;
  }
  static std::string shown(const Json& value) {
    constexpr std::size_t kLongest = 80;
    std::string text = to_text(value);
    if (text.size() <= kLongest) return text;
    std::size_t end = kLongest;
    while ((text[end] & 0xC0) == 0x80) --end;
    return text.substr(0, end) + "…";
  }

  const std::string& text() const { return value_->get_ref<const std::string&>(); }
  const Json::object_t& object() const { return value_->get_ref<const Json::object_t&>(); }

  const SchemaSource& source_;
  const Place root_;
  const Json* value_;
  const Place* place_;
  int depth_ = 0;
  TimeLimit limit_{kTimeMax};
  std::vector<Fault> faults_;
};

}  // namespace

std::vector<Fault> check_value(const Subschema& schema, const SchemaSource& source, const Json& value) {
  return Validator(source, value).run(schema);
}

}  // namespace troupe
