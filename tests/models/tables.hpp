#pragma once

// Tables from texts, and the messages of errors.

#include <rappel/models/read_csv.hpp>

#include <boost/test/unit_test.hpp>

#include <string>

namespace rappel::test {

inline Table table_of(const std::string& text, const CsvOptions& options = {}) {
  return parse_csv(text, "t.csv", options);
}

// What `call` throws, which must be an Error; empty, and a failure, if it does not throw.
template <class Error, class Call>
std::string message_of(const Call& call) {
  try {
    call();
  } catch (const Error& error) {
    const std::string message = error.what();
    BOOST_TEST(message.find('\n') == std::string::npos, "one line: " << message);
    return message;
  }
  BOOST_ERROR("nothing was thrown");
  return {};
}

inline bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace rappel::test
