#pragma once

// What a std::invalid_argument says.

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <stdexcept>
#include <string>

namespace rappel::test {

// The action throws std::invalid_argument, and its message holds every part.
template <class Action>
void check_refused(Action action, std::initializer_list<const char*> parts) {
  std::string error = "no error";
  try {
    action();
  } catch (const std::invalid_argument& e) {
    error = e.what();
  }
  for (const char* part : parts)
    BOOST_TEST((error.find(part) != std::string::npos), "'" << part << "' is not in: " << error);
}

}  // namespace rappel::test
