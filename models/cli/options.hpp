#pragma once

// Options of a command, read by Boost.Program_options; what is wrong with them is said in rappel's words.

#include "arguments.hpp"

#include <boost/program_options.hpp>

#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>

namespace rappel::cli {

namespace po = boost::program_options;

// The options that were given, by name; flags are there or not.
class Given {
 public:
  Given(const Words& words, const po::options_description& known) {
    const int style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
    try {
      po::store(po::command_line_parser(words).options(known).positional({}).style(style).run(), values_);
    } catch (const po::unknown_option& error) {
      Words names;
      for (const auto& option : known.options()) names.push_back("--" + option->long_name());
      throw std::invalid_argument("unknown option " + in_quotes(error.get_option_name()) +
                                  did_you_mean(error.get_option_name(), names));
    } catch (const po::too_many_positional_options_error&) {
      throw std::invalid_argument("a word too many: each value follows its option, as in --data houses.csv");
    } catch (const po::error& error) {
      throw std::invalid_argument(printable(error.what()));
    }
  }

  bool has(const char* name) const { return values_.count(name) != 0; }
  std::string text(const char* name) const { return has(name) ? values_[name].as<std::string>() : ""; }

  std::string required(const char* name) const {
    if (text(name).empty())
      throw std::invalid_argument(std::string("--") + name + (has(name) ? " is empty" : " is needed"));
    return text(name);
  }

  // `needed` says in words what `valid` asks.
  template <class T, class Valid>
  std::optional<T> number(const char* name, const char* needed, Valid valid) const {
    if (!has(name)) return {};
    const std::string given = text(name);
    T value{};
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (error != std::errc() || end != given.data() + given.size() || !valid(value))
      throw std::invalid_argument(std::string("--") + name + " is " + in_quotes(given) + ", it must be " +
                                  needed);
    return value;
  }

 private:
  po::variables_map values_;
};

template <class... Names>
po::options_description describe(const char* title, const Names&... entries) {
  po::options_description description(title, 100, 60);
  const auto add = [&](const auto& entry) {
    const auto& [name, is_flag, text] = entry;
    if (is_flag)
      description.add_options()(name, text);
    else
      description.add_options()(name, po::value<std::string>()->value_name(""), text);
  };
  (add(entries), ...);
  return description;
}

struct Entry {
  const char* name;
  bool is_flag;
  const char* text;
};

inline constexpr Entry help_entry = {"help", true, "this text"};

}  // namespace rappel::cli
