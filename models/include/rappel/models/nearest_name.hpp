#pragma once

// "has no column 'sqrft'; the nearest is 'sqft'": help for names that do not exist.

#include <span>
#include <string>
#include <string_view>

namespace rappel {

// The entry of `names` that takes the fewest edits (insert, remove, replace or exchange neighbours; upper and
// lower case are alike) to become `name`; the first of several. Empty if there are no names.
std::string_view nearest_name(std::string_view name, std::span<const std::string> names);

}  // namespace rappel
