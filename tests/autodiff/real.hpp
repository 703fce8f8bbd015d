#pragma once

#include "exact.hpp"

namespace rappel::test {
using namespace rappel::exact;
}
