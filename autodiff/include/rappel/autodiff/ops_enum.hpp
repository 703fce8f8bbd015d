#pragma once

#include <cstdint>

namespace rappel {

// One enumerator for each entry of ops.def, in its order.
enum class Op : std::uint16_t {
#define RAPPEL_UNARY(name, ...) name,
#define RAPPEL_UNARY_AUX(name, ...) name,
#define RAPPEL_BINARY(name, ...) name,
#define RAPPEL_TERNARY(name, ...) name,
#define RAPPEL_DERIVATIVES(name, ...) name,
#define RAPPEL_STRUCTURE(name, ...) name,
#include <rappel/autodiff/ops.def>
};

}  // namespace rappel
