#include "subject.hpp"

#include <map>

namespace rappel::accuracy {
namespace {

struct Entry {
  Bounds bounds;
  Interval domain;
};

constexpr double inf = infinity;

// What ops.def states.
std::map<std::string, Entry> entries() {
  std::map<std::string, Entry> all;
#define RAPPEL_UNARY(name, symbol, value, partial, lowest, highest, value_ulp, partial_ulp, second_ulp) \
  all[#name] = {{value_ulp, partial_ulp, second_ulp}, {lowest, highest}};
#define RAPPEL_UNARY_AUX(name, symbol, aux, value, partial, lowest, highest, value_ulp, partial_ulp, \
                         second_ulp)                                                                 \
  all[#name] = {{value_ulp, partial_ulp, second_ulp}, {lowest, highest}};
#define RAPPEL_BINARY(name, symbol, value, px, py, ax, ay, value_ulp, partial_ulp, second_ulp) \
  all[#name] = {{value_ulp, partial_ulp, second_ulp}, {-inf, inf}};
#define RAPPEL_TERNARY(name, symbol, value, px, py, pz, value_ulp, partial_ulp, second_ulp) \
  all[#name] = {{value_ulp, partial_ulp, second_ulp}, {-inf, inf}};
#include <rappel/autodiff/ops.def>
  return all;
}

std::vector<Subject> all_subjects() {
  std::vector<Subject> all;
  for (auto family : {arithmetic_subjects(), exponential_subjects(), trigonometric_subjects(),
                      statistical_subjects(), special_subjects(), subjects_of_two(), subjects_of_many()})
    all.insert(all.end(), family.begin(), family.end());
  const auto stated = entries();
  for (Subject& subject : all)
    if (const auto entry = stated.find(subject.name); entry != stated.end()) {
      subject.bounds = entry->second.bounds;
      subject.domain = {std::max(subject.domain.lowest, entry->second.domain.lowest),
                        std::min(subject.domain.highest, entry->second.domain.highest)};
    }
  return all;
}

}  // namespace

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> all = all_subjects();
  return all;
}

}  // namespace rappel::accuracy
